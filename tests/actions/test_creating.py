"""Starting a chat in a channel: what has no session until SuperOffice made one."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions import errors, needs, settle, verbs
from chatops.actions.models import Action, State, TrailEntry
from chatops.demo.adapter import StandIn
from chatops.mirror.models import Change, ChatSession
from chatops.remote import wiring
from tests.actions.conftest import Mirrored
from tests.conftest import MakePerson, Person

SESSIONS = "ChatTopic/7/Sessions"


def made(superoffice: StandIn) -> list[int]:
    """The sessions that mia started, as SuperOffice tells."""
    return [one["session"] for one in superoffice.effects("created") if one["user"] == "mia"]


def look(action: Action, *, after: float) -> Action:
    """The worker looks, so many seconds after now."""
    settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=after))
    action.refresh_from_db()
    return action


def lost(superoffice: StandIn, mia: Person, kind: str = "drop_after", **fault: object) -> Action:
    """A creation whose answer did not come."""
    superoffice.fault(kind, path=SESSIONS, method="POST", times=1, **fault)
    return verbs.create_session(7, wish=mia.wish())


def test_a_chat_is_started_in_my_name_and_is_in_the_mirror_at_once(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    mirrored()
    action = verbs.create_session(7, wish=mia.wish())
    assert action.state == State.DONE
    assert made(superoffice) == [action.session_id]
    held = ChatSession.objects.get(pk=action.on_session)
    assert held.topic_id == 7
    assert action.proof["topic"] == 7
    assert Change.objects.filter(kind="action", session_id=action.session_id).count() == 1


def test_the_key_of_the_customers_side_is_kept_nowhere(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, caplog: pytest.LogCaptureFixture
) -> None:
    mirrored()
    action = verbs.create_session(7, wish=mia.wish())
    key = superoffice.session(action.on_session).key
    assert key
    row = Action.objects.filter(pk=action.pk).values().get()
    held = ChatSession.objects.filter(pk=action.on_session).values().get()
    trail = list(TrailEntry.objects.values())
    assert key not in json.dumps([row, held, trail], default=str)
    assert key not in caplog.text


def test_the_same_key_starts_one_chat(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    mirrored()
    first, again = (verbs.create_session(7, wish=mia.wish("one")) for _ in range(2))
    assert (again.pk, again.replayed) == (first.pk, True)
    assert len(made(superoffice)) == 1
    with pytest.raises(errors.KeyReused):
        verbs.create_session(8, wish=mia.wish("one"))


@pytest.mark.parametrize("topic", [9, 999])
def test_a_channel_that_is_not_mine_looks_like_one_that_is_not_there(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, topic: int
) -> None:
    mirrored()
    before = len(superoffice.journal(kind="request"))
    with pytest.raises(errors.Invalid) as invalid:
        verbs.create_session(topic, wish=mia.wish())
    assert invalid.value.field == "topic"
    assert str(topic) in invalid.value.detail
    assert len(superoffice.journal(kind="request")) == before


def test_without_a_linked_account_nothing_is_sent(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    mirrored()
    wish = mia.wish()
    mia.agent.credential.__class__.objects.filter(pk=mia.agent.credential.pk).update(
        broken_at=timezone.now(), broken_because="It was changed."
    )
    wish = mia.wish()
    before = len(superoffice.journal(kind="request"))
    with pytest.raises(errors.IdentityRequired):
        verbs.create_session(7, wish=wish)
    assert len(superoffice.journal(kind="request")) == before


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("drop_after", {}),
        ("cut", {}),
        ("html", {}),
        ("null", {}),
        ("null", {"form": "204"}),
        ("status_after", {"status": 502}),
        ("late", {"seconds": 0.3}),
    ],
)
def test_a_lost_answer_is_settled_by_reading_and_never_repeated(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, kind: str, more: dict[str, object]
) -> None:
    mirrored()
    action = lost(superoffice, mia, kind, **more)
    assert action.state == State.UNKNOWN
    threading.Event().wait(0.5)
    look(action, after=2)
    assert look(action, after=8).state == State.DONE
    assert made(superoffice) == [action.session_id]
    assert ChatSession.objects.filter(pk=action.on_session, topic_id=7).exists()


def test_a_customers_own_chat_is_not_taken_for_it(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    mirrored()
    action = lost(superoffice, mia, "drop_before")
    superoffice.chat(topic=7)
    superoffice.chat(topic=7, name="", email="")
    for after in (2, 8, 20):
        look(action, after=after)
    assert (action.state, action.session_id) == (State.UNKNOWN, None)
    assert look(action, after=130).state == State.NEEDS_PERSON
    assert made(superoffice) == []


def unread(superoffice: StandIn, mia: Person) -> Action:
    """A creation whose answer did not come, nor one to the first look at what became of it."""
    superoffice.fault("status", method="GET", status=503, after_n=1)
    action = lost(superoffice, mia)
    assert (action.state, action.proof) == (State.UNKNOWN, {})
    superoffice.control("PUT", "faults", rules=[])
    return action


def test_after_a_long_outage_what_is_there_is_settled_and_asks_nobody(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    mirrored()
    action = unread(superoffice, mia)
    # Seen once: too short a time to tell it from a customer's, and yet no case for a person.
    assert look(action, after=210).state == State.UNKNOWN
    assert look(action, after=216).state == State.DONE
    assert made(superoffice) == [action.session_id]


def test_a_list_that_is_empty_once_gives_nothing_to_a_person_that_was_just_seen(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    mirrored()
    action = unread(superoffice, mia)
    assert look(action, after=210).state == State.UNKNOWN
    superoffice.fault("blank", method="GET")
    assert look(action, after=216).state == State.UNKNOWN
    # Were it gone for good, a person is asked all the same.
    assert look(action, after=222).state == State.NEEDS_PERSON


def test_of_two_that_could_be_it_a_person_says_which(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, ola: Person
) -> None:
    mirrored()
    action = lost(superoffice, mia)
    other = wiring.client_for(ola.agent).sessions.create(7)
    assert other is not None
    for after in (2, 8, 130):
        look(action, after=after)
    assert (action.state, action.session_id) == (State.NEEDS_PERSON, None)
    assert set(action.proof["seen"]) == {str(other.id), str(made(superoffice)[0])}
    closed = needs.close(action.pk, caller=mia.caller(), verdict="happened")
    assert closed.state == State.CLOSED


def test_one_chat_at_a_time_is_started_in_a_channel(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, kari: Person
) -> None:
    mirrored()
    action = lost(superoffice, mia)
    with pytest.raises(errors.InProgress) as waits:
        verbs.create_session(7, wish=kari.wish())
    assert waits.value.extra["who"] == "mia"
    assert verbs.create_session(8, wish=kari.wish()).state == State.DONE
    look(action, after=2)
    look(action, after=8)
    assert verbs.create_session(7, wish=kari.wish()).state == State.DONE


def test_two_wishes_never_claim_one_session(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    mirrored()
    first = verbs.create_session(7, wish=mia.wish())
    second = verbs.create_session(7, wish=mia.wish())
    assert first.session_id != second.session_id
    with pytest.raises(IntegrityError), transaction.atomic():
        Action.objects.filter(pk=second.pk).update(session_id=first.session_id)


def test_a_later_chat_of_ours_does_not_settle_an_earlier_lost_one(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    mirrored()
    action = lost(superoffice, mia, "drop_before")
    look(action, after=200)
    assert action.state == State.NEEDS_PERSON
    again = needs.second_attempt(action.pk, wish=mia.wish())
    assert again.state == State.DONE
    look(action, after=400)
    assert (action.state, action.session_id) == (State.NEEDS_PERSON, None)
    assert made(superoffice) == [again.session_id]


def test_what_a_later_start_found_there_already_settles_the_earlier_one(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, ola: Person
) -> None:
    mirrored()
    action = unread(superoffice, mia)
    superoffice.fault("blank", method="GET")
    assert look(action, after=130).state == State.NEEDS_PERSON
    superoffice.control("PUT", "faults", rules=[])
    later = verbs.create_session(7, wish=ola.wish())
    assert later.baseline["highest"] == made(superoffice)[0]
    look(action, after=200)
    assert look(action, after=240).state == State.DONE
    assert made(superoffice) == [action.session_id]


def test_what_may_be_a_later_starts_own_does_not_settle_the_earlier_one(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, ola: Person
) -> None:
    mirrored()
    action = lost(superoffice, mia, "drop_before")
    look(action, after=200)
    assert action.state == State.NEEDS_PERSON
    lost(superoffice, ola)
    for after in (240, 300):
        Action.objects.exclude(pk=action.pk).update(look_at=None)
        look(action, after=after)
    assert action.state == State.NEEDS_PERSON


def test_superoffice_out_of_reach_starts_nothing(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, settings: Settings
) -> None:
    mirrored()
    superoffice.fault("status", path=SESSIONS, method="POST", status=403)
    refused = verbs.create_session(7, wish=mia.wish())
    assert (refused.state, refused.code) == (State.REFUSED, "forbidden")
    superoffice.fault("status", method="GET", status=503)
    with pytest.raises(errors.Unavailable):
        verbs.create_session(7, wish=mia.wish())
    assert made(superoffice) == []


def test_a_lead_sees_what_was_started_in_the_team_and_is_not_settled(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, kari: Person, person: MakePerson
) -> None:
    mirrored()
    action = lost(superoffice, mia)
    assert needs.visible(action.pk, kari.caller()) == action
    with pytest.raises(errors.NotFound):
        needs.visible(action.pk, person("per", "agent", link=False).caller())
