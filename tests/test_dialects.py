"""A SuperOffice that says what the contract leaves open in other ways is understood as well."""

import pytest
from pytest_django.fixtures import Settings

from chatops.actions import verbs
from chatops.actions.models import State
from chatops.demo import dialects
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.ops import doctor, working
from chatops.ops.findings import Finding, Level
from chatops.superoffice.client import Client
from chatops.sync import absence, hooks, inbox
from chatops.sync.models import WebhookDelivery
from tests.conftest import Person
from tests.sync.conftest import Differences, client, differences
from tests.sync.test_hooks import Door, door

__all__ = ["client", "differences", "door"]  # fixtures are found by their names
pytestmark = pytest.mark.django_db(transaction=True)

#: Each way is in one of them; contrary ones are not together.
DIALECTS = [
    ["sparse", "odata", "backwards", "nothing", "silent_errors", "without_offset", "mark"],
    ["wordy", "bare_list", "without_closed", "empty", "error_pages"],
]


@pytest.fixture(params=DIALECTS, ids="+".join)
def office(request: pytest.FixtureRequest, superoffice: StandIn, settings: Settings) -> StandIn:
    """A SuperOffice that speaks one of them."""
    settings.SYNC_GONE_AFTER_SECONDS = 0
    superoffice.options(dialect=request.param)
    return superoffice


def test_no_way_is_left_out() -> None:
    assert {way for dialect in DIALECTS for way in dialect} == set(dialects.WAYS)


def problems() -> list[Finding]:
    """What `doctor` finds to be wrong."""
    return [one for one in doctor.examine() if one.level is Level.FAIL]


def test_the_mirror_is_equal_and_what_is_gone_is_gone(
    office: StandIn, client: Client, differences: Differences
) -> None:
    for offered in (None, "mia"):
        office.chat(user="ola", offered_to=offered, messages=["One", "Two", "Three"])
    office.chat(messages=["Waiting"])
    ended = office.chat(user="mia", messages=["Over"])
    ended.end()
    removed = office.chat(messages=["Gone soon"])
    assert all(went_well is not False for went_well in working.make().run_once().values())
    assert differences() == []
    assert [
        one.pk for one in ChatMessage.objects.filter(session_id=ended.id).order_by("pk")
    ] == sorted(one.id for one in office.session(ended.id).messages)
    removed.delete()
    for _ in range(3):
        working.make().run_once()
        absence.settle(client)
    assert ChatSession.objects.get(pk=removed.id).gone_at is not None
    assert differences() == []
    assert problems() == []


def test_what_was_done_is_known_to_be_done(office: StandIn, mia: Person, ola: Person) -> None:
    offered = office.chat(user="ola", offered_to="mia", messages=["Hello"])
    declined = office.chat(user="ola", offered_to="mia", messages=["Hello"])
    waiting = office.chat(messages=["Hello"])
    working.make().run_once()
    done = [
        verbs.accept_transfer(offered.id, wish=mia.wish()),
        verbs.reject_transfer(declined.id, wish=mia.wish()),
        verbs.pick_up(waiting.id, wish=mia.wish()),
        verbs.send_message(waiting.id, "Hello & welcome", wish=mia.wish()),
        verbs.patch_session(waiting.id, {"customer_email": "new@example.net"}, wish=mia.wish()),
        verbs.transfer(waiting.id, "ola", wish=mia.wish()),
        verbs.accept_transfer(waiting.id, wish=ola.wish()),
    ]
    assert [one.state for one in done] == [State.DONE] * len(done)
    assert office.session(waiting.id).user == ola.associate_id
    assert office.session(declined.id).user == ola.associate_id


def test_a_hook_is_registered_and_its_events_are_read(
    office: StandIn, client: Client, door: Door, differences: Differences
) -> None:
    office.options(webhook_dialect=True, webhook_waits=[0.0])
    assert hooks.register(client).state == "Active"
    door.take_in()
    chat = office.chat(messages=["Hello"])
    door.take_in()
    assert hooks.watch(client).state == "Active"
    inbox.run_due(client)
    assert WebhookDelivery.objects.filter(session_id=chat.id, state="applied").exists()
    assert differences() == []
