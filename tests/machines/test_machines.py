"""Many machines on one PostgreSQL: some are killed with -9, and nothing is lost.

PostgreSQL, Redis, two web processes, three workers and the stand-in SuperOffice really run, each as
processes of their own.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.chaos import stage
from tests.machines.site import CELERY, LEASE, WORKER, Installation
from tests.ops.place import eventually
from tests.sync.chaos.life import Life

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

#: Beside the lease: the longest between two wake-ups, and a machine that has other things to do.
SECONDS = 8.0


@contextmanager
def installed(folder: Path, *, celery: bool) -> Iterator[tuple[Installation, stage.Office]]:
    with stage.database(folder) as database, stage.office(folder) as office:
        made = Installation.make(folder, database, office.url, celery=celery)
        try:
            yield made, office
        finally:
            made.place.end()


def on_celery(folder: Path) -> list[list[str]]:
    """Two of Celery's workers and one of ours, and beat twice, by mistake."""
    beats = [[*CELERY, "beat", "-s", str(folder / name)] for name in ("one", "two")]
    return [[*CELERY, "worker", "-c", "2"], [*CELERY, "worker", "-c", "2"], WORKER, *beats]


@pytest.mark.parametrize(
    "celery", [pytest.param(True, marks=pytest.mark.celery), False], ids=["celery", "worker"]
)
def test_machines_are_killed_and_nothing_is_lost(tmp_path: Path, celery: bool) -> None:
    with installed(tmp_path, celery=celery) as (site, office):
        site.start_webs()
        commands = on_celery(tmp_path) if celery else [WORKER] * 3
        site.start_workers(commands)
        office.control("PUT", "options", webhook_lost=0.2, webhook_doubled=0.1)
        life = Life(office, Random(3), deletions=0)
        mine = office.control("POST", "chat", user="mia", messages=["Hello"])["id"]
        eventually(lambda: site.stock()["sessions"], every=0.5)
        eventually(lambda: site.done_at("open"), every=0.5)

        keys: list[str] = []

        def meanwhile(progress: float) -> None:
            if len(keys) < 20 * progress:
                keys.append(site.send(mine, f"Answer {len(keys)}"))
            if progress > 0.5 and len(site.webs) == 2:
                site.lose_web(1)

        life.go_on(150, seconds=8, meanwhile=meanwhile)
        taken_up = [work_is_taken_up(site, office, job) for job in ("open", "sweep")]
        site.start_workers([WORKER])
        life.go_on(50, seconds=2, meanwhile=lambda _: None)

        eventually(lambda: is_equal(site), every=0.5)
        stock = site.stock()
        assert stock["sessions"] == len(life.open) + len(life.ended) + 1
        assert stock["numbers"] == list(range(1, len(stock["numbers"]) + 1))
        assert [stock["actions"].get(key) for key in keys] == ["done"] * len(keys)
        said = [one["payload"]["text"] for one in sent(office, mine)]
        assert sorted(said) == sorted(f"Answer {number}" for number in range(len(keys)))
        assert max(taken_up) < LEASE + SECONDS
        sys.stdout.write(f"work taken up after {taken_up}\n")


def work_is_taken_up(site: Installation, office: stage.Office, job: str) -> float:
    """Kill whoever is at the job; seconds until another worker has done it."""
    office.control("PUT", "faults", rules=[{"kind": "stall", "method": "GET", "seconds": 1.2}])
    site.lose(eventually(lambda: site.at_work_on(job)))
    killed_at = time.time()
    office.control("PUT", "faults", rules=[])
    eventually(lambda: site.done_at(job) > killed_at)
    return time.time() - killed_at


def is_equal(site: Installation) -> bool:
    """Nothing differs, and the installation itself has proved it."""
    stock = site.stock()
    return bool(stock["differed"] == 0 and stock["proved"])


def sent(office: stage.Office, session_id: int) -> list[dict[str, Any]]:
    """What Mia said at SuperOffice."""
    return [
        one
        for one in office.effects()
        if one["verb"] == "message" and one["session"] == session_id and one["user"] == "mia"
    ]
