"""Forty hostile texts in every field that the remote fills, in a browser that would run them."""

import pytest
from playwright.sync_api import Dialog, expect

from tests.browser.conftest import MakeWindow
from tests.browser.house import House
from tests.console.test_hostile import HOSTILE

pytestmark = pytest.mark.browser

FIRST = "Are you there?"


@pytest.fixture(scope="module")
def chats(house: House) -> list[int]:
    """A chat of Mia's for each text: it is the customer's name, company, address and words."""
    return [
        house.office.chat(
            user="mia",
            topic=7,
            customer=text[:200],
            company=text[:200],
            email=text[:200],
            messages=[FIRST, text],
        ).id
        for text in HOSTILE
    ]


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_executes_and_nothing_breaks_the_layout(
    house: House, window: MakeWindow, chats: list[int], width: int
) -> None:
    mia = window(viewport={"width": width, "height": 860})
    page = mia.sign_in("mia")
    said: list[str] = []

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", hear)
    expect(page.locator(f"#mine [data-session='{chats[-1]}']")).to_be_attached()
    wide = {}
    of_chats = [f"sessions/{chat}/{more}" for chat in chats for more in ("", "edit/")]
    lists = ["", "sessions/", "sessions/?search=alert", "actions/", "numbers/"]
    for path in [*lists, *of_chats]:
        mia.open(path)
        assert page.url == f"{house.url}/admin/{path}"
        if mia.overflow() > 0:
            wide[path] = mia.overflow()
    assert (said, wide) == ([], {})


@pytest.mark.parametrize("width", [390, 1000])
def test_a_colleague_with_a_hostile_name_breaks_no_layout(
    house: House, window: MakeWindow, width: int
) -> None:
    """Names of agents come from SuperOffice as well, and stand in columns of their own."""
    long = [text[:200] for text in HOSTILE if len(text) > 120]
    assert len(long) > 2
    last = 0
    for number, text in enumerate(long):
        user = f"h{width}x{number}"
        house.office.add_person(user, name=text)
        last = house.office.chat(user=user, topic=7, customer=f"Of {user}", messages=[FIRST]).id
    lead = window(viewport={"width": width, "height": 860})
    page = lead.sign_in("kari")
    expect(page.locator(f"#others [data-session='{last}']")).to_be_attached()
    wide = {}
    for path in ("", "sessions/", f"sessions/{last}/", f"sessions/{last - 1}/", "numbers/"):
        lead.open(path)
        if lead.overflow() > 0:
            wide[path] = lead.overflow()
    assert wide == {}
