"""What shows in part is neither done nor undone; and what others read meanwhile counts."""

import json

import pytest
from pytest_django.fixtures import Settings

from chatops.actions import verbs
from chatops.actions.models import Action, State
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from chatops.remote import wiring
from chatops.sync import people, reading, refresh
from tests.actions.conftest import Mirrored
from tests.conftest import Person
from tests.processes import apart


@pytest.fixture
def chat_id(superoffice: StandIn, mirrored: Mirrored, mia: Person) -> int:
    chat = superoffice.chat(user="mia", email="old@example.net", messages=["Hello?"])
    mirrored(chat.id)
    return chat.id


def end(chat_id: int, who: Person) -> Action:
    return verbs.end_chat(chat_id, wish=who.wish())


def reset(chat_id: int, who: Person) -> Action:
    return verbs.reset(chat_id, wish=who.wish())


def test_a_change_that_shows_in_part_is_not_told_as_nothing(
    superoffice: StandIn,
    mirrored: Mirrored,
    mia: Person,
    kari: Person,
    settings: Settings,
) -> None:
    settings.ALLOW_END_CHAT = True
    ended = superoffice.chat(user="mia", topic=7, messages=["Bye"])
    put_back = superoffice.chat(user="mia", topic=7, messages=["Hello?"])
    waiting = superoffice.chat(topic=7, messages=["Anybody?"])
    mirrored(ended.id, put_back.id, waiting.id)
    superoffice.options(halves=True)
    for action in (
        end(ended.id, mia),
        reset(put_back.id, kari),
        verbs.pick_up(waiting.id, wish=mia.wish()),
    ):
        assert action.state == State.UNKNOWN, action.verb


def test_an_answer_without_any_effect_is_still_told_as_nothing(
    superoffice: StandIn, chat_id: int, mia: Person, kari: Person, settings: Settings
) -> None:
    settings.ALLOW_END_CHAT = True
    superoffice.fault("no_effect", path=f"ChatSession/{chat_id}", method="PATCH", times=1)
    assert end(chat_id, mia).state == State.NO_EFFECT
    superoffice.fault("no_effect", path="Reset", times=1)
    assert reset(chat_id, kari).state == State.NO_EFFECT


def test_a_field_that_holds_something_else_than_before_and_than_asked_goes_to_a_person(
    superoffice: StandIn, chat_id: int, mia: Person
) -> None:
    superoffice.options(normalise=True)
    edit = {"CustomerEmail": "new@example.net "}
    action = verbs.patch_session(chat_id, edit, wish=mia.wish())
    assert superoffice.session(chat_id).email == "new@example.net"
    assert (action.state, action.code) == (State.NEEDS_PERSON, "taken_otherwise")
    assert "CustomerEmail" in action.detail


@pytest.mark.django_db(transaction=True)
def test_a_chat_that_went_to_a_colleague_meanwhile_is_not_ended(
    superoffice: StandIn, chat_id: int, mia: Person, settings: Settings
) -> None:
    settings.ALLOW_END_CHAT = True
    superoffice.fault("slow", path=f"ChatSession/{chat_id}", method="PATCH", times=1, seconds=0.6)
    told: list[Action] = []
    thread = apart(lambda: told.append(end(chat_id, mia)))
    while not Action.objects.filter(verb="end").exists():
        thread.join(0.02)
    superoffice.control("PATCH", f"session/{chat_id}", user="ola")
    thread.join()
    assert told[0].state == State.REFUSED
    assert superoffice.session(chat_id).is_open


@pytest.mark.django_db(transaction=True)
def test_what_was_read_while_an_answer_was_on_its_way_is_not_taken_back(
    superoffice: StandIn, chat_id: int, mia: Person
) -> None:
    client = wiring.service_client()
    people.refresh(client)
    superoffice.fault("stall", path="TransferTo", times=1, seconds=0.8)
    told: list[Action] = []
    thread = apart(lambda: told.append(verbs.transfer(chat_id, "ola", wish=mia.wish())))
    while not superoffice.effects("transfer"):
        thread.join(0.02)
    superoffice.control("PATCH", f"session/{chat_id}", email="newest@example.net")
    refresh.many(client, [chat_id])
    thread.join()
    assert told[0].state == State.DONE
    held = ChatSession.objects.get(pk=chat_id)
    assert (held.customer_email, held.transfer_to_id) == ("newest@example.net", 18)


@pytest.mark.django_db(transaction=True)
def test_of_a_look_and_a_read_that_overlap_the_second_stored_is_read_again(
    superoffice: StandIn, chat_id: int, mia: Person
) -> None:
    client = wiring.service_client()
    superoffice.fault("slow", path=f"ChatSession/{chat_id}$", method="GET", times=1, seconds=0.6)
    thread = apart(verbs.send_message, chat_id, "Hello", wish=mia.wish())
    thread.join(0.2)
    older = reading.read(client, [reading.Wish(chat_id)])  # begins later, and is answered earlier
    superoffice.control("PATCH", f"session/{chat_id}", email="newest@example.net")
    thread.join()
    reading.store(older)
    assert ChatSession.objects.get(pk=chat_id).customer_email == "newest@example.net"
    assert reading.overtaken(older) == [chat_id]


def test_an_answer_that_proves_it_in_a_shape_nobody_foresaw_is_read_once_more(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    odd = {"ChatSessionId": str(chat.id), "User": {"AssociateId": 17}, "Status": "UserLast"}
    superoffice.fault(
        "status_after", path="AcceptTransfer", status=200, body=json.dumps(odd), times=1
    )
    assert verbs.accept_transfer(chat.id, wish=mia.wish()).state == State.DONE
    assert ChatSession.objects.get(pk=chat.id).associate_id == 17
