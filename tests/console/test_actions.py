"""Buttons and forms: what they do at SuperOffice, and what the person is told."""

import pytest
from django.utils.html import escape
from pytest_django.fixtures import Settings

from chatops.actions.models import Action, State
from chatops.demo.adapter import StandIn
from tests.conftest import Person
from tests.console.conftest import AtConsole, Mirrored, stamp


def test_accepting_makes_the_chat_mine_and_opens_it(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(offered_to="mia")
    mirrored(chat.id)
    assert f"/admin/sessions/{chat.id}/do/accept_transfer/" in mia_there.page()
    answer = mia_there.post(f"sessions/{chat.id}/do/accept_transfer/", stamp=stamp(chat.id))
    assert (answer.status_code, answer["Location"]) == (303, f"/admin/sessions/{chat.id}/")
    assert "The chat is yours." in mia_there.told()
    assert superoffice.session(chat.id).user == 17


def test_rejecting_leaves_it_with_the_colleague_and_goes_back_to_the_queue(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(offered_to="mia")
    mirrored(chat.id)
    told = mia_there.act(chat.id, "reject_transfer", stamp=stamp(chat.id))
    assert (told["done"], told["to"]) == (True, "/admin/")
    now = superoffice.session(chat.id)
    assert (now.user, now.transfer_to) == (18, None)
    assert mia_there.get(f"sessions/{chat.id}/").status_code == 404


def test_a_double_click_acts_once(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    for _ in range(2):
        mia_there.post(f"sessions/{chat.id}/messages/", key="one", text="Good morning")
    texts = [one.text for one in superoffice.session(chat.id).messages]
    assert texts.count("Good morning") == 1
    assert Action.objects.count() == 1


def test_what_i_write_is_sent_as_text_and_shown_as_text(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    mia_there.post(f"sessions/{chat.id}/messages/", text="<b>1 < 2</b>\nyes")
    page = mia_there.page(f"sessions/{chat.id}/")
    assert "&lt;b&gt;1 &lt; 2&lt;/b&gt;<br>yes" in page
    assert "sent here by Mia Berg" in page


def test_somebody_was_faster_and_i_am_told_so(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(topic=7)
    mirrored(chat.id)
    seen = stamp(chat.id)
    superoffice.control("PATCH", f"session/{chat.id}", user=18, status="UserLast")
    told = mia_there.act(chat.id, "pick_up", stamp=seen)
    assert told["tone"] == "warn"
    assert not told["done"]
    assert "changed since you saw it" in told["sentence"]
    assert superoffice.session(chat.id).user == 18


def test_the_next_in_the_queue_is_the_one_who_waited_longest(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    first, second = superoffice.chat(topic=7), superoffice.chat(topic=7)
    mirrored(first.id, second.id)
    answer = mia_there.post("sessions/pick-up-next/")
    assert answer["Location"] == f"/admin/sessions/{first.id}/"
    assert superoffice.session(first.id).user == 17
    assert superoffice.session(second.id).user is None


def test_a_transfer_is_offered_to_the_colleague_i_chose(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole, ola: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    other = superoffice.chat(user="ola")
    mirrored(chat.id, other.id)
    assert "Ola Nordli" in mia_there.page(f"sessions/{chat.id}/")
    told = mia_there.act(chat.id, "transfer", to="18", stamp=stamp(chat.id))
    assert told["sentence"].startswith("Offered to Ola Nordli")
    assert superoffice.session(chat.id).transfer_to == 18


def test_a_lost_answer_shows_at_the_message_and_is_not_sent_again(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", method="POST", path="Messages", times=1)
    answer = mia_there.post(f"sessions/{chat.id}/messages/", script=True, text="Are you there?")
    assert answer.json()["state"] == State.UNKNOWN
    page = mia_there.page(f"sessions/{chat.id}/")
    assert "Not confirmed" in page
    assert "Are you there?" in page.split('id="sends"')[1]
    known, technical = mia_there.page(f"actions/{Action.objects.get().pk}/").split(
        "Details for the operator"
    )
    assert "It was sent, and no answer came back." in known
    assert "AnswerLost" not in known
    assert "AnswerLost" in technical


def test_superoffice_away_is_said_in_a_sentence(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole, settings: Settings
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", times=50)
    answer = mia_there.post(f"sessions/{chat.id}/messages/", script=True, text="Hi")
    assert answer.json()["sentence"].startswith("Nothing was sent. SuperOffice does not")
    assert Action.objects.count() == 0


def test_without_a_linked_account_nothing_is_called_and_the_way_is_shown(
    superoffice: StandIn, mirrored: Mirrored, person: object, sign_in: object
) -> None:
    assert callable(person)
    assert callable(sign_in)
    lone = sign_in(person("lone", "agent", link=False))
    page = lone.page()
    assert "not linked" in page
    assert "/admin/account/" in page


@pytest.mark.parametrize("verb", ["accept_transfer", "pick_up", "transfer", "reset"])
def test_buttons_are_forms_and_never_links(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole, verb: str
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    before = len(superoffice.journal(kind="request"))
    assert mia_there.get(f"sessions/{chat.id}/do/{verb}/").status_code == 405
    assert len(superoffice.journal(kind="request")) == before


def test_an_unknown_verb_is_not_there(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    assert mia_there.post(f"sessions/{chat.id}/do/delete/").status_code == 404


def test_the_csrf_token_is_asked_for(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(offered_to="mia")
    mirrored(chat.id)
    mia_there.client.handler.enforce_csrf_checks = True
    answer = mia_there.post(f"sessions/{chat.id}/do/accept_transfer/")
    assert answer.status_code == 403
    assert superoffice.session(chat.id).user == 18


def test_an_edit_is_seen_at_superoffice(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(user="mia", email="old@example.net")
    mirrored(chat.id)
    answer = mia_there.post(
        f"sessions/{chat.id}/edit/",
        {"CustomerEmail": "new@example.net", "was.CustomerEmail": "old@example.net"},
    )
    assert answer["Location"] == f"/admin/sessions/{chat.id}/"
    assert superoffice.session(chat.id).email == "new@example.net"
    assert "new@example.net" in mia_there.page(f"sessions/{chat.id}/")


def test_where_the_server_cannot_edit_the_form_is_to_read(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    superoffice.options(patch_supported=False)
    chat = superoffice.chat(user="mia", email="old@example.net")
    mirrored(chat.id)
    answer = mia_there.post(
        f"sessions/{chat.id}/edit/",
        {"CustomerEmail": "new@example.net", "was.CustomerEmail": "old@example.net"},
    )
    assert "cannot change single fields" in answer.content.decode()
    page = mia_there.page(f"sessions/{chat.id}/edit/")
    assert "cannot change single fields" in page
    assert " readonly" in page
    assert "Saved at SuperOffice" not in page
    assert 'class="button first"' not in page
    assert superoffice.session(chat.id).email == "old@example.net"


def test_what_a_colleague_changed_meanwhile_is_shown_beside_mine(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(user="mia", email="old@example.net")
    mirrored(chat.id)
    superoffice.control("PATCH", f"session/{chat.id}", email="theirs@example.net")
    answer = mia_there.post(
        f"sessions/{chat.id}/edit/",
        {"CustomerEmail": "mine@example.net", "was.CustomerEmail": "old@example.net"},
    )
    page = answer.content.decode()
    assert superoffice.session(chat.id).email == "theirs@example.net"
    conflict = page.split("conflict-title")[2].split("</table>")[0]
    for shown in ("old@example.net", "theirs@example.net", "mine@example.net"):
        assert shown in conflict
    again = mia_there.post(
        f"sessions/{chat.id}/edit/",
        {"CustomerEmail": "mine@example.net", "was.CustomerEmail": "theirs@example.net"},
    )
    assert again.status_code == 303
    assert superoffice.session(chat.id).email == "mine@example.net"


def test_a_wrong_id_is_told_beside_its_field_before_any_call(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    before = len(superoffice.journal(kind="request"))
    answer = mia_there.post(
        f"sessions/{chat.id}/edit/",
        {"Person.PersonId": "twelve", "was.Person.PersonId": ""},
    )
    page = answer.content.decode()
    assert escape("An id is a whole number; empty means none.") in page
    assert len(superoffice.journal(kind="request")) == before
