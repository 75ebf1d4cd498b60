"""The copy is exact: after cuts, restarts, deletions, restores, and under many writers."""

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connections
from django.utils import timezone

from chatops.actions import tokens
from chatops.client import ChatOps, Follower, Problem
from chatops.client.copy import MOVES_BY_ITSELF
from chatops.mirror import feed, ingest
from chatops.mirror.models import Change, ChatMessage, ChatSession
from tests.client.conftest import office_of, write_messages, write_session
from tests.client.cutting import CuttingProxy
from tests.conftest import MakePerson
from tests.processes import apart

Check = Callable[[Follower], None]


@pytest.fixture
def check(office: ChatOps) -> Check:
    """Asserts that a copy is what the API answers: every session, every message."""

    def equal(copy: Follower) -> None:
        theirs = {one["id"]: still(one) for one in office.sessions(gone="false", page_size=500)}
        ours = {one["id"]: one for one in copy.sessions()}
        assert ours.keys() == theirs.keys()
        for one, session in theirs.items():
            assert ours[one] == session
            assert copy.messages(one) == list(office.messages(one))

    return equal


def still(session: dict[str, Any]) -> dict[str, Any]:
    """A session without what moves by itself."""
    return {name: value for name, value in session.items() if name not in MOVES_BY_ITSELF}


@pytest.fixture
def copy(office: ChatOps, tmp_path: Path) -> Iterator[Follower]:
    made = Follower(office, tmp_path / "copy.sqlite3")
    yield made
    made.close()


def read_all(copy: Follower) -> None:
    while copy.catch_up():
        pass


def test_a_new_copy_is_a_snapshot_and_then_follows(copy: Follower, check: Check) -> None:
    for one in range(1, 8):
        write_session(one)
        write_messages(one, {one * 10 + n: f"line {n}" for n in range(3)})
    assert not copy.is_complete()
    read_all(copy)
    assert copy.is_complete()
    check(copy)
    write_session(3, Status="Finished", Rating=5)
    write_session(9)
    write_messages(4, {99: "one more"})
    read_all(copy)
    check(copy)
    assert [one["message"] for one in copy.messages(4)][-1] == "one more"


def test_what_is_gone_leaves_the_copy_and_may_come_back(copy: Follower, check: Check) -> None:
    for one in (1, 2):
        write_session(one)
        write_messages(one, {one * 10: "first", one * 10 + 1: "second"})
    read_all(copy)
    ingest.mark_gone([1], reading=ingest.next_reading())
    for _ in range(2):  # missing twice is gone
        write_messages(2, {20: "first"}, complete=True)
    read_all(copy)
    assert [one["id"] for one in copy.sessions()] == [2]
    assert copy.messages(1) == []
    assert [one["id"] for one in copy.messages(2)] == [20]
    check(copy)
    write_session(1)
    read_all(copy)
    assert [one["message"] for one in copy.messages(1)] == ["first", "second"]
    check(copy)


def test_a_copy_goes_on_from_its_file(office: ChatOps, tmp_path: Path, check: Check) -> None:
    file = tmp_path / "copy.sqlite3"
    write_session(1)
    first = Follower(office, file)
    read_all(first)
    first.close()
    write_session(2)
    second = Follower(office, file)
    assert second.catch_up() == 1  # one change, no snapshot
    check(second)
    second.close()


def test_a_snapshot_that_was_cut_goes_on_where_it_was(
    network: CuttingProxy, token: str, tmp_path: Path, check: Check
) -> None:
    for one in range(1, 161):
        write_session(one)
    through, file = office_of(network.url, token, tries=1), tmp_path / "copy.sqlite3"
    first = Follower(through, file)
    watcher = threading.Thread(target=cut_once_begun, args=(file, network))
    watcher.start()
    with pytest.raises(requests.RequestException):
        first.catch_up()
    watcher.join()
    assert [one["id"] for one in first.sessions()] == list(range(1, 101))
    assert not first.is_complete()
    first.close()
    second = Follower(through, file)
    assert second.catch_up() == 60
    assert second.is_complete()
    read_all(second)
    check(second)
    second.close()
    through.close()


def cut_once_begun(file: Path, network: CuttingProxy) -> None:
    """Cut the next answer as soon as the copy has its first page."""
    with closing(sqlite3.connect(file)) as copy:
        while not copy.execute("SELECT 1 FROM session LIMIT 1").fetchone():
            time.sleep(0.005)
    network.swallow = 1


def test_a_place_that_is_no_longer_kept_starts_anew(copy: Follower, check: Check) -> None:
    for one in (1, 2):
        write_session(one)
    read_all(copy)
    write_session(3)
    ingest.mark_gone([1], reading=ingest.next_reading())
    Change.objects.update(at=timezone.now() - timedelta(days=30))
    feed.prune(older_than=timedelta(days=1))
    read_all(copy)
    assert [one["id"] for one in copy.sessions()] == [2, 3]
    check(copy)


def test_after_a_restore_the_copy_is_of_the_restored(copy: Follower, check: Check) -> None:
    for one in (1, 2, 3):
        write_session(one)
        write_messages(one, {one: "said"})
    read_all(copy)
    # A backup of before session 3 is put back: no change tells of it, only the epoch.
    ChatSession.objects.filter(pk=3).delete()
    ChatMessage.objects.filter(pk=3).delete()
    feed.start_anew()
    read_all(copy)
    assert [one["id"] for one in copy.sessions()] == [1, 2]
    assert copy.messages(3) == []
    check(copy)


def test_a_revoked_token_is_not_waited_for(copy: Follower, token: str) -> None:
    found = tokens.find(token)
    assert found
    tokens.revoke(found)
    with pytest.raises(Problem) as caught:
        copy.follow(seconds=30)
    assert caught.value.status == 401


def test_a_limited_token_copies_its_topics_only(
    served: str, person: MakePerson, tmp_path: Path
) -> None:
    owner = person("somebody", "auditor", link=False).user
    _, plain = tokens.issue(
        owner=owner, label="one topic", scopes=("read", "transcripts", "feed"), topics=[8]
    )
    limited = office_of(served, plain)
    copy = Follower(limited, tmp_path / "limited.sqlite3")
    write_session(1, TopicId=7)
    write_session(2, TopicId=8)
    read_all(copy)
    for one in range(3, 20):
        write_session(one, TopicId=7 + one % 2)
    read_all(copy)
    assert {one["topic_id"] for one in copy.sessions()} == {8}
    assert len(list(copy.sessions())) == 1 + len([one for one in range(3, 20) if one % 2])
    copy.close()
    limited.close()


SESSIONS = 40


class Writers:
    """Threads that change the mirror as fast as it lets them, each at its own dice."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._stop = threading.Event()
        self.written = 0
        self.broken: list[Exception] = []

    def __enter__(self) -> "Writers":
        self._threads = [apart(self._write, number) for number in range(self._count)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for one in self._threads:
            one.join()

    def _write(self, seed: int) -> None:
        dice = random.Random(seed)
        try:
            while not self._stop.is_set():
                self._change(dice, dice.randrange(1, SESSIONS + 1))
                self.written += 1
                time.sleep(dice.uniform(0.02, 0.2))
        except Exception as error:  # told by the test, which a thread cannot fail
            self.broken.append(error)

    @staticmethod
    def _change(dice: random.Random, one: int) -> None:
        what = dice.random()
        if what < 0.5:
            write_session(one, Rating=dice.randrange(6), CustomerName=f"Name {dice.random()}")
        elif what < 0.9:
            number = one * 1000 + dice.randrange(12)
            write_messages(one, {number: f"line {dice.random()}"})
        elif what < 0.95:
            ingest.mark_gone([one], reading=ingest.next_reading())
        else:
            write_messages(one, {one * 1000: "the only one"}, complete=True)


#: 20 writers and 1,000 cuts take minutes: `WRITERS=20 CUTS=1000 make test ARGS="-k under_writers"`.
WRITERS, CUTS = int(os.environ.get("WRITERS", "4")), int(os.environ.get("CUTS", "60"))


class Steady(threading.Thread):
    """A second reader, whose connection holds: it follows on a thread of its own."""

    def __init__(self, url: str, token: str, file: Path) -> None:
        super().__init__(name="steady")
        self._url, self._token, self._file = url, token, file
        self._over = threading.Event()

    def run(self) -> None:
        office = office_of(self._url, self._token)
        copy = Follower(office, self._file)
        while not self._over.is_set():
            copy.follow(seconds=0.5, every=0.05)
        copy.close()
        office.close()

    def end(self) -> None:
        """After the round that is under way."""
        self._over.set()
        self.join()


@contextmanager
def foreign_transaction() -> Iterator[None]:
    """Somebody else has written in this database, and does not commit."""
    other = connections.create_connection("default")
    with closing(other), other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("CREATE TEMP TABLE of_somebody AS SELECT count(*) FROM mirror_change")
        yield
        cursor.execute("ROLLBACK")


def test_three_copies_are_exact_under_writers_and_cuts(
    network: CuttingProxy, served: str, token: str, tmp_path: Path, check: Check
) -> None:
    """One is cut again and again, and ended and started now and then; one pauses from the start to
    the end; one just follows. Somebody else's transaction stays open over all of it.
    """
    dice = random.Random(7)
    for one in range(1, SESSIONS + 1):
        write_session(one)
    files = [tmp_path / f"{name}.sqlite3" for name in ("cut", "paused", "steady")]
    straight = office_of(served, token)
    with closing(Follower(straight, files[1])) as paused:
        read_all(paused)
    network.mean = 1500
    steady = Steady(served, token, files[2])
    with foreign_transaction():
        with Writers(WRITERS) as writing:
            steady.start()
            while network.cuts < CUTS and not writing.broken:
                through = office_of(network.url, token, tries=3)
                copy = Follower(through, files[0])
                copy.follow(seconds=dice.uniform(0.2, 1.5), every=0.01)
                copy.close()
                through.close()
        steady.end()
        assert not writing.broken
        for file in files:
            with closing(Follower(straight, file)) as copy:
                read_all(copy)
                check(copy)
    straight.close()
    assert network.cuts >= CUTS
    assert writing.written > CUTS / 4
