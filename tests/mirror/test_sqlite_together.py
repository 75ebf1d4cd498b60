"""SQLite with all at once: writers, an export and somebody who reads for long. Nobody is told that
the database is locked, and nobody waits for long.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections

from chatops.actions.callers import Caller, caller_of
from chatops.mirror import ingest
from chatops.mirror.ingest import Answer
from chatops.mirror.models import Change, ChatSession
from chatops.reports import export
from chatops.sync import inbox
from tests.conftest import MakePerson
from tests.mirror.carriers import body, message, session

pytestmark = [
    pytest.mark.sqlite,
    pytest.mark.django_db(transaction=True),
]

WRITERS = 8
SECONDS = 4.0
#: The longest that anybody may wait for the others (promise 22).
PATIENCE = 5.0


def _timed(work: Callable[[int], object]) -> tuple[int, float]:
    """Do it again and again; how often, and the longest it took."""
    count, longest, end = 0, 0.0, time.monotonic() + SECONDS
    while (began := time.monotonic()) < end:
        work(count)
        count += 1
        longest = max(longest, time.monotonic() - began)
    return count, longest


def _write(seed: int) -> tuple[int, float]:
    """What a worker and the door for hints write."""

    def work(count: int) -> None:
        one = seed * 10_000 + count % 50 + 1
        reading = ingest.next_reading()
        ingest.store_sessions([Answer(one, body(session(one, Rating=count % 6)))], reading=reading)
        said = [message(one * 10 + count % 10, f"line {count}", one)]
        ingest.store_messages([Answer(one, body(said))], reading=reading, complete=False)
        inbox.store(f"{seed} {count}".encode())

    return _timed(work)


def _exports(lead: Caller) -> tuple[int, float]:
    """Somebody who exports everything that they may, again and again."""
    every = ChatSession.objects.all()
    return _timed(lambda _: list(export.export(lead, every, "csv", told={})))


def _reads_for_long() -> tuple[int, float]:
    """Somebody's report: one transaction over the whole time."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        question = "SELECT count(*) FROM mirror_chatsession"
        found = _timed(lambda _: cursor.execute(question).fetchone())
        cursor.execute("COMMIT")
    return found


def _at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of them returned, or the exception it ended with."""

    def run(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Exception as error:  # the test looks at what came back
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_writers_an_export_and_a_long_reader_never_find_it_locked(person: MakePerson) -> None:
    lead = caller_of(person("kari", "lead", link=False).user, source="console", request_id="")
    for number in range(1, 300):
        one = Answer(number, body(session(number)))
        ingest.store_sessions([one], reading=ingest.next_reading())
    writers = [partial(_write, seed) for seed in range(1, WRITERS + 1)]
    found = _at_once([*writers, partial(_exports, lead), _reads_for_long])
    assert [one for one in found if isinstance(one, Exception)] == []
    assert all(count for count, _ in found)
    assert max(longest for _, longest in found[:WRITERS]) < PATIENCE
    numbers = list(Change.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
