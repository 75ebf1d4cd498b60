"""The loop: every task in its time; one that fails harms no other, several workers harm nobody."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.superoffice.client import Client
from chatops.superoffice.errors import Throttled
from chatops.sync import health, jobs, leases
from chatops.sync.jobs import Job
from chatops.sync.models import Alarm, Cursor, SyncRun
from chatops.sync.worker import Worker
from tests.processes import apart
from tests.sync.conftest import Differences, client_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@contextmanager
def running(*workers: Worker) -> Iterator[None]:
    """The workers loop on threads until the block ends."""
    stop = threading.Event()
    threads = [threading.Thread(target=one.run_forever, args=(stop,)) for one in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)


def until(true: Callable[[], object], *, seconds: float = 60.0) -> None:
    """Wait for it, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """Rounds in quick succession."""
    settings.SYNC_NEW_SECONDS = settings.SYNC_OPEN_SECONDS = 0.2
    settings.SYNC_TRANSFERS_SECONDS = settings.SYNC_ENDED_SECONDS = 0.3
    settings.SYNC_SWEEP_SECONDS = 1.0
    settings.SYNC_LEASE_SECONDS = 1.0
    return settings


@time_machine.travel(NOON, tick=False)
def test_the_interval_is_not_longer_for_what_a_round_takes() -> None:
    began = timezone.now() - timedelta(seconds=4)
    assert leases.claim("open", holder="me", every=10)
    leases.succeeded("open", holder="me", every=10, began=began)
    assert Cursor.objects.get(name="open").due_at == began + timedelta(seconds=10)


@time_machine.travel(NOON, tick=False)
def test_a_round_that_takes_longer_than_its_interval_is_followed_by_a_pause() -> None:
    assert leases.claim("open", holder="me", every=10)
    leases.succeeded("open", holder="me", every=10, began=timezone.now() - timedelta(seconds=60))
    assert Cursor.objects.get(name="open").due_at == timezone.now() + timedelta(seconds=2.5)


def test_one_round_of_everything_fills_the_mirror_and_proves_it(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    superoffice.chat(messages=["Hello"])
    superoffice.chat().end()
    done = Worker(lambda: client).run_once()
    assert set(done.values()) == {True}
    assert {"people", "new", "open", "transfers", "sweep", "inbox"} <= done.keys()
    assert differences() == []
    assert SyncRun.objects.get(kind="reconcile").ok
    assert health.freshness().is_stale is False


@pytest.mark.django_db(transaction=True)
def test_it_follows_what_happens_without_any_hint(
    superoffice: StandIn, client: Client, quick: Settings, differences: Differences
) -> None:
    chat = superoffice.chat(user="mia")
    with running(Worker(lambda: client)):
        until(lambda: ChatSession.objects.filter(pk=chat.id).exists())
        chat.say("Are you there?")
        until(lambda: ChatMessage.objects.filter(message="Are you there?").exists())
        chat.offer("ola", by="mia")
        until(lambda: ChatSession.objects.offered_to(18).exists())
        chat.end(by="mia")
        until(lambda: not ChatSession.objects.open().exists())
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_a_failing_task_is_told_and_stops_no_other(
    superoffice: StandIn, client: Client, quick: Settings
) -> None:
    def broken(_: Client, __: jobs.Stop) -> None:
        raise RuntimeError("a mistake, with a customer's name in it")

    extra = Job("broken", lambda: 0.2, broken)
    with running(Worker(lambda: client, extra=[extra])):
        until(lambda: Cursor.objects.filter(name="broken", failures__gte=1).exists())
        chat = superoffice.chat()
        until(lambda: ChatSession.objects.filter(pk=chat.id).exists())
    row = Cursor.objects.get(name="broken")
    assert row.error == "RuntimeError"
    assert row.ok_at is None
    assert row.due_at is not None
    assert row.due_at > timezone.now() + timedelta(seconds=0.2)


@pytest.mark.django_db(transaction=True)
def test_a_long_task_holds_up_no_other_and_keeps_its_lease(
    superoffice: StandIn, client: Client, quick: Settings
) -> None:
    under_way: list[int] = []
    most: list[int] = []

    def long(_: Client, stop: jobs.Stop) -> None:
        under_way.append(1)
        most.append(len(under_way))
        while not stop():
            time.sleep(0.02)
        under_way.pop()

    extra = Job("long", lambda: 0.1, long)
    workers = [Worker(lambda: client, extra=[extra]) for _ in range(2)]
    with running(*workers):
        until(lambda: under_way)
        chat = superoffice.chat()
        until(lambda: ChatSession.objects.filter(pk=chat.id).exists())
        time.sleep(1.5)  # longer than a lease
        assert len(under_way) == 1
    assert max(most) == 1


def test_a_dead_workers_task_is_taken_over_when_its_lease_ends(
    client: Client, settings: Settings
) -> None:
    settings.SYNC_LEASE_SECONDS = 0.2
    assert leases.claim("sweep", holder="dies", every=60)
    assert not leases.claim("sweep", holder="heir", every=60)
    time.sleep(0.25)
    assert leases.claim("sweep", holder="heir", every=60)
    leases.succeeded("sweep", holder="dies", every=60)  # it was not dead after all
    assert Cursor.objects.get(name="sweep").leased_by == "heir"


def test_of_many_who_want_a_task_one_gets_it(transactional_db: None) -> None:
    got: list[str] = []
    start = threading.Barrier(8)

    def want(name: str) -> None:
        start.wait(5)
        if leases.claim("sweep", holder=name, every=60):
            got.append(name)

    threads = [apart(want, f"w{number}") for number in range(8)]
    for thread in threads:
        thread.join()
    assert len(got) == 1


@pytest.mark.parametrize("jump", [timedelta(days=-2), timedelta(days=2)])
def test_a_clock_that_jumps_stops_no_task(client: Client, jump: timedelta) -> None:
    assert leases.claim("open", holder="me", every=10)
    leases.succeeded("open", holder="me", every=10)
    row = Cursor.objects.get(name="open")
    assert not leases.is_due(row, every=10)
    assert leases.is_due(row, every=10, now=timezone.now() + jump)
    assert leases.claim("open", holder="me", every=10, now_due=True)
    row = Cursor.objects.get(name="open")
    assert leases.is_free(row, now=timezone.now() + jump)


def test_what_superoffice_asks_to_wait_is_waited(client: Client) -> None:
    assert leases.claim("open", holder="me", every=2)
    slow_down = Throttled("Too many.", status=429, retry_after=120)
    leases.failed("open", slow_down, holder="me", every=2)
    due = Cursor.objects.get(name="open").due_at
    assert due is not None
    assert due > timezone.now() + timedelta(seconds=110)


def test_the_mirror_is_stale_with_a_reason_and_an_alarm_while_superoffice_is_down(
    superoffice: StandIn, client: Client, settings: Settings, differences: Differences
) -> None:
    settings.STALE_AFTER_SECONDS, settings.SYNC_OPEN_SECONDS = 30, 2
    superoffice.chat()
    worker = Worker(lambda: client)
    assert health.freshness().reason == "no worker is running"
    worker.run_once()
    superoffice.fault("status", status=503)
    assert worker.run_once()["open"] is False
    assert health.freshness().is_stale is False  # half a minute has not passed
    Cursor.objects.filter(name="open").update(ok_at=timezone.now() - timedelta(minutes=3))
    now = health.freshness()
    assert now.stale_since == now.as_of is not None
    assert now.reason == "SuperOffice answers with errors"
    worker.run_once()
    assert Alarm.objects.filter(name=health.STALE).exists()
    assert health.report()["is_stale"] is True
    assert differences() == []  # clears the faults
    worker.run_once()
    worker.run_once()
    assert health.freshness().is_stale is False
    assert not Alarm.objects.exists()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "SuperOffice does not accept our sign-in any more"),
        (403, "SuperOffice does not allow us to read chats"),
        (404, "SuperOffice answers that it does not know what it should know"),
        (429, "SuperOffice asked us to slow down"),
    ],
)
def test_a_person_is_told_why(
    superoffice: StandIn, client: Client, status: int, reason: str
) -> None:
    superoffice.fault("status", status=status)
    Worker(lambda: client).run_once()
    assert health.freshness().reason == reason
    # Nothing was ever read: that is no reason to be silent about it.
    assert reason in Alarm.objects.get(name=health.STALE).detail


def test_the_report_is_plain_and_complete(superoffice: StandIn, client: Client) -> None:
    superoffice.chat()
    Worker(lambda: client).run_once()
    report = health.report()
    assert report["worker"]["alive"] is True
    assert report["inbox"] == {"waiting": 0, "failed": 0, "dead": 0, "oldest_waiting_at": None}
    assert report["last_compare"]["ok"] is True
    assert report["ranges"]["equal"] is True
    assert len(report["hours"]) == 48
    assert report["hours"][-1]["polls"] >= 1
    assert report["hours"][-1]["compared"] == 1
    assert report["lag_seconds"] < 30
    superoffice.chat()
    Worker(lambda: client).run_once()
    assert health.report()["ranges"]["sessions_not_compared"] == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_by_mistake_do_no_harm(
    superoffice: StandIn, quick: Settings, client: Client, differences: Differences
) -> None:
    clients = [client_of(superoffice) for _ in range(2)]
    workers = [Worker(lambda one=one: one) for one in clients]  # type: ignore[misc]
    with running(*workers):
        for number in range(10):
            chat = superoffice.chat(user="mia", customer=f"Customer {number}")
            chat.say("One")
            time.sleep(0.1)
            if number % 3 == 0:
                chat.end(by="mia")
        until(lambda: ChatSession.objects.count() == 10)
        time.sleep(1.5)
    assert differences() == []
