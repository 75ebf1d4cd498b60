"""Hints: stored once and at once, worked off by reading, retried, re-run, and never believed."""

import json
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from chatops.remote import gate
from chatops.remote.models import Gate
from chatops.superoffice.client import Client
from chatops.sync import inbox
from chatops.sync.inbox import State, Verdict
from chatops.sync.models import WebhookDelivery
from tests.sync.conftest import Differences

pytestmark = pytest.mark.django_db

STATEMENTS_OF_A_HINT = 5


def hint(session_id: int, event: str = "chatsession.changed", **more: Any) -> bytes:
    body = {"EventId": str(uuid4()), "Event": event, "PrimaryKey": session_id, **more}
    return json.dumps(body).encode()


def due_again() -> None:
    """Time passes until everything that waits is due."""
    WebhookDelivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def states() -> list[str]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("state", flat=True))


def test_a_hint_causes_a_read(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat(messages=["Hello"])
    assert inbox.store(hint(chat.id)) is Verdict.STORED
    assert not ChatSession.objects.exists()
    assert inbox.run_due(client) == 1
    assert states() == [State.APPLIED]
    assert differences() == []


@pytest.mark.sqlite
def test_on_sqlite_what_is_due_and_what_failed_are_found_by_their_index() -> None:
    """SQLite takes a partial index only for its own condition, word for word."""
    with CaptureQueriesContext(connection) as captured:
        inbox.take()
        inbox.counts()
    asked = [one["sql"] for one in captured if "sync_webhookdelivery" in one["sql"]]
    assert len(asked) == 4
    with connection.cursor() as cursor:
        for sql in asked:
            plan = cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
            assert "INDEX" in str(plan[0][-1]), plan


def test_what_a_hint_says_is_never_copied(superoffice: StandIn, client: Client) -> None:
    chat = superoffice.chat(customer="Ola Testmann")
    inbox.store(hint(chat.id, FieldValues={"Status": 9, "CustomerAlias": "Mallory"}))
    inbox.run_due(client)
    row = ChatSession.objects.get()
    assert (row.customer_name, row.status) == ("Ola Testmann", "InQueue")
    fields = [str(value) for value in WebhookDelivery.objects.values_list().get()]
    assert not any("Mallory" in value for value in fields)


def test_the_same_event_is_stored_once(superoffice: StandIn, client: Client) -> None:
    chat = superoffice.chat()
    body = hint(chat.id)
    assert [inbox.store(body) for _ in range(3)] == ["stored", "repeated", "repeated"]
    assert WebhookDelivery.objects.get().repeats == 2


def test_hints_of_one_session_share_one_read(superoffice: StandIn, client: Client) -> None:
    chat = superoffice.chat()
    for _ in range(5):
        inbox.store(hint(chat.id))
    before = len(superoffice.journal(kind="request"))
    assert inbox.run_due(client) == 5
    assert len(superoffice.journal(kind="request")) - before == 2  # the session, its messages
    assert states() == [State.APPLIED, *[State.REPEATED] * 4]


def test_what_is_read_first_is_seen_before_the_rest_is_read(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    """Where calls are rationed, reading all that is hinted at may take long."""
    settings.SYNC_THREADS = 2
    chats = [superoffice.chat() for _ in range(9)]
    for chat in chats:
        inbox.store(hint(chat.id))
    seen: list[int] = []

    def look() -> bool:
        seen.append(ChatSession.objects.count())
        return False

    assert inbox.run_due(client, stop=look) == 9
    assert seen == [4, 8, 9]


def test_asked_to_stop_the_inbox_leaves_the_rest_for_the_next(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    settings.SYNC_THREADS = 1
    for _ in range(5):
        inbox.store(hint(superoffice.chat().id))
    assert inbox.run_due(client, stop=lambda: True) == 2
    assert states().count(State.WAITING) == 3


def test_hints_of_one_session_are_taken_together_however_far_apart(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    settings.SYNC_THREADS = 1
    first, *others = [superoffice.chat() for _ in range(4)]
    for chat in (first, *others, first):
        inbox.store(hint(chat.id))
    inbox.run_due(client, stop=lambda: True)
    assert states() == [
        State.APPLIED, State.APPLIED, State.WAITING, State.WAITING, State.REPEATED
    ]  # fmt: skip


def test_hints_in_any_order_end_with_what_superoffice_says(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat()
    bodies = [hint(chat.id, event) for event in ("chatsession.message", "chatsession.created")]
    chat.say("One")
    chat.end(by="mia")
    for body in bodies:
        inbox.store(body)
        inbox.run_due(client)
    assert differences() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[1, 2]",
        b'{"Event": "test", "PrimaryKey": 0}',
        b'{"Event": "chatops.ping", "PrimaryKey": 0}',
        b'{"Event": "contact.changed", "PrimaryKey": 5}',
        b'{"Event": "chatsession.changed", "PrimaryKey": "many"}',
        b'{"Event": "chatsession.changed", "PrimaryKey": -1}',
        b"\xff\xfe\x00",
    ],
)
def test_what_we_do_not_know_is_remembered_and_ignored(body: bytes, client: Client) -> None:
    assert inbox.store(body) is Verdict.IGNORED
    assert states() == [State.IGNORED]
    assert inbox.run_due(client) == 0


@given(body=st.binary(max_size=300), header=st.none() | st.text(max_size=200))
@hypothesis_settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
def test_no_body_and_no_header_breaks_the_door(db: None, body: bytes, header: str | None) -> None:
    assert inbox.store(body, header) in Verdict


def test_while_superoffice_is_down_hints_wait_and_do_not_die(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat()
    inbox.store(hint(chat.id))
    superoffice.fault("status", status=401)
    for _ in range(3):
        due_again()
        inbox.run_due(client)
    row = WebhookDelivery.objects.get()
    assert row.state == State.FAILED
    assert row.detail.startswith("Unauthorized")
    superoffice.clear_faults()
    due_again()
    inbox.run_due(client)
    assert states() == [State.APPLIED]
    assert differences() == []


def test_while_no_call_may_pass_hints_are_not_even_looked_at(
    superoffice: StandIn,
    client: Client,
    settings: Settings,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    inbox.store(hint(superoffice.chat().id))
    gate.state()
    Gate.objects.update(failures=9, open_until=time.time() + settings.BREAKER_SECONDS)
    with django_assert_num_queries(1):  # the gate's standing
        assert inbox.run_due(client) == 0
    Gate.objects.update(open_until=time.time())
    assert inbox.run_due(client) == 1


def test_failures_back_off_and_the_eighth_is_the_last(superoffice: StandIn, client: Client) -> None:
    chat = superoffice.chat()
    inbox.store(hint(chat.id))
    superoffice.fault("status", path=f"ChatSession/{chat.id}$", status=500)
    pauses = []
    for _ in range(8):
        due_again()
        started = timezone.now()
        inbox.run_due(client)
        row = WebhookDelivery.objects.get()
        pauses.append(round((row.due_at - started).total_seconds()))
    assert pauses == [1, 5, 30, 120, 120, 120, 120, 120]
    row = WebhookDelivery.objects.get()
    assert row.state == State.DEAD
    due_again()
    assert inbox.run_due(client) == 0

    superoffice.clear_faults()
    assert inbox.rerun([row.pk]) == 1
    assert inbox.rerun([row.pk]) == 0
    inbox.run_due(client)
    assert states() == [State.APPLIED]


def test_a_hint_about_an_id_that_is_not_visible_yet_is_tried_again(
    superoffice: StandIn, client: Client
) -> None:
    chat = superoffice.chat()
    inbox.store(hint(chat.id))
    superoffice.fault("all404", path=f"ChatSession/{chat.id}$", times=1)
    inbox.run_due(client)
    assert states() == [State.FAILED]
    due_again()
    inbox.run_due(client)
    assert states() == [State.APPLIED]


def test_a_hint_about_nothing_ends_quietly(client: Client) -> None:
    inbox.store(hint(4711))
    for _ in range(4):
        due_again()
        inbox.run_due(client)
    assert states() == [State.IGNORED]


def test_whoever_dies_over_a_hint_loses_nothing(superoffice: StandIn, client: Client) -> None:
    chat = superoffice.chat()
    inbox.store(hint(chat.id))
    assert len(inbox.take()) == 1  # and then it died
    assert inbox.run_due(client) == 0  # taken for a minute
    due_again()
    assert inbox.run_due(client) == 1
    assert states() == [State.APPLIED]


def test_what_a_dead_worker_held_is_due_again_as_soon_as_its_lease_would_end(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    settings.SYNC_LEASE_SECONDS = 0.2
    inbox.store(hint(superoffice.chat().id))
    assert len(inbox.take()) == 1
    assert inbox.take() == []
    time.sleep(0.25)
    assert inbox.run_due(client) == 1
    assert states() == [State.APPLIED]


def test_a_hint_from_before_the_clock_was_set_back_is_worked_off_now(
    superoffice: StandIn, client: Client
) -> None:
    inbox.store(hint(superoffice.chat().id))
    WebhookDelivery.objects.update(due_at=timezone.now() + timedelta(hours=2))
    assert inbox.run_due(client) == 1
    assert states() == [State.APPLIED]


@pytest.mark.parametrize(("rate", "most"), [(0.0, 8), (8.0, 8), (1.0, 3), (0.1, 1)])
def test_nobody_takes_more_than_can_be_read_within_a_lease(
    client: Client, settings: Settings, rate: float, most: int
) -> None:
    settings.REMOTE_CALLS_PER_SECOND, settings.SYNC_LEASE_SECONDS = rate, 15.0
    for number in range(210):
        inbox.store(hint(number + 1))
    assert len(inbox.take()) == most


def test_settled_hints_are_dropped_by_age_and_open_ones_are_kept(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    settings.HINT_KEEP_DAYS = 30
    chat = superoffice.chat()
    inbox.store(hint(chat.id))
    inbox.run_due(client)
    inbox.store(hint(chat.id))
    old = timezone.now() - timedelta(days=31)
    WebhookDelivery.objects.update(received_at=old)
    inbox.store(hint(chat.id))
    assert inbox.prune() == 1
    assert WebhookDelivery.objects.count() == 2


def test_storing_a_hint_costs_the_same_few_statements_however_many_wait(
    db: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(1, 301):
        with django_assert_max_num_queries(STATEMENTS_OF_A_HINT):
            inbox.store(hint(number))
