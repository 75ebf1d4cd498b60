"""What a page costs as the mirror grows: the first, a deep one, and the plain view's first.

In processor time where the database is part of the process: sizes are measured one after the
other, and other work on the machine must not look like growth.
"""

import statistics
import time
from collections.abc import Callable

from django.db import connection
from django.test import override_settings

from bench import filling
from bench.calling import Caller
from bench.measures.reading import ROWS, deep
from bench.timing import Result

COUNTS = {
    "small": (1_000, 10_000),
    "10k": (1_000, 10_000),
    "100k": (1_000, 10_000, 100_000),
    "1m": (10_000, 100_000, 1_000_000),
}
SEED = 1_000
TURNS = 60


def _milliseconds(read: Callable[[], None]) -> float:
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    read()
    taken = []
    for _ in range(TURNS):
        start = clock()
        read()
        taken.append(clock() - start)
    return statistics.median(taken) * 1000


@override_settings(ROOT_URLCONF="bench.plain")
def measure(size: str, repeats: int) -> list[Result]:
    """Milliseconds at each size beside those at the smallest."""
    caller = Caller()
    first: dict[str, float] = {}
    results = []
    for count in COUNTS[size]:
        filling.fill_to(count, seed=SEED)
        pages = {
            "first page": f"/api/v1/sessions/?page_size={ROWS}",
            "deep page": deep(count),
            "plain view": "/plain/",
        }
        for name, address in pages.items():
            now = _milliseconds(caller.reads(address))
            before = first.setdefault(name, now)
            ratio = round(before / now, 3)
            results.append(
                Result(
                    name=f"{name}, {count:,} sessions",
                    against=f"the same at {COUNTS[size][0]:,}",
                    unit="ms",
                    ours=round(now, 3),
                    theirs=round(before, 3),
                    ratio=ratio,
                    spread=(ratio, ratio),
                    reach=None if name == "plain view" else 1 / 1.2,
                    more={"line": name, "sessions": count},
                )
            )
    return results
