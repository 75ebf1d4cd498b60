"""The console's pages as people see them: each whole page, against its limit.

In processor time where the database is part of the process, as `growth` is and for its reason.
"""

import statistics
import time

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import filling
from bench.data import WORDS
from bench.measures.limits import at_most
from bench.measures.reading import SESSIONS
from bench.timing import Result

#: Milliseconds, by what the page is of.
LIST, PAGE = 150, 300
YEAR = "since=2024-01-01&until=2024-12-31"
PAGES: dict[str, tuple[str, int]] = {
    "console list": ("sessions/", LIST),
    "console list, open": ("sessions/?show=open", LIST),
    "console list, one topic": ("sessions/?topic=7", LIST),
    "console list, one agent": ("sessions/?agent=7", LIST),
    "console list, deep page": ("sessions/?older={middle}", PAGE),
    "console list, all in a year": (f"sessions/?{YEAR}", PAGE),
    "console list, ended in a year": (f"sessions/?{YEAR}&show=ended", PAGE),
    "console queue": ("", PAGE),
    "console search, common word": (f"sessions/?search=%22{WORDS[0]}%22", PAGE),
    "console search, common word as typed": (f"sessions/?search={WORDS[0]}", PAGE),
    "console search, rare word": (f"sessions/?search={WORDS[15_000]}", PAGE),
    "console numbers, all in a year": (f"numbers/?{YEAR}", PAGE),
    "console numbers, 30 days": ("numbers/?since=2024-01-10&until=2024-02-08", PAGE),
}
TURNS = 9


def measure(size: str, repeats: int) -> list[Result]:
    """Milliseconds on the server for each page, signed in as somebody who sees every session."""
    count = SESSIONS[size]
    filling.fill_to(count, indexed=True)
    who, _ = User.objects.get_or_create(username="boss", is_superuser=True, is_staff=True)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(who)
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    results = []
    for name, (path, limit) in PAGES.items():
        url = f"/admin/{path.format(middle=count // 2)}"
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        taken = []
        for _ in range(repeats * TURNS):
            start = clock()
            answer = client.get(url)
            taken.append(clock() - start)
            if answer.status_code != 200:
                raise RuntimeError(f"{name}: {answer.status_code}")
        milliseconds = statistics.median(taken) * 1000
        more = {"sessions": count, "queries": len(asked)}
        results.append(at_most(name, milliseconds, limit, "ms", **more))
    return results
