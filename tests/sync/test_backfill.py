"""Everything once, equal to the letter; again, and nothing changes; killed, and it goes on."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.mirror import feed
from chatops.mirror.models import ChatMessage, ChatSession, ChatTopic
from chatops.superoffice.client import Client
from chatops.superoffice.errors import SuperOfficeError
from chatops.sync import backfill, health
from chatops.sync.models import SyncRun
from tests.sync.conftest import client_of
from tests.sync.equality import differing
from tests.sync.test_worker import until

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("scene", ["odd", "busy"])
def test_the_copy_equals_superoffice_field_by_field(scene: str) -> None:
    with StandIn(scene=scene, seed=3) as office:
        client = client_of(office)
        report = backfill.backfill(client)
        assert report.seen == len(office.office.sessions)
        assert not report.failed
        assert list(differing(client, set(office.office.sessions))) == []


def test_a_thousand_sessions_with_twenty_messages_each_and_then_nothing_new() -> None:
    with StandIn(scene="many", sessions=1000, messages=20) as office:
        client = client_of(office)
        first = backfill.backfill(client)
        assert (first.sessions.created, first.messages.created) == (1000, 20_000)
        assert list(differing(client, set(office.office.sessions))) == []
        told = feed.position().last

        second = backfill.backfill(client)
        assert second.changed_nothing
        assert (second.sessions.unchanged, second.sessions.created) == (1000, 0)
        assert feed.position().last == told


def test_broken_off_in_the_middle_of_a_page_the_totals_are_those_of_one_run(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    settings.SYNC_THREADS = 1
    for number in range(20):
        superoffice.chat(customer=f"Customer {number}", messages=["One", "Two"]).end()
    superoffice.fault("status", path="ChatSession/\\d+$", after_n=4, times=3, status=401)
    for _ in range(3):
        with pytest.raises(SuperOfficeError):
            backfill.backfill(client, page=3)
    report = backfill.backfill(client, page=3)
    assert report.sessions.created == ChatSession.objects.count() == 20
    assert report.messages.created == ChatMessage.objects.count()
    assert (SyncRun.objects.get().ok, SyncRun.objects.get().counts["seen"]) == (True, 20)


KILLED = """
import django; django.setup()
from chatops.superoffice.auth import Basic
from chatops.superoffice.client import Client
from chatops.superoffice.transport import Transport
from chatops.sync import backfill, health
client = Client(Transport({url!r}, Basic("integration", "integration-demo")))
print("started", flush=True)
backfill.backfill(client, page=10)
"""


KILLS = 10


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_ten_times_with_the_power_of_nine_it_goes_on_and_the_totals_are_right() -> None:
    database = connection.settings_dict
    dice = Random(9)
    with StandIn(scene="many", sessions=600, messages=5) as office:
        client = client_of(office)
        office.fault("slow", seconds=0.02)
        for _ in range(KILLS):
            before = _seen()
            killed = subprocess.Popen(
                [sys.executable, "-c", KILLED.format(url=office.url)],
                env={**os.environ, "DATABASE_URL": url_of(database)},
                stdout=subprocess.PIPE,
            )
            assert killed.stdout is not None
            assert killed.stdout.readline() == b"started\n"
            until(lambda before=before: _seen() > before)  # type: ignore[misc]
            time.sleep(dice.uniform(0, 0.1))
            killed.kill()
            killed.communicate()
        office.clear_faults()
        assert KILLS * 10 <= _seen() < 600
        report = backfill.backfill(client, page=10)
        assert (report.seen, report.sessions.created, report.sessions.unchanged) == (600, 600, 0)
        assert report.messages.created == ChatMessage.objects.count() == 3000
        assert list(differing(client, set(office.office.sessions))) == []


def _seen() -> int:
    """How far the run has come."""
    run = SyncRun.objects.first()
    return int(run.counts.get("seen", 0)) if run else 0


def url_of(database: dict[str, Any]) -> str:
    """The test database, as another process is told of it."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    user, host, port = (database[name] for name in ("USER", "HOST", "PORT"))
    return f"postgres://{user}:{database['PASSWORD']}@{host}:{port}/{database['NAME']}"


def test_a_caller_may_stop_it_and_start_it_again(superoffice: StandIn, client: Client) -> None:
    for _ in range(3):
        superoffice.chat()
    with pytest.raises(backfill.Stopped):
        backfill.backfill(client, stop=lambda: True)
    assert SyncRun.objects.get().ended_at is None
    assert backfill.backfill(client).seen == 3
    assert SyncRun.objects.get().ok


def test_asked_to_stop_it_does_not_read_the_page_to_its_end(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    settings.SYNC_THREADS = 1
    for _ in range(30):
        superoffice.chat()
    asked_before = len(superoffice.journal(kind="request"))

    def enough() -> bool:
        return len(superoffice.journal(kind="request")) - asked_before > 40

    with pytest.raises(backfill.Stopped):
        backfill.backfill(client, stop=enough)
    assert not ChatSession.objects.exists()
    assert backfill.backfill(client).sessions.created == 30


def test_a_session_that_cannot_be_read_is_told_and_does_not_hold_up_the_others(
    superoffice: StandIn, client: Client
) -> None:
    chats = [superoffice.chat() for _ in range(5)]
    superoffice.fault("status", path=f"ChatSession/{chats[2].id}$", status=500)
    report = backfill.backfill(client)
    assert report.failed == 1
    assert not report.changed_nothing
    assert set(ChatSession.objects.values_list("pk", flat=True)) == {
        one.id for one in chats if one is not chats[2]
    }
    assert SyncRun.objects.get().ok is False


def test_since_reads_what_was_requested_then_or_later(superoffice: StandIn, client: Client) -> None:
    old = superoffice.chat()
    new = superoffice.chat()
    long_ago = datetime.now(UTC) - timedelta(days=30)
    superoffice.session(old.id).requested = long_ago
    old.end()
    report = backfill.backfill(client, since=datetime.now(UTC) - timedelta(days=7))
    assert report.seen == 1
    assert ChatSession.objects.filter(pk=new.id).exists()


def test_the_progress_counts_every_session_and_its_estimate_ends_at_the_truth(
    superoffice: StandIn, client: Client
) -> None:
    for _ in range(10):
        superoffice.chat()
    told: list[tuple[int, int | None]] = []
    backfill.backfill(client, page=4, progress=lambda done, of: told.append((done, of)))
    assert [done for done, _ in told] == [4, 8, 10]
    assert all(of == 10 for _, of in told)


def test_topics_are_there_with_their_members(superoffice: StandIn, client: Client) -> None:
    superoffice.chat(topic=7)
    backfill.backfill(client)
    assert {7, 8, 9} <= set(ChatTopic.objects.values_list("pk", flat=True))


def test_a_finished_backfill_is_contact(superoffice: StandIn, client: Client) -> None:
    superoffice.chat()
    assert health.freshness().as_of is None
    backfill.backfill(client)
    now = health.freshness()
    assert now.as_of is not None
    assert not now.is_stale
