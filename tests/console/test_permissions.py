"""Who sees what: asked of one policy, the same on every page."""

import pytest
from django.test import Client

from chatops.actions.models import Action, TrailEntry
from chatops.demo.adapter import StandIn
from tests.conftest import MakePerson, Person
from tests.console.conftest import (
    AtConsole,
    Mirrored,
    SignIn,
    Stored,
    carrier,
    indexed,
    message,
)

PAGES = (
    "",
    "sessions/",
    "actions/",
    "mirror/",
    "mirror/inbox/",
    "account/",
    "administration/",
    "sessions/1/",
)
OPERATORS_PAGES = (
    "administration/",
    "auth/user/",
    "auth/user/add/",
    "auth/group/",
    "actions/apitoken/",
    "actions/apitoken/add/",
    "actions/trailentry/",
    "remote/agent/",
    "mirror/chattopic/",
    "mirror/associate/",
    "mirror/topicmember/",
    "mirror/inbox/",
)


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_without_a_sign_in_there_is_only_the_door(page: str) -> None:
    answer = Client().get(f"/admin/{page}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_a_colleagues_chat_is_not_there_for_me_exactly_as_one_that_never_was(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(user="ola", customer="Secret Customer")
    mirrored(chat.id)
    theirs, absent = mia_there.get(f"sessions/{chat.id}/"), mia_there.get("sessions/999999/")
    assert theirs.status_code == absent.status_code == 404
    assert theirs.content == absent.content
    indexed()
    for page in ("", "sessions/", "actions/"):
        assert "Secret Customer" not in mia_there.page(page)
    assert "Secret Customer" not in mia_there.page("sessions/", search="Secret")
    assert mia_there.act(chat.id, "accept_transfer") | {"key": ""} == mia_there.act(
        999999, "accept_transfer"
    ) | {"key": ""}


def test_a_lead_sees_the_team_and_what_goes_on(
    superoffice: StandIn, mirrored: Mirrored, kari: Person, sign_in: SignIn
) -> None:
    chat = superoffice.chat(user="ola", customer="Customer of Ola", messages=["Hello"])
    mirrored(chat.id)
    lead = sign_in(kari)
    assert "Customer of Ola" in lead.page().split('id="others"')[1]
    page = lead.page(f"sessions/{chat.id}/")
    assert "Hello" in page
    assert "data-composer" not in page
    assert "Back to queue" in page


def test_an_auditor_reads_everything_with_personal_data_masked_and_acts_on_nothing(
    superoffice: StandIn, mirrored: Mirrored, auditor: AtConsole
) -> None:
    chat = superoffice.chat(
        user="ola", email="someone@example.net", phone="+47 555 01 234", messages=["Hello"]
    )
    waiting = superoffice.chat(topic=7)
    mirrored(chat.id, waiting.id)
    page = auditor.page(f"sessions/{chat.id}/")
    assert "Hello" in page
    assert "someone@example.net" not in page
    assert "555 01" not in page
    assert "Masked until you say why" in page
    assert "/do/" not in page + auditor.page() + auditor.page(f"sessions/{waiting.id}/")
    assert auditor.get(f"sessions/{chat.id}/edit/").status_code == 403
    indexed()
    assert auditor.page("sessions/", search="hello").count("data-session") > 0
    assert auditor.page("sessions/", search="someone@example").count("data-session") == 0


def test_an_operator_sees_facts_and_no_text(
    superoffice: StandIn, mirrored: Mirrored, operator: AtConsole
) -> None:
    chat = superoffice.chat(user="ola", messages=["Confidential words"])
    mirrored(chat.id)
    for page in (f"sessions/{chat.id}/", "sessions/", ""):
        assert "Confidential words" not in operator.page(page)
    indexed()
    assert operator.page("sessions/", search="Confidential").count("data-session") == 0
    assert "is not shown to your role" in operator.page(f"sessions/{chat.id}/")


def test_reading_a_transcript_leaves_a_line_in_the_trail_and_a_live_update_does_not(
    superoffice: StandIn, mirrored: Mirrored, auditor: AtConsole
) -> None:
    chat = superoffice.chat(user="ola", messages=["Hello"])
    mirrored(chat.id)
    auditor.page(f"sessions/{chat.id}/")
    auditor.fragment(f"sessions/{chat.id}/")
    lines = TrailEntry.objects.filter(what="transcript_viewed")
    assert [(one.actor, one.session_id) for one in lines] == [(auditor.person.user, chat.id)]


@pytest.mark.parametrize("page", OPERATORS_PAGES)
def test_model_pages_are_for_operators_alone(
    operator: AtConsole, mia_there: AtConsole, auditor: AtConsole, page: str
) -> None:
    assert operator.get(page).status_code == 200
    for other in (mia_there, auditor):
        assert other.get(page).status_code in {302, 403, 404}


def test_revoked_rights_hold_from_the_next_request(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    assert mia_there.get(f"sessions/{chat.id}/").status_code == 200
    mia_there.person.user.groups.clear()
    assert mia_there.get(f"sessions/{chat.id}/").status_code == 404


def test_a_person_without_a_role_sees_an_empty_house(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    mia_there.person.user.groups.clear()
    chat = superoffice.chat(topic=7, customer="Somebody Waiting")
    mirrored(chat.id)
    assert "Somebody Waiting" not in mia_there.page()
    assert 'href="/admin/sessions/"' not in mia_there.page("account/")


@pytest.fixture(params=[("mia", "agent"), ("kari", "lead")], ids=["agent", "lead"])
def operator_too(
    request: pytest.FixtureRequest, superoffice: StandIn, person: MakePerson, sign_in: SignIn
) -> AtConsole:
    """Somebody who answers or leads chats, and looks after chatops as well."""
    name, role = request.param
    return sign_in(person(name, role, "operator"))


#: A chat that is neither Mia's nor Kari's, in a topic that neither belongs to.
OF_OTHERS = {"TopicId": 10, "User": {"AssociateId": 18}}


def test_who_is_an_operator_too_is_told_the_words_of_their_own_chats_alone(
    operator_too: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    mirrored()
    mine = {"User": {"AssociateId": operator_too.person.associate_id}}
    stored(
        [carrier(1, **OF_OTHERS, LastMessage="Word of others"), carrier(2, **mine)],
        [message(10, 1, Message="Word of others"), message(20, 2, Message="Word of mine")],
    )
    indexed()
    for page in ("", "sessions/"):
        shown = operator_too.page(page)
        assert 'data-session="1"' in shown
        assert "Word of others" not in shown
        assert "Are you there?" in shown
    assert "of mine" in (found := operator_too.page("sessions/", search="word"))
    assert "of others" not in found
    beside = operator_too.page("sessions/2/")
    assert "/admin/sessions/1/" in beside  # an earlier chat of the same customer
    assert "Word of others" not in beside
    assert "is not shown to your role" in operator_too.page("sessions/1/")


def test_who_is_an_operator_too_reads_what_was_sent_in_their_own_chats_alone(
    operator_too: AtConsole,
    ola: Person,
    superoffice: StandIn,
    mirrored: Mirrored,
    stored: Stored,
    sign_in: SignIn,
) -> None:
    mine = superoffice.chat(user=operator_too.person.user.username)
    theirs = superoffice.chat(user="ola")
    mirrored(mine.id, theirs.id)
    operator_too.post(f"sessions/{mine.id}/messages/", text="Sent by myself")
    sign_in(ola).post(f"sessions/{theirs.id}/messages/", text="Sent by Ola")
    stored([carrier(theirs.id, **OF_OTHERS, LastMessage="Sent by Ola")])
    sent = {one.session_id: one.pk for one in Action.objects.all()}
    assert "Sent by myself" in operator_too.page(f"actions/{sent[mine.id]}/")
    page = operator_too.page(f"actions/{sent[theirs.id]}/")
    assert "The chat now" in page
    assert "Sent by Ola" not in page
