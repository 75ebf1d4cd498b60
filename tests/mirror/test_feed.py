"""The change feed: contiguous, in the order of commits, whoever writes; and cursors that end."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from multiprocessing.connection import Connection

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from chatops.mirror import feed
from chatops.mirror.models import Change, ChatSession, Head
from tests.mirror.carriers import read_session, session
from tests.processes import apart

WRITERS = 8
EACH = 15


def tell(object_id: int) -> int:
    with transaction.atomic():
        return feed.append([feed.News(Change.Kind.SESSION, object_id, object_id)])


@pytest.mark.django_db(transaction=True)
def test_news_without_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError):
        feed.append([feed.News(Change.Kind.SESSION, 1)])


@pytest.mark.django_db
def test_a_page_goes_on_where_the_last_one_ended() -> None:
    start = feed.position().last
    for one in range(1, 8):
        tell(one)
    seen: list[int] = []
    while page := feed.after(start + len(seen), limit=3):
        seen += [one.object_id for one in page]
    assert seen == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_hole() -> None:
    first = tell(1)
    with transaction.atomic():
        feed.append([feed.News(Change.Kind.SESSION, 2)])
        transaction.set_rollback(True)
    assert tell(3) == first + 1


@pytest.mark.django_db
def test_a_cursor_before_the_oldest_number_is_gone() -> None:
    for one in range(1, 6):
        tell(one)
    last = feed.position().last
    Change.objects.filter(number__lte=last - 2).update(at=timezone.now() - timedelta(days=30))
    assert feed.prune(older_than=timedelta(days=14)) >= 3
    with pytest.raises(feed.CursorGone):
        feed.after(last - 3)
    assert [one.number for one in feed.after(last - 2)] == [last - 1, last]
    assert feed.after(last) == []


@pytest.mark.django_db
def test_pruning_everything_leaves_the_last_number_usable() -> None:
    last = tell(1)
    Change.objects.update(at=timezone.now() - timedelta(days=30))
    feed.prune(older_than=timedelta(days=14))
    assert feed.after(last) == []
    assert tell(2) == last + 1
    assert [one.object_id for one in feed.after(last)] == [2]


@pytest.mark.django_db
def test_what_a_clock_that_was_ahead_has_written_is_pruned_with_what_came_after_it() -> None:
    for one in range(1, 6):
        tell(one)
    last, now = feed.position().last, timezone.now()
    Change.objects.filter(number__lt=last).update(at=now - timedelta(days=30))
    Change.objects.filter(number=last - 3).update(at=now + timedelta(days=3000))
    feed.prune(older_than=timedelta(days=14))
    assert [one.number for one in feed.after(last - 1)] == [last]
    with pytest.raises(feed.CursorGone):
        feed.after(last - 2)


@pytest.mark.django_db
def test_pruned_between_the_two_looks_is_gone_and_never_a_hole() -> None:
    """What a reader finds when rows are dropped after it has seen where the feed stands."""
    for one in range(1, 6):
        tell(one)
    last = feed.position().last
    Change.objects.filter(number__lte=last - 2).delete()  # `first` does not tell it yet
    with pytest.raises(feed.CursorGone):
        feed.after(last - 4)


@pytest.mark.django_db
def test_a_number_never_given_out_and_another_epoch_are_gone() -> None:
    last = tell(1)
    with pytest.raises(feed.CursorGone):
        feed.after(last + 1)
    epoch = feed.position().epoch
    assert feed.after(last, epoch=epoch) == []
    feed.start_anew()
    with pytest.raises(feed.CursorGone):
        feed.after(last, epoch=epoch)


class Reader:
    """Follows the feed while others write, and notes what it saw."""

    def __init__(self, after: int, until: int) -> None:
        self.at, self.until = after, until
        self.numbers: list[int] = []
        self.objects: list[int] = []
        self.unseen: list[int] = []

    def follow(self) -> None:
        end = time.monotonic() + 30
        while self.at < self.until and time.monotonic() < end:
            for change in feed.after(self.at):
                self.numbers.append(change.number)
                self.objects.append(change.object_id)
                self.at = change.number
                # What is told is there to be read.
                if not ChatSession.objects.filter(pk=change.object_id).exists():
                    self.unseen.append(change.number)


def _write(writer: int) -> None:
    for one in range(EACH):
        read_session(session(writer * 1000 + one + 1))


def _in_threads(writers: int) -> list[threading.Thread]:
    return [apart(_write, one) for one in range(writers)]


def _child(writer: int, go: Connection) -> None:
    go.recv()
    _write(writer)
    connections.close_all()


def _let_go() -> None:
    """Close this thread's connection, and on PostgreSQL the pool with its threads."""
    connections.close_all()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]  # the stubs do not know it


def _in_processes(writers: int) -> list[multiprocessing.process.BaseProcess]:
    context = multiprocessing.get_context("fork")
    _let_go()  # no child goes on with our connections
    started, gates = [], []
    for one in range(writers):
        ours, theirs = context.Pipe()
        child = context.Process(target=_child, args=(one, theirs), daemon=True)
        child.start()
        started.append(child)
        gates.append(ours)
    for gate in gates:
        gate.send("go")
    return list(started)


@pytest.fixture
def closed_afterwards() -> Iterator[None]:
    yield
    connections.close_all()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("closed_afterwards")
@pytest.mark.parametrize("start", [_in_threads, _in_processes])
def test_eight_writers_leave_no_hole_and_readers_never_see_one(
    start: Callable[[int], list[threading.Thread]],
) -> None:
    before = Head.objects.get().last
    total = WRITERS * EACH
    writers = start(WRITERS)
    readers = [Reader(before, before + total) for _ in range(2)]
    following = [apart(reader.follow) for reader in readers]
    for one in [*writers, *following]:
        one.join(timeout=60)
    for reader in readers:
        assert reader.numbers == list(range(before + 1, before + total + 1))
        assert sorted(reader.objects) == sorted(
            writer * 1000 + one + 1 for writer in range(WRITERS) for one in range(EACH)
        )
        assert reader.unseen == []


@pytest.mark.django_db(transaction=True)
def test_a_long_transaction_of_others_holds_nobody_up() -> None:
    """Somebody reads for minutes, as an export does; writers and readers go on."""
    read_session(session(1))
    opened, done = threading.Event(), threading.Event()

    def read_for_long() -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            else:
                cursor.execute("BEGIN DEFERRED")
            cursor.execute("SELECT count(*) FROM mirror_chatsession")
            opened.set()
            done.wait(20)
            cursor.execute("COMMIT")

    other = apart(read_for_long)
    assert opened.wait(10)
    before, started = feed.position().last, time.monotonic()
    for one in range(2, 7):
        read_session(session(one))
    assert [change.object_id for change in feed.after(before)] == [2, 3, 4, 5, 6]
    assert time.monotonic() - started < 3
    done.set()
    other.join(timeout=10)
