"""Many chats at once, in the browser: ticked by mouse and key, begun, watched, cancelled."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import MakeWindow
from tests.browser.house import House

pytestmark = pytest.mark.browser


def waiting(house: House, name: str, count: int) -> None:
    """Chats that Mia has, with names in a row."""
    for number in range(1, count + 1):
        house.office.chat(user="mia", customer=f"{name} {number}", messages=["Hello?"])


def listed(page: Page, name: str, count: int) -> None:
    """Open the list of those chats; it is there, and live, when all of them are."""
    home = page.url.split("/admin/")[0]
    page.goto(f"{home}/admin/sessions/?show=ongoing&agent=17")
    page.wait_for_selector(".live[data-state=live]", state="attached")
    expect(page.locator("#rows tr", has_text=f"{name} ")).to_have_count(count)


def ticked(page: Page) -> int:
    return page.locator('input[name="id"]:checked').count()


def test_ticking_by_mouse_and_by_key_and_what_is_ticked_stays(
    house: House, window: MakeWindow
) -> None:
    waiting(house, "Tick", 5)
    mia = window()
    page = mia.sign_in("mia")
    listed(page, "Tick", 5)
    page.get_by_label("Choose Tick 5").click()
    page.get_by_label("Choose Tick 3").click(modifiers=["Shift"])
    expect(page.locator("#picked")).to_have_text("3 chosen")
    # A box that was clicked keeps no key from working.
    page.keyboard.press("x")
    expect(page.locator("#picked")).to_have_text("2 chosen")
    page.get_by_role("link", name="Tick 2").focus()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("#picked")).to_have_text("4 chosen")
    chat = page.locator("tr", has_text="Tick 5")
    house.office.say(int(chat.get_attribute("data-session") or 0), "One more thing")
    expect(chat).to_contain_text("One more thing")
    assert ticked(page) == 4
    page.get_by_label("This page").click()
    assert ticked(page) == page.locator('input[name="id"]').count()
    page.get_by_label("This page").click()
    assert ticked(page) == 0
    # What can be done with many is there once one is ticked.
    expect(page.get_by_label("What to do")).to_be_hidden()
    page.get_by_role("link", name="Tick 2").focus()
    page.keyboard.press("x")
    page.keyboard.press("d")
    expect(page.get_by_label("What to do")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Choose the chat, or not")


def test_a_run_is_watched_to_its_end_and_every_row_tells(house: House, window: MakeWindow) -> None:
    waiting(house, "Hand over", 4)
    mia = window()
    page = mia.sign_in("mia")
    listed(page, "Hand over", 4)
    for number in range(1, 5):
        page.get_by_label(f"Choose Hand over {number}").check()
    page.get_by_label("What to do").select_option("transfer")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Possible for 4 chats")).to_be_visible()
    mia.is_live()
    page.get_by_label("To", exact=True).select_option(label="Ola Nordli · present")
    page.get_by_role("button", name="Begin with 4 chats").click()
    expect(page.locator("#progress-title")).to_have_text("4 of 4 gone through", timeout=15_000)
    rows = page.locator("#run-rows li")
    expect(rows.filter(has_text="Offered to Ola Nordli")).to_have_count(4)
    expect(rows.filter(has_text="To come")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel the rest")).to_have_count(0)
    rows.first.get_by_role("link", name="Action").click()
    expect(page.locator("h1")).to_have_text("Transfer")


def test_a_run_is_cancelled_on_its_page(house: House, window: MakeWindow) -> None:
    waiting(house, "Never", 3)
    mia = window()
    page = mia.sign_in("mia")
    listed(page, "Never", 3)
    house.office.fault("slow", method="GET", path="ChatSession/", seconds=1.0)
    try:
        for number in range(1, 4):
            page.get_by_label(f"Choose Never {number}").check()
        page.get_by_label("What to do").select_option("transfer")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("To", exact=True).select_option(label="Ola Nordli · present")
        page.get_by_role("button", name="Begin with 3 chats").click()
        page.get_by_role("button", name="Cancel the rest").click()
        expect(page.locator("#toasts")).to_contain_text("Nothing more is begun")
        expect(page.locator("#run-head")).to_contain_text("Cancelled")
        expect(page.locator("#run-rows li").filter(has_text="Cancelled")).not_to_have_count(0)
    finally:
        house.office.clear_faults()


def test_it_works_without_script(house: House, window: MakeWindow) -> None:
    waiting(house, "Plain", 2)
    mia = window(java_script_enabled=False)
    page = mia.sign_in("mia")
    mia.open("sessions/?show=ongoing&agent=17")
    rows = page.locator("#rows tr", has_text="Plain ")
    while rows.count() < 2:
        page.reload()
    for number in (1, 2):
        page.get_by_label(f"Choose Plain {number}").check()
    page.get_by_label("What to do").select_option("tag")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Tag").fill("no script")
    page.get_by_role("button", name="Begin with 2 chats").click()
    for _ in range(40):
        if "2 of 2" in (page.locator("#progress-title").text_content() or ""):
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.locator("#run-rows li").filter(has_text="Done")).to_have_count(2)
