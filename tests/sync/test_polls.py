"""Without a single hint: what is new, open, offered or ended is seen by the polls."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.superoffice.client import Client
from chatops.superoffice.errors import SuperOfficeError, Throttled
from chatops.sync import absence, accelerator, jobs, people, poll, screens
from chatops.sync.errors import OddAnswer
from chatops.sync.models import Alarm, Cursor
from tests.sync.conftest import Differences, client_of

pytestmark = pytest.mark.django_db


def test_a_new_session_is_read_with_its_messages(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    superoffice.chat(messages=["Hello?", "Anybody?"])
    poll.new_sessions(client)
    assert differences() == []


def test_a_lower_id_that_became_visible_late_is_read_too(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    late = superoffice.chat()
    superoffice.chat()
    superoffice.fault("hide_ids", ids=[late.id])
    poll.new_sessions(client)
    assert not ChatSession.objects.filter(pk=late.id).exists()
    superoffice.clear_faults()
    poll.new_sessions(client)
    assert differences() == []


def test_what_is_known_is_not_read_again(superoffice: StandIn, client: Client) -> None:
    superoffice.chat()
    poll.new_sessions(client)
    before = len(superoffice.journal(kind="request"))
    poll.new_sessions(client)
    asked = [row["path"] for row in superoffice.journal(kind="request")[before:]]
    assert asked
    assert all(path.endswith("/ChatSession") for path in asked)


def test_the_next_line_of_an_open_chat_is_seen(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat(user="mia")
    poll.open_sessions(client)
    chat.say("And another thing")
    poll.open_sessions(client)
    assert differences() == []


def test_a_line_that_repeats_the_last_one_is_seen_too(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    poll.open_sessions(client)
    poll.open_sessions(client)  # the round that reads whole conversations is over
    chat.say("Hello?")
    poll.open_sessions(client)
    assert ChatMessage.objects.of(chat.id).filter(message="Hello?").count() == 2


def test_a_chat_that_ended_is_read_once_more_as_a_whole(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?", {"by": "mia", "text": "Hi"}])
    poll.open_sessions(client)
    superoffice.control("POST", "poll", session=chat.id)  # the customer reads what Mia wrote
    chat.end(by="mia")
    poll.open_sessions(client)
    assert ChatSession.objects.get(pk=chat.id).is_open is False
    assert differences() == []


def test_read_flags_of_open_chats_are_seen_now_and_then(
    superoffice: StandIn, client: Client, settings: Settings, differences: Differences
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?", {"by": "mia", "text": "Hi"}])
    poll.open_sessions(client)
    superoffice.control("POST", "poll", session=chat.id)
    settings.SYNC_COMPLETE_SECONDS = 0
    poll.open_sessions(client)
    assert differences() == []


def test_an_offer_is_seen_by_whom_it_is_made_to(superoffice: StandIn, client: Client) -> None:
    chat = superoffice.chat(user="ola")
    poll.open_sessions(client)
    chat.offer("mia", by="ola")
    poll.transfers(client, [poll.AtScreen(client_of(superoffice, user="mia"), lambda: None)])
    assert ChatSession.objects.get(pk=chat.id).transfer_to_id == 17


def test_one_persons_dead_account_hides_no_offer_from_the_others(
    superoffice: StandIn, client: Client
) -> None:
    chat = superoffice.chat(user="mia")
    poll.open_sessions(client)
    chat.offer("ola", by="mia")
    superoffice.fault("status", path="ForCurrentUser", user="mia", status=401)
    refused: list[str] = []
    here = [
        poll.AtScreen(client_of(superoffice, user=name), partial(refused.append, name))
        for name in ("mia", "ola")
    ]
    poll.transfers(client, here)
    assert refused == ["mia"]
    assert ChatSession.objects.get(pk=chat.id).transfer_to_id == 18


NO_SESSION = '[{"ChatSessionId": 99999999999, "Status": "InQueue"}]'


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 409},
        {"kind": "drop_before"},
        {"kind": "status", "status": 200, "body": NO_SESSION},
    ],
    ids=["500", "409", "no answer", "no session"],
)
def test_what_goes_wrong_for_one_person_hides_no_offer_from_the_others(
    superoffice: StandIn, client: Client, fault: dict[str, Any]
) -> None:
    to_ola, to_kari = superoffice.chat(user="mia"), superoffice.chat(user="mia")
    poll.open_sessions(client)
    to_ola.offer("ola", by="mia")
    to_kari.offer("kari", by="mia")
    superoffice.fault(path="ForCurrentUser", user="mia", **fault)
    refused: list[str] = []
    here = [
        poll.AtScreen(client_of(superoffice, user=name), partial(refused.append, name))
        for name in ("mia", "ola")
    ]
    poll.transfers(client, here)
    assert ChatSession.objects.get(pk=to_ola.id).transfer_to_id == 18
    assert ChatSession.objects.get(pk=to_kari.id).transfer_to_id == 19
    assert refused == []


def test_a_pause_that_superoffice_asks_one_person_for_holds_the_whole_round_back(
    superoffice: StandIn, client: Client
) -> None:
    superoffice.chat(user="mia")
    poll.open_sessions(client)
    superoffice.fault(
        "status", path="ForCurrentUser", user="mia", status=429, headers={"Retry-After": "30"}
    )
    before = len(superoffice.journal(kind="request"))
    here = [
        poll.AtScreen(client_of(superoffice, user=name), lambda: None) for name in ("mia", "ola")
    ]
    with pytest.raises(Throttled) as paused:
        poll.transfers(client, here)
    assert paused.value.retry_after == 30
    assert len(superoffice.journal(kind="request")) == before + 1


def test_an_offer_is_seen_without_anybody_at_the_screen(
    superoffice: StandIn, client: Client
) -> None:
    chat = superoffice.chat(user="ola")
    poll.open_sessions(client)
    chat.offer("mia", by="ola")
    poll.transfers(client)
    assert ChatSession.objects.get(pk=chat.id).transfer_to_id == 17


def test_of_many_open_chats_those_longest_unread_are_asked_first(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    settings.SYNC_TRANSFERS_BATCH = 2
    chats = [superoffice.chat(user="ola") for _ in range(6)]
    poll.open_sessions(client)
    for chat in chats:
        chat.offer("mia", by="ola")
    for _ in range(3):
        poll.transfers(client)
    assert ChatSession.objects.offered_to(17).count() == 6


def test_a_late_rating_is_seen(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat(user="mia")
    chat.end(by="mia")
    poll.new_sessions(client)
    chat.rate(4)
    poll.recently_ended(client)
    assert ChatSession.objects.get(pk=chat.id).rating == 4
    assert differences() == []


def test_an_empty_list_of_open_chats_is_not_believed(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    superoffice.chat(user="mia")
    poll.open_sessions(client)
    superoffice.fault("blank")
    with pytest.raises(OddAnswer):
        poll.open_sessions(client)
    assert Alarm.objects.filter(name=poll.BLANK).exists()
    assert ChatSession.objects.open().count() == 1
    superoffice.clear_faults()
    poll.open_sessions(client)
    assert not Alarm.objects.exists()
    assert differences() == []


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_nothing_changes_while_superoffice_answers_with_errors(
    superoffice: StandIn, client: Client, status: int, differences: Differences
) -> None:
    superoffice.chat(user="mia")
    poll.open_sessions(client)
    superoffice.fault("status", status=status)
    for round_of_polling in (poll.new_sessions, poll.open_sessions, poll.recently_ended):
        with pytest.raises(SuperOfficeError):
            round_of_polling(client)
    assert differences() == []


def test_one_session_that_cannot_be_read_does_not_hold_up_the_others(
    superoffice: StandIn, client: Client
) -> None:
    chats = [superoffice.chat(user="mia") for _ in range(4)]
    superoffice.fault("html", path=f"ChatSession/{chats[1].id}$")
    outcome = poll.open_sessions(client)
    assert list(outcome.failed) == [chats[1].id]
    assert ChatSession.objects.count() == 3


def test_the_dynamic_archive_is_used_only_after_it_proved_itself(
    superoffice: StandIn, client: Client, settings: Settings, differences: Differences
) -> None:
    settings.SYNC_DYNAMIC_ARCHIVE = "auto"
    chat = superoffice.chat(user="ola")
    quiet = superoffice.chat(user="ola")
    poll.open_sessions(client)
    assert not accelerator.is_proven()
    assert accelerator.prove(client)
    poll.open_sessions(client)
    chat.say("News")
    before = len(superoffice.journal(kind="request"))
    poll.open_sessions(client)
    asked = [row["path"] for row in superoffice.journal(kind="request")[before:]]
    assert not any(f"/{quiet.id}/" in path for path in asked)
    chat.offer("mia", by="ola")
    poll.transfers(client)
    assert differences() == []


def test_a_server_without_the_dynamic_archive_is_polled_the_plain_way(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    settings.SYNC_DYNAMIC_ARCHIVE = "auto"
    superoffice.options(dynamic_archive=False)
    superoffice.chat()
    poll.open_sessions(client)
    assert not accelerator.prove(client)
    assert not accelerator.is_proven()


def test_people_are_optional(superoffice: StandIn, client: Client) -> None:
    superoffice.chat(topic=8, user="ola")
    poll.open_sessions(client)
    superoffice.fault("status", path="ChatTopic|Presence|MDOList|User", status=404)
    assert people.refresh(client) == 1


def test_a_deleted_session_gets_a_tombstone_by_polls_alone(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    superoffice.chat(user="mia")
    chat = superoffice.chat(user="mia")
    poll.open_sessions(client)
    chat.delete()
    poll.open_sessions(client)
    absence.settle(client)
    assert ChatSession.objects.get(pk=chat.id).gone_at is not None
    assert differences() == []


def test_a_clock_that_was_set_back_does_not_stop_the_rounds(client: Client) -> None:
    later = timezone.now() + timedelta(days=3)
    Cursor.objects.create(name="conversations", ok_at=later)
    poll.open_sessions(client)
    assert Cursor.objects.filter(name="conversations", ok_at__lt=later).exists()


@pytest.mark.parametrize(("rate", "read"), [(0.0, 20), (8.0, 5), (0.1, 1)])
def test_the_look_for_transfers_leaves_the_call_budget_to_the_others(
    superoffice: StandIn, client: Client, settings: Settings, rate: float, read: int
) -> None:
    for _ in range(25):
        superoffice.chat()
    poll.new_sessions(client)
    settings.SYNC_TRANSFERS_SECONDS, settings.REMOTE_CALLS_PER_SECOND = 5.0, rate
    assert len(poll.transfers(client).read) == read


def test_transfers_are_looked_for_more_often_while_somebody_watches(
    client: Client, settings: Settings
) -> None:
    settings.SYNC_TRANSFERS_SECONDS = 5.0
    job = jobs.transfers(lambda: ())
    assert job.every() == 15.0
    screens.here(1)
    assert job.every() == 5.0
