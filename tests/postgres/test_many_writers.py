"""PostgreSQL with many writers: no deadlock, no hole, nobody stalled by others' transactions."""

import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, connections, transaction

from chatops.mirror import doubt, feed, forgetting, ingest
from chatops.mirror.ingest import Answer
from chatops.mirror.models import ChatMessage, ChatSession, Forgotten, SessionReading
from tests.mirror.carriers import associate, body, message, session
from tests.ops.place import eventually
from tests.processes import apart

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="runs on PostgreSQL"),
    pytest.mark.django_db(transaction=True),
]

WRITERS, EACH = 20, 5


@pytest.fixture(autouse=True)
def closed_afterwards() -> Iterator[None]:
    yield
    connections.close_all()


def together(works: list[Callable[[], None]]) -> list[BaseException]:
    """Runs them at once; what went wrong in any of them."""
    wrong: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            wrong.append(error)

    threads = [apart(run, work) for work in works]
    for one in threads:
        one.join(timeout=60)
    return wrong


def test_the_same_sessions_in_any_order_at_once_never_lock_each_other_out() -> None:
    """Twenty syncers by mistake, half of them with news, over the same forty sessions."""
    ids = list(range(1, 41))

    def syncer(number: int) -> Callable[[], None]:
        dice = random.Random(number)

        def work() -> None:
            for turn in range(3):
                order = dice.sample(ids, len(ids))
                rating = turn if number % 2 else 0
                carriers = [
                    session(one, Rating=rating, User=associate(one % 7 + 1)) for one in order
                ]
                ingest.store_sessions(
                    [Answer(one["ChatSessionId"], body(one)) for one in carriers],
                    reading=ingest.next_reading(),
                )

        return work

    assert together([syncer(number) for number in range(WRITERS)]) == []
    assert ChatSession.objects.count() == len(ids)
    newest = set(SessionReading.objects.values_list("reading", flat=True))
    assert len(newest) == 1


def test_who_doubts_sessions_locks_them_in_the_order_of_their_ids() -> None:
    """Their notes lie in another order, so that an UPDATE alone would come by the highest first."""
    for one in (3, 2, 1):
        answer = Answer(one, body(session(one)))
        ingest.store_sessions([answer], reading=ingest.next_reading())
    held, done = threading.Event(), threading.Event()

    def elsewhere() -> None:
        with transaction.atomic():
            SessionReading.objects.select_for_update().get(pk=1)
            held.set()
            done.wait(30)

    def doubting() -> None:
        held.wait(30)
        doubt.forget([1, 2, 3], reading=ingest.next_reading())

    def looking() -> None:
        held.wait(30)
        try:
            eventually(waiting_for_a_lock)
            with transaction.atomic():
                list(SessionReading.objects.select_for_update(nowait=True).filter(pk__in=(2, 3)))
        finally:
            done.set()

    wrong = together([elsewhere, doubting, looking])
    assert wrong == []
    assert not SessionReading.objects.exclude(content=doubt.DOUBTED).exists()


def waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_numbers_have_no_hole_while_a_foreign_transaction_stays_open() -> None:
    before = feed.position().last
    done = threading.Event()
    seen: list[int] = []

    def foreign() -> None:
        """Somebody's report: it has written, and does not commit for long."""
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("CREATE TEMP TABLE report AS SELECT count(*) FROM mirror_change")
            done.wait(30)
            cursor.execute("ROLLBACK")

    def writer(number: int) -> Callable[[], None]:
        def work() -> None:
            for one in range(EACH):
                answer = Answer(number * 100 + one + 1, body(session(number * 100 + one + 1)))
                ingest.store_sessions([answer], reading=ingest.next_reading())

        return work

    def reader() -> None:
        at, end = before, time.monotonic() + 40
        while len(seen) < WRITERS * EACH and time.monotonic() < end:
            for change in feed.after(at):
                seen.append(change.number)
                at = change.number
        done.set()

    works = [foreign, reader, *(writer(number) for number in range(1, WRITERS))]
    wrong = together([*works, writer(WRITERS)])
    assert wrong == []
    assert seen == list(range(before + 1, before + WRITERS * EACH + 1))


def test_what_is_forgotten_while_twenty_write_it_again_stays_forgotten() -> None:
    ids = list(range(1, 11))
    begun = threading.Event()

    def syncer(number: int) -> Callable[[], None]:
        dice = random.Random(number)

        def work() -> None:
            for turn in range(3):
                order = dice.sample(ids, len(ids))
                reading = ingest.next_reading()
                said = f"secret {number} {turn}"
                carriers = [session(one, LastMessage=said, CustomerName=said) for one in order]
                answers = [Answer(one["ChatSessionId"], body(one)) for one in carriers]
                ingest.store_sessions(answers, reading=reading)
                lines = [
                    Answer(one, body([message(one * 10 + turn, said, one, Author=said)]))
                    for one in order
                ]
                ingest.store_messages(lines, reading=reading, complete=False)
                begun.set()

        return work

    def forget() -> None:
        begun.wait(30)
        forgetting.forget(ids, Forgotten.Level.ALL)

    assert together([forget, *(syncer(number) for number in range(WRITERS))]) == []
    assert ChatSession.objects.count() == len(ids)
    sessions = ChatSession.objects.values_list("raw", "rendered", "masked", "customer_name")
    messages = ChatMessage.objects.values_list("message", "author", "rendered")
    told = ["".join(row) for row in (*sessions, *messages)]
    assert not [row for row in told if "secret" in row]
