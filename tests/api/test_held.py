"""What a client holds is confirmed only while it is what the client would be sent now."""

from collections.abc import Callable

import pytest

from chatops.actions import unmasking
from chatops.demo.adapter import StandIn
from chatops.mirror import forgetting, ingest
from chatops.mirror.models import ChatSession, Forgotten
from tests.api.conftest import Bulk, Mirrored, Program
from tests.conftest import Person

TEXTS, ALL = Forgotten.Level.TEXTS, Forgotten.Level.ALL
AtConsole = Callable[[Person], Program]


# --- Forgotten -----------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize(("level", "lost"), [(TEXTS, "first_message"), (ALL, "customer_email")])
def test_who_holds_a_session_is_sent_it_again_when_something_of_it_is_forgotten(
    api: Program, bulk: Bulk, level: Forgotten.Level, lost: str, gone: bool
) -> None:
    bulk([50])
    if gone:
        ingest.mark_gone([50], reading=ingest.next_reading())
    held = api.get("sessions/50/")
    assert held.json[lost]
    forgetting.forget([50], level)
    fresh = api.get("sessions/50/", If_None_Match=held["ETag"])
    assert fresh.status == 200
    assert not fresh.json.get(lost)
    assert (fresh.json["gone_at"] is not None) == gone
    assert api.get("sessions/50/", If_None_Match=fresh["ETag"]).status == 304


def test_a_wish_that_is_based_on_what_was_forgotten_is_based_on_an_old_view(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", email="a@example.net")
    mirrored(chat.id)
    seen = api.get(f"sessions/{chat.id}/")["ETag"]
    forgetting.forget([chat.id], ALL)
    answer = api.post(f"sessions/{chat.id}/reset/", If_Match=seen)
    assert (answer.status, answer.code) == (412, "version_old")
    now = api.get(f"sessions/{chat.id}/")["ETag"]
    assert api.post(f"sessions/{chat.id}/reset/", If_Match=now).status == 200


def test_reading_it_again_and_forgetting_it_again_leave_the_version_as_it_is(bulk: Bulk) -> None:
    bulk([50, 51])
    before = versions()
    forgetting.forget([50], ALL)
    after = versions()
    assert after[50] > before[50]
    assert after[51] == before[51]
    bulk([50])  # SuperOffice has it still
    assert versions() == after
    forgetting.forget([50], ALL)
    assert versions() == after


def test_a_read_that_was_under_way_gives_no_version_that_was_there_before(bulk: Bulk) -> None:
    bulk([50])
    had = {ChatSession.objects.get(pk=50).version}
    under_way = ingest.next_reading()
    forgetting.forget([50], TEXTS)
    had.add(ChatSession.objects.get(pk=50).version)
    ingest.store_session({"ChatSessionId": 50, "Status": "Closed"}, reading=under_way)
    found = ChatSession.objects.get(pk=50)
    assert found.status == "Closed"
    assert found.version not in had


def versions() -> dict[int, int]:
    return dict(ChatSession.objects.values_list("pk", "version"))


# --- Unmasked ------------------------------------------------------------------------------------


@pytest.fixture
def lead(kari: Person, at_console: AtConsole, topics: None, bulk: Bulk) -> Program:
    """A lead at the console, and a chat of a colleague's that ended."""
    bulk([50])
    return at_console(kari)


PATHS = ("sessions/50/", "sessions/50/?expand=carrier", "sessions/?topic=7")


def mail(lead: Program, path: str) -> str:
    found = lead.get(path).json
    row = found["results"][0] if "results" in found else found
    return str(row["customer_email"])


@pytest.mark.parametrize("path", PATHS)
def test_who_holds_it_masked_is_sent_it_again_when_it_is_shown_to_them(
    lead: Program, kari: Person, path: str
) -> None:
    masked = lead.get(path)["ETag"]
    assert lead.get(path, If_None_Match=masked).status == 304
    assert mail(lead, path) == "c•••@example.net"
    unmasking.unmask(kari.caller(), 50, "call_back")
    shown = lead.get(path, If_None_Match=masked)
    assert shown.status == 200
    assert mail(lead, path) == "c50@example.net"
    assert lead.get(path, If_None_Match=shown["ETag"]).status == 304


@pytest.mark.parametrize("path", PATHS)
def test_who_holds_it_in_full_is_sent_it_again_when_it_is_masked_again(
    lead: Program, kari: Person, path: str
) -> None:
    unmasking.unmask(kari.caller(), 50, "call_back")
    shown = lead.get(path)["ETag"]
    unmasking.mask(kari.caller(), 50)
    assert lead.get(path, If_None_Match=shown).status == 200
    assert mail(lead, path) == "c•••@example.net"


def test_what_is_shown_to_one_changes_nothing_for_another(
    lead: Program, kari: Person, api: Program
) -> None:
    lists, sessions = api.get("sessions/")["ETag"], api.get("sessions/50/")["ETag"]
    unmasking.unmask(kari.caller(), 50, "call_back")
    assert api.get("sessions/", If_None_Match=lists).status == 304
    assert api.get("sessions/50/", If_None_Match=sessions).status == 304


@pytest.mark.parametrize("unmasked", [False, True])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"1", {}'])
def test_a_person_may_base_a_wish_on_either_form_that_they_were_shown(
    superoffice: StandIn,
    kari: Person,
    at_console: AtConsole,
    mirrored: Mirrored,
    unmasked: bool,
    form: str,
) -> None:
    chat = superoffice.chat(user="ola", topic=7, email="a@example.net")
    mirrored(chat.id)
    if unmasked:
        unmasking.unmask(kari.caller(), chat.id, "call_back")
    lead = at_console(kari)
    old = lead.get(f"sessions/{chat.id}/")["ETag"]
    superoffice.control("PATCH", f"session/{chat.id}", email="b@example.net")
    refreshed = lead.call("POST", f"sessions/{chat.id}/refresh/")
    assert refreshed["ETag"] == lead.get(f"sessions/{chat.id}/")["ETag"] != old
    path = f"sessions/{chat.id}/reset/"
    assert lead.post(path, If_Match=form.format(old)).status == 412
    assert lead.post(path, If_Match=form.format(refreshed["ETag"])).status == 200
