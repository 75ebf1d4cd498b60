"""Deleting a session at SuperOffice: off unless an operator allows it."""

import pytest
from pytest_django.fixtures import Settings

from chatops.actions import errors, verbs
from chatops.actions.models import Action, State
from chatops.demo.adapter import StandIn
from tests.actions.conftest import Mirrored
from tests.conftest import Person


def test_it_is_off_by_default(superoffice: StandIn, mirrored: Mirrored, kari: Person) -> None:
    chat = superoffice.chat(topic=7)
    mirrored(chat.id)
    with pytest.raises(errors.Forbidden):
        verbs.delete_session(chat.id, wish=kari.wish())
    assert not Action.objects.exists()


def test_a_lead_deletes_a_session_and_superoffice_no_longer_has_it(
    superoffice: StandIn, mirrored: Mirrored, kari: Person, settings: Settings
) -> None:
    settings.ALLOW_DELETE = True
    chat = superoffice.chat(topic=7)
    mirrored(chat.id)
    action = verbs.delete_session(chat.id, wish=kari.wish())
    assert (action.state, action.proof) == (State.DONE, {"gone": True})
    assert superoffice.effects("delete", session=chat.id)


def test_an_agent_may_not(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, settings: Settings
) -> None:
    settings.ALLOW_DELETE = True
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    with pytest.raises(errors.Forbidden):
        verbs.delete_session(chat.id, wish=mia.wish())
    assert not superoffice.effects("delete")


def test_a_204_that_deleted_nothing_is_told_as_nothing(
    superoffice: StandIn, mirrored: Mirrored, kari: Person, settings: Settings
) -> None:
    settings.ALLOW_DELETE = True
    chat = superoffice.chat(topic=7)
    mirrored(chat.id)
    superoffice.fault("no_effect", method="DELETE", times=1)
    assert verbs.delete_session(chat.id, wish=kari.wish()).state == State.NO_EFFECT
    assert superoffice.session(chat.id).id == chat.id


def test_a_lost_answer_and_a_404_are_no_proof(
    superoffice: StandIn, mirrored: Mirrored, kari: Person, settings: Settings
) -> None:
    settings.ALLOW_DELETE = True
    chat = superoffice.chat(topic=7)
    mirrored(chat.id)
    superoffice.fault("drop_after", method="DELETE", times=1)
    assert verbs.delete_session(chat.id, wish=kari.wish()).state == State.UNKNOWN
