"""Answering the customer."""

import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions import errors, settle, verbs
from chatops.actions.models import Action, State, TrailEntry
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.remote import gate, wiring
from chatops.remote.models import Gate
from tests.actions.conftest import Mirrored
from tests.conftest import Person
from tests.processes import apart


def sent(superoffice: StandIn, chat_id: int) -> list[str]:
    """The texts that agents sent, as SuperOffice holds them."""
    return [one.text for one in superoffice.session(chat_id).messages if one.type == "ToCustomer"]


def test_a_message_arrives_in_my_name_and_is_in_the_mirror_at_once(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    action = verbs.send_message(chat.id, "5 < 6 & 7\nsecond line", wish=mia.wish())
    assert action.state == State.DONE
    stored = superoffice.session(chat.id).messages[-1]
    assert (stored.text, stored.author) == ("5 &lt; 6 &amp; 7<br>second line", "Mia Berg")
    assert action.message_id == stored.id
    assert ChatMessage.objects.get(pk=stored.id).message == stored.text


def test_a_send_asks_for_its_ground_at_once_and_is_proved_by_the_messages_alone(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    before = len(superoffice.journal(kind="request"))
    assert verbs.send_message(chat.id, "Hi", wish=mia.wish()).state == State.DONE
    calls = [row["method"] for row in superoffice.journal(kind="request")[before:]]
    assert calls == ["GET", "GET", "POST", "GET"]


def test_after_a_send_the_worker_reads_the_session_once_unless_somebody_did(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chats = [superoffice.chat(user="mia", messages=["Hello?"]) for _ in range(2)]
    mirrored(*(chat.id for chat in chats))
    for chat in chats:
        verbs.send_message(chat.id, "Hi", wish=mia.wish())
    mirrored(chats[1].id)  # a hint, say, made the worker read this one
    before = len(superoffice.journal(kind="request"))
    for seconds in (1, 3, 5):
        settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=seconds))
    reads = [row["path"] for row in superoffice.journal(kind="request")[before:]]
    assert reads == [f"/api/v1/ChatSession/{chats[0].id}"]
    assert {one.last_message for one in ChatSession.objects.all()} == {"Hi"}
    assert not Action.objects.exclude(look_at=None).exists()


def test_the_same_text_under_three_keys_is_three_messages_in_order(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    actions = [verbs.send_message(chat.id, "OK", wish=mia.wish()) for _ in range(3)]
    assert sent(superoffice, chat.id) == ["OK", "OK", "OK"]
    ids = [one.message_id or 0 for one in actions]
    assert ids == sorted(ids)
    assert len(set(ids)) == 3


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 20_001, "a\x00b", "half \ud83d"])
def test_what_cannot_be_sent_is_refused_before_any_call(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, text: str
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    before = len(superoffice.journal(kind="request"))
    with pytest.raises(errors.Invalid) as invalid:
        verbs.send_message(chat.id, text, wish=mia.wish())
    assert invalid.value.field == "message"
    assert len(superoffice.journal(kind="request")) == before


def test_somebody_elses_chat_and_an_ended_one_are_not_written_to(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    theirs = superoffice.chat(user="ola", offered_to="mia")
    over = superoffice.chat(user="mia")
    mirrored(theirs.id, over.id)
    over.end(by="mia")
    for chat in (theirs, over):
        with pytest.raises(errors.StateConflict):
            verbs.send_message(chat.id, "Hello", wish=mia.wish())
    assert not Action.objects.exists()


def test_a_send_whose_answer_was_lost_is_settled_by_the_worker_once_it_shows(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, settings: Settings
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("late", path="Messages", method="POST", times=1, seconds=0.5)
    action = verbs.send_message(chat.id, "Coming", wish=mia.wish())
    assert action.state == State.UNKNOWN
    threading.Event().wait(0.7)
    settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=2))
    action.refresh_from_db()
    assert action.state == State.DONE
    assert sent(superoffice, chat.id) == ["Coming"]


def test_a_send_that_never_shows_asks_a_person_after_two_minutes(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    action = verbs.send_message(chat.id, "Lost", wish=mia.wish())
    client = wiring.service_client()
    settle.run_due(client, now=timezone.now() + timedelta(seconds=60))
    action.refresh_from_db()
    assert action.state == State.UNKNOWN
    settle.run_due(client, now=timezone.now() + timedelta(seconds=130))
    action.refresh_from_db()
    assert action.state == State.NEEDS_PERSON
    states = TrailEntry.objects.filter(action=action).order_by("id").values_list("after", flat=True)
    assert list(states) == ["sending", "unknown", "needs_person"]


def test_two_sends_never_claim_one_stored_message(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    lost = verbs.send_message(chat.id, "Same", wish=mia.wish())
    settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=200))
    settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=400))
    lost.refresh_from_db()
    assert lost.state == State.NEEDS_PERSON
    stored = verbs.send_message(chat.id, "Same", wish=mia.wish())
    assert stored.state == State.DONE
    settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=800))
    lost.refresh_from_db()
    assert lost.state == State.NEEDS_PERSON


def lost_to_a_person(superoffice: StandIn, chat_id: int, mia: Person) -> Action:
    """A send of "Same" whose request was lost on its way, with a person by now."""
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    lost = verbs.send_message(chat_id, "Same", wish=mia.wish())
    for seconds in (200, 230):
        settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=seconds))
    lost.refresh_from_db()
    assert lost.state == State.NEEDS_PERSON
    return lost


@pytest.mark.django_db(transaction=True)
def test_a_lost_send_does_not_take_the_message_of_a_later_one_that_is_on_its_way(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    lost = lost_to_a_person(superoffice, chat.id, mia)
    told: list[Action] = []
    wish = mia.wish()

    # Applied at once, answered late: while its sender waits, the lost one is looked at.
    superoffice.fault("stall", path="Messages", method="POST", times=1, seconds=1.0)
    thread = apart(lambda: told.append(verbs.send_message(chat.id, "Same", wish=wish)))
    while not sent(superoffice, chat.id):
        threading.Event().wait(0.02)
    Action.objects.filter(pk=lost.pk).update(look_at=timezone.now())
    settle.run_due(wiring.service_client())
    thread.join()
    assert told[0].state == State.DONE
    assert told[0].message_id == superoffice.session(chat.id).messages[-1].id
    settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=800))
    lost.refresh_from_db()
    assert (lost.state, lost.message_id) == (State.NEEDS_PERSON, None)


def test_what_shows_late_below_the_ground_of_a_later_send_is_the_lost_ones(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    lost = lost_to_a_person(superoffice, chat.id, mia)
    superoffice.control("POST", "post", session=chat.id, by="mia", text="Same", author="Mia Berg")
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    again = verbs.send_message(chat.id, "Same", wish=mia.wish())
    assert again.state == State.UNKNOWN
    settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=400))
    lost.refresh_from_db()
    again.refresh_from_db()
    assert lost.state == State.DONE
    assert lost.message_id == superoffice.session(chat.id).messages[-1].id
    assert again.state != State.DONE


def test_while_a_message_is_not_confirmed_the_next_one_waits_its_turn(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, settings: Settings
) -> None:
    settings.ACTION_LANE_WAIT_SECONDS = 0.1
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    verbs.send_message(chat.id, "First", wish=mia.wish())
    with pytest.raises(errors.InProgress) as waits:
        verbs.send_message(chat.id, "Second", wish=mia.wish())
    assert waits.value.extra["who"] == "mia"
    assert sent(superoffice, chat.id) == []


@pytest.mark.django_db(transaction=True)
def test_fifty_equal_requests_at_once_are_one_message(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    found: list[int] = []

    def send() -> None:
        found.append(verbs.send_message(chat.id, "Once", wish=mia.wish("one-key")).pk)

    threads = [apart(send) for _ in range(50)]
    for thread in threads:
        thread.join()
    assert len(found) == 50
    assert len(set(found)) == 1
    assert sent(superoffice, chat.id) == ["Once"]


def test_what_became_of_a_send_is_seen_also_when_the_budget_ends_with_it(
    superoffice: StandIn, mia: Person, settings: Settings, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hi"])
    mirrored(chat.id)
    settings.REMOTE_CALLS_PER_SECOND = 8
    gate.state()
    # A person may overdraw it by eight: three calls are left, and none comes for five seconds.
    Gate.objects.update(budget=-5.0, filled_at=time.time() + 5)
    action = verbs.send_message(chat.id, "Hello", wish=mia.wish())
    assert action.state == State.DONE
    with pytest.raises(errors.Unavailable, match="budget"):
        verbs.send_message(chat.id, "Hello again", wish=mia.wish())
