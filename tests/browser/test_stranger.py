"""Somebody on her first day: with a phone, in the dark, in Norwegian; and without a mouse."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeWindow
from tests.browser.house import House

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "nb-NO"}
#: What would take a click in the middle of an element: itself, or what lies over it. Found and
#: looked at in one go: the page is brought up to date meanwhile.
REACHED = """(selector) => {
  const one = document.querySelector(selector);
  const box = one.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return top === one || one.contains(top);
}"""
#: Whether the focus is on something, all of it in the window, with a ring or a frame around it.
SEEN = """() => {
  const one = document.activeElement;
  const box = one.getBoundingClientRect();
  const framed = (at) => at && getComputedStyle(at).outlineStyle !== "none";
  const across = box.left >= 0 && box.right <= innerWidth;
  const upright = box.top >= 0 && box.bottom <= innerHeight;
  return one !== document.body && [one, one.closest("li")].some(framed) && across && upright;
}"""

#: Answers come before the browser has drawn again, as on a busy machine.
AT_ONCE = """() => {
  window.fetch = (address, { method = "GET", headers = {}, body = null } = {}) => {
    const line = new XMLHttpRequest();
    line.open(method, address, false);
    Object.entries(headers).forEach((one) => line.setRequestHeader(...one));
    line.send(body);
    const [status, text] = [line.status, line.responseText];
    const type = line.getResponseHeader("Content-Type") ?? "";
    return Promise.resolve({
      status, ok: status < 400, redirected: line.responseURL !== new URL(address, location).href,
      headers: { get: () => type }, text: async () => text, json: async () => JSON.parse(text),
    });
  };
}"""


def reached(page: Page, selector: str) -> bool:
    """Whether a finger on this would press it."""
    answer: bool = page.evaluate(REACHED, selector)
    return answer


def test_with_a_phone_in_the_dark_in_norwegian(house: House, window: MakeWindow) -> None:
    chat = house.office.chat(topic=7, customer="Fremmed En", messages=["Hvor er sebraen?"])
    mia = window(**PHONE)
    page = mia.open()
    page.get_by_label("Brukernavn").fill("mia")
    page.get_by_label("Passord").fill("mia-demo")
    page.get_by_role("button", name="Logg på").click()
    page.get_by_role("button", name="Ta: Fremmed En").click()
    for line in ("Hei!", "Jeg ser på det nå."):
        page.get_by_label("Melding til kunden").fill(line)
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#said .us .bubble").last).to_have_text(line)
    # What went well is told once, and hides nothing that one works with.
    expect(page.locator("#toasts .note")).to_have_text("Sendt.")
    assert all(reached(page, one) for one in ("#transfer-menu summary", ".talk-head .back"))
    # What stands below the conversation shows its head.
    expect(page.locator("#customer-title")).to_be_in_viewport()
    page.locator("summary", has_text="Hurtigsvar").click()
    expect(page.get_by_text("Det du ofte skriver, kan stå her.")).to_be_visible()
    page.keyboard.press("Escape")

    page.locator("#transfer-menu summary").click()
    page.get_by_role("button", name="Tilby", exact=True).click()
    # Nobody was chosen, so nobody was offered anything.
    assert house.office.session(chat.id).transfer_to is None
    page.get_by_label("Tilby denne samtalen til").select_option("18")
    page.get_by_role("button", name="Tilby", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Tilbudt Ola Nordli")
    assert mia.overflow() <= 0

    page.locator("#tabs").get_by_role("link", name="Samtaler").click()
    page.get_by_role("searchbox").fill("sebraen")
    page.get_by_role("button", name="Finn", exact=True).click()
    expect(page.locator("#rows mark").first).to_have_text("sebraen")
    page.locator("#rows").get_by_role("link", name="Fremmed En").click()
    expect(page.locator("#said .target .bubble")).to_have_text("Hvor er sebraen?")
    expect(page.locator("#said .target .bubble")).to_be_in_viewport()
    page.locator(".topbar summary").click()
    for word in ("Lyst eller mørkt", "Tastatur", "English", "Logg av"):
        expect(page.locator(".topbar .sheet").get_by_text(word, exact=True)).to_be_visible()
    assert mia.overflow() <= 0


def test_without_a_mouse(house: House, window: MakeWindow) -> None:
    chat = house.office.chat(offered_to="mia", customer="Stranger Two", messages=["A red zebra?"])
    mia = window()
    page = mia.open()
    keys = page.keyboard

    def is_seen() -> None:
        page.wait_for_function(SEEN)

    is_seen()
    keys.type("mia")
    keys.press("Tab")
    keys.type("mia-demo")
    keys.press("Enter")
    row = page.locator(f"#offered [data-session='{chat.id}']")
    expect(row).to_be_visible()
    mia.is_live()
    keys.press("?")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_focused()
    keys.press("Escape")
    while not row.locator("a:focus").count():
        keys.press("j")
        is_seen()
    keys.press("a")
    writing = page.get_by_label("Message to the customer")
    expect(writing).to_be_focused()
    keys.type("Let me ask Ola.")
    keys.press("Control+Enter")
    expect(page.locator("#said .us .bubble").last).to_have_text("Let me ask Ola.")
    is_seen()
    keys.press("Escape")
    keys.press("t")
    expect(page.get_by_label("Offer this chat to")).to_be_focused()
    keys.type("Ola")
    keys.press("Tab")
    is_seen()
    keys.press("Enter")
    expect(page.locator("#chat-facts")).to_contain_text("Ola Nordli")
    assert house.office.session(chat.id).transfer_to == 18
    expect(writing).to_be_focused()

    keys.press("Escape")
    keys.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    is_seen()
    keys.type("red zebra")
    for _ in range(60):  # the worker reads new texts into the index every second
        with page.expect_navigation():
            keys.press("Enter")
        if page.locator("#rows mark").count():
            break
        page.wait_for_timeout(250)
        keys.press("/")
    expect(page.locator("#rows mark").first).to_be_visible()
    keys.press("j")
    is_seen()
    keys.press("Enter")
    expect(page.locator("#said .target .bubble")).to_have_text("A red zebra?")
    keys.press("e")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    is_seen()


def test_what_was_done_leads_back_to_where_one_writes_however_soon_it_is_answered(
    house: House, window: MakeWindow
) -> None:
    chat = house.office.chat(user="mia", customer="Stranger Three")
    page = (mia := window()).sign_in("mia")
    page.locator("#mine").get_by_role("link", name="Stranger Three").click()
    mia.is_live()
    page.keyboard.press("t")
    page.get_by_label("Offer this chat to").select_option("18")
    page.keyboard.press("Tab")
    page.evaluate(AT_ONCE)
    page.keyboard.press("Enter")
    expect(page.locator("#chat-facts")).to_contain_text("Ola Nordli")
    assert house.office.session(chat.id).transfer_to == 18
    expect(page.get_by_label("Message to the customer")).to_be_focused()
