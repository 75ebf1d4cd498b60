"""Accepting and rejecting what a colleague offers."""

import pytest

from chatops.actions import errors, verbs
from chatops.actions.models import Action, State
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from chatops.remote import linking
from tests.actions.conftest import Mirrored
from tests.conftest import Person


def test_accepting_an_offered_chat_makes_it_mine(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    action = verbs.accept_transfer(chat.id, wish=mia.wish())
    assert action.state == State.DONE
    assert action.proof["user"] == mia.associate_id
    assert superoffice.session(chat.id).user == mia.associate_id
    row = ChatSession.objects.get(pk=chat.id)
    assert (row.associate_id, row.transfer_to_id) == (mia.associate_id, None)


def test_rejecting_leaves_the_chat_with_the_colleague(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    action = verbs.reject_transfer(chat.id, wish=mia.wish())
    assert action.state == State.DONE
    now = superoffice.session(chat.id)
    assert (now.user, now.transfer_to) == (18, None)


def test_what_is_offered_to_somebody_else_is_not_sent_at_all(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    chat.offer("kari")
    with pytest.raises(errors.StateConflict) as conflict:
        verbs.accept_transfer(chat.id, wish=mia.wish())
    assert conflict.value.extra["session_id"] == chat.id
    assert not superoffice.effects("accept")
    assert not [one for one in superoffice.journal(kind="request") if "Accept" in one["path"]]
    assert ChatSession.objects.get(pk=chat.id).transfer_to_id == 19


def test_a_200_that_did_nothing_is_told_as_nothing(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    superoffice.fault("no_effect", path="AcceptTransfer", times=1)
    action = verbs.accept_transfer(chat.id, wish=mia.wish())
    assert action.state == State.NO_EFFECT
    assert "still offered to you" in action.detail


@pytest.mark.parametrize("kind", ["drop_after", "html", "cut", "status_after", "null"])
def test_an_effect_whose_answer_was_lost_is_found_by_reading(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, kind: str
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    superoffice.fault(kind, path="AcceptTransfer", times=1, status=502, apply=True)
    action = verbs.accept_transfer(chat.id, wish=mia.wish())
    assert action.state == State.DONE
    assert len(superoffice.effects("accept", session=chat.id)) == 1


def test_a_call_that_was_lost_on_its_way_stays_open_and_is_not_repeated(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    superoffice.fault("drop_before", path="AcceptTransfer", times=1)
    action = verbs.accept_transfer(chat.id, wish=mia.wish())
    assert action.state == State.UNKNOWN
    assert not superoffice.effects("accept")


def test_the_same_key_gives_the_same_action_and_another_content_is_refused(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    first = verbs.accept_transfer(chat.id, wish=mia.wish("k"))
    again = verbs.accept_transfer(chat.id, wish=mia.wish("k"))
    assert again.pk == first.pk
    assert again.replayed
    assert Action.objects.count() == 1
    with pytest.raises(errors.KeyReused):
        verbs.reject_transfer(chat.id, wish=mia.wish("k"))


def test_without_a_linked_account_nothing_is_called(
    superoffice: StandIn, mirrored: Mirrored, kari: Person, person: object
) -> None:
    chat = superoffice.chat(user="ola", offered_to="kari")
    mirrored(chat.id)
    linking.unlink(kari.user)
    before = len(superoffice.journal(kind="request"))
    with pytest.raises((errors.IdentityRequired, errors.NotFound)):
        verbs.accept_transfer(chat.id, wish=kari.wish())
    assert len(superoffice.journal(kind="request")) == before


def test_with_the_remote_off_nothing_is_recorded_and_the_caller_is_told(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    wish = mia.wish()
    superoffice.down()
    with pytest.raises(errors.Unavailable) as unavailable:
        verbs.accept_transfer(chat.id, wish=wish)
    assert unavailable.value.retry_after
    assert not Action.objects.exists()
