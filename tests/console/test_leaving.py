"""A chat that goes to a colleague while its page is open."""

import re

from chatops.demo.adapter import StandIn
from chatops.remote import wiring
from tests.conftest import Person
from tests.console.conftest import AtConsole, Mirrored, SignIn


def offer_to_ola(superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole) -> int:
    chat = superoffice.chat(user="mia", topic=7, customer="Secret Customer", messages=["Hello"])
    mirrored(chat.id)
    mia_there.page(f"sessions/{chat.id}/")
    assert mia_there.act(chat.id, "transfer", to="18")["done"]
    return int(chat.id)


def test_who_offered_it_is_told_who_took_it_and_when(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole, ola: Person, sign_in: SignIn
) -> None:
    chat = offer_to_ola(superoffice, mirrored, mia_there)
    assert sign_in(ola).act(chat, "accept_transfer")["done"]
    told = mia_there.fragment(f"sessions/{chat}/").content.decode()
    assert re.search(r"Ola Nordli accepted this chat at \d\d:\d\d; it is theirs now\.", told)
    assert "Secret Customer" not in told
    assert "Hello" not in told


def test_it_is_told_also_when_the_colleague_took_it_in_superoffice(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole, ola: Person
) -> None:
    chat = offer_to_ola(superoffice, mirrored, mia_there)
    wiring.client_for(ola.agent).sessions.accept_transfer(chat)
    mirrored(chat)
    told = mia_there.fragment(f"sessions/{chat}/").content.decode()
    assert re.search(r"Ola Nordli accepted this chat at \d\d:\d\d", told)


def test_a_fresh_page_finds_nothing_as_if_it_never_was(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole, ola: Person, sign_in: SignIn
) -> None:
    chat = offer_to_ola(superoffice, mirrored, mia_there)
    assert sign_in(ola).act(chat, "accept_transfer")["done"]
    theirs, absent = mia_there.get(f"sessions/{chat}/"), mia_there.get("sessions/999999/")
    assert theirs.status_code == absent.status_code == 404
    assert theirs.content == absent.content


def test_who_never_had_it_open_is_told_nothing(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    chat = superoffice.chat(user="ola", topic=9, customer="Secret Customer")
    mirrored(chat.id)
    theirs, absent = (mia_there.fragment(f"sessions/{one}/") for one in (chat.id, 999_999))
    assert theirs.status_code == absent.status_code == 404
    assert theirs.content == absent.content


def test_who_only_had_it_open_is_told_that_it_left_and_not_to_whom(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole, ola: Person, sign_in: SignIn
) -> None:
    chat = superoffice.chat(topic=7, customer="Secret Customer")
    mirrored(chat.id)
    mia_there.page(f"sessions/{chat.id}/")
    assert sign_in(ola).act(chat.id, "pick_up")["done"]
    told = mia_there.fragment(f"sessions/{chat.id}/").content.decode()
    assert "no longer among yours" in told
    assert "Ola" not in told
    assert "Secret Customer" not in told
