"""What the server can do: asked once, learned from what it refuses."""

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions import errors, verbs
from chatops.demo.adapter import StandIn
from chatops.mirror import ingest
from chatops.remote import abilities, wiring
from chatops.remote.models import ServerAbility
from chatops.sync import people
from tests.conftest import Person

pytestmark = pytest.mark.django_db
IIS_PAGE = "<html><body><h1>404 - File or directory not found.</h1></body></html>"


@pytest.fixture
def my_chat(superoffice: StandIn, mia: Person) -> int:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    body = wiring.service_client().sessions.get_raw(chat.id)
    ingest.store_sessions([ingest.Answer(chat.id, body)], reading=ingest.next_reading())
    return chat.id


def patches(superoffice: StandIn) -> int:
    return sum(1 for one in superoffice.journal(kind="request") if one["method"] == "PATCH")


def test_a_server_is_asked_once(superoffice: StandIn) -> None:
    first = abilities.ask_if_due(wiring.service_client())
    assert (first.patch, first.presence) == (True, True)
    superoffice.down()
    assert abilities.ask_if_due(wiring.service_client()).pk == first.pk


def test_a_server_without_patch_is_not_asked_for_one(
    superoffice: StandIn, mia: Person, my_chat: int
) -> None:
    superoffice.options(patch_supported=False)
    abilities.ask_if_due(wiring.service_client())
    with pytest.raises(errors.Refused, match="cannot change single fields") as refused:
        verbs.patch_session(my_chat, {"CustomerPhone": "+47 555 01 234"}, wish=mia.wish())
    assert refused.value.problem_code == "not_supported"
    assert patches(superoffice) == 0


@pytest.mark.parametrize(
    "refusal",
    [{"status": 405}, {"status": 404, "body": IIS_PAGE, "headers": {"Content-Type": "text/html"}}],
)
def test_a_patch_that_is_refused_as_unknown_is_the_last_one(
    superoffice: StandIn, mia: Person, my_chat: int, refusal: dict[str, object]
) -> None:
    superoffice.fault("status", method="PATCH", **refusal)
    change = {"CustomerPhone": "+47 555 01 234"}
    action = verbs.patch_session(my_chat, change, wish=mia.wish())
    assert (action.state, action.code) == ("refused", "not_supported")
    with pytest.raises(errors.Refused, match="cannot change single fields"):
        verbs.patch_session(my_chat, change, wish=mia.wish())
    assert patches(superoffice) == 1


def test_a_session_that_is_gone_takes_no_ability_away(
    superoffice: StandIn, mia: Person, my_chat: int
) -> None:
    superoffice.fault("all404", method="PATCH", times=1)
    change = {"CustomerPhone": "+47 555 01 234"}
    assert verbs.patch_session(my_chat, change, wish=mia.wish()).code == "not_found"
    assert verbs.patch_session(my_chat, change, wish=mia.wish()).state == "done"


def test_a_server_that_does_not_tell_is_taken_to_know_everything(
    superoffice: StandIn, mia: Person, my_chat: int
) -> None:
    superoffice.fault("status", path="/v1$", status=404)
    row = abilities.ask_if_due(wiring.service_client())
    assert (row.patch, row.presence) == (None, None)
    change = {"CustomerPhone": "+47 555 01 234"}
    assert verbs.patch_session(my_chat, change, wish=mia.wish()).state == "done"


def test_another_server_is_another_question(superoffice: StandIn, settings: Settings) -> None:
    abilities.lacks_patch()
    assert not abilities.can_patch()
    settings.SUPEROFFICE_API_URL = "https://crm.example.com/api"
    assert abilities.can_patch()


def test_a_server_without_presence_is_not_asked_for_it(superoffice: StandIn) -> None:
    ServerAbility.objects.create(address=superoffice.url, presence=False, asked_at=timezone.now())
    people.refresh(wiring.service_client())
    assert not [one for one in superoffice.journal(kind="request") if "Presence" in one["path"]]
