"""What stays as it is while the page is brought up to date, and what does not stay behind."""

import time

import pytest
from playwright.sync_api import Page, Request, Route, expect

from chatops.demo import rules
from chatops.demo.adapter import Chat
from tests.browser.conftest import MakeWindow
from tests.browser.house import House, Window

pytestmark = pytest.mark.browser


def opened(mia: Window, name: str) -> Page:
    """Mia's page of her chat with that customer, live."""
    page = mia.sign_in("mia")
    page.locator("#mine").get_by_role("link", name=name).click()
    mia.is_live()
    return page


def said(page: Page, chat: Chat, text: str) -> None:
    """The customer writes; the page shows it."""
    chat.say(text)
    expect(page.locator("#said .bubble").last).to_have_text(text)


def requests_for(page: Page, part: str) -> list[Request]:
    """What the page asks for from here on, of addresses with that part."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if part in request.url else None)
    return asked


def late(route: Route) -> None:
    """Let the answer come after what the feed tells of it."""
    answer = route.fetch()
    time.sleep(1)
    route.fulfill(response=answer)


def test_half_a_note_stays_and_what_came_meanwhile_is_shown_when_it_is_gone(
    house: House, window: MakeWindow
) -> None:
    chat = house.office.chat(user="mia", customer="Live Note", messages=["Hello"])
    page = opened(mia := window(), "Live Note")
    elsewhere = mia.context.new_page()
    elsewhere.goto(page.url)
    note = page.get_by_label("Note for colleagues")
    note.fill("half a no")
    page.get_by_label("Message to the customer").focus()
    elsewhere.get_by_label("Add a tag").fill("vip")
    elsewhere.get_by_role("button", name="Tag", exact=True).click()
    expect(elsewhere.locator(".tags")).to_have_text("vip")
    said(page, chat, "One more thing")
    expect(note).to_have_value("half a no")
    note.fill("")
    note.blur()
    expect(page.locator(".tags")).to_have_text("vip")


def test_what_is_typed_while_a_message_is_sent_stays(house: House, window: MakeWindow) -> None:
    chat = house.office.chat(user="mia", customer="Live Typing", messages=["Hello"])
    page = opened(window(), "Live Typing")
    sending = f"ChatSession/{chat.id}/Messages"
    house.office.fault("slow", path=sending, method="POST", times=1, seconds=1)
    writing = page.get_by_label("Message to the customer")
    writing.fill("One")
    writing.press("Control+Enter")
    page.keyboard.type(" and two")
    expect(page.locator("#toasts .note")).to_have_text("Sent.")
    assert chat.now.messages[-1].text == "One"
    expect(writing).to_have_value(" and two")
    page.reload()
    expect(writing).to_have_value(" and two")


def test_letters_that_were_meant_for_a_field_that_went_press_nothing(
    house: House, window: MakeWindow
) -> None:
    chat = house.office.chat(user="mia", customer="Live Gone", messages=["Hello"])
    page = opened(window(), "Live Gone")
    picked_up = requests_for(page, "/do/pick_up/")
    page.get_by_label("Message to the customer").focus()
    page.keyboard.type("we ")
    page.clock.set_fixed_time(time.time())  # the letters come soon, however slow the machine is
    office = house.office.office
    with office.lock:
        rules.reset(office, chat.now, office.associate("mia"))
    closed = page.locator("#composer-closed")
    expect(closed).to_be_focused()
    page.keyboard.type("hop")
    assert picked_up == []
    page.locator("#talk-head h1").click()
    page.keyboard.press("p")
    expect(page.get_by_label("Message to the customer")).to_have_value("we ")
    assert len(picked_up) == 1


def test_the_head_follows_what_one_did_and_what_happened_while_its_menu_was_open(
    house: House, window: MakeWindow
) -> None:
    chat = house.office.chat(user="mia", customer="Live Head", messages=["Hello"])
    page = opened(window(), "Live Head")
    head, facts = page.locator("#talk-head"), page.locator("#chat-facts")
    menu = page.locator("#transfer-menu summary")
    menu.focus()
    before = head.evaluate_handle("one => one")
    said(page, chat, "Are you there?")
    page.wait_for_function("one => !one.isConnected", arg=before)
    expect(menu).to_be_focused()

    menu.press("Enter")
    chat.offer("ola")
    expect(facts).to_contain_text("Ola Nordli")
    expect(head).not_to_contain_text("offered to")
    page.keyboard.press("Escape")
    expect(head).to_contain_text("offered to Ola Nordli")

    office = house.office.office
    with office.lock:
        rules.reject_transfer(office, chat.now, office.associate("ola"))
    menu.click()
    page.get_by_label("Offer this chat to").select_option("18")
    page.route("**/do/transfer/", late)
    page.get_by_role("button", name="Offer", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Offered to Ola Nordli")
    expect(head).to_contain_text("offered to Ola Nordli")


def test_new_is_what_was_not_seen_and_earlier_comes_once(house: House, window: MakeWindow) -> None:
    lines = [f"line {number}" for number in range(230)]
    chat = house.office.chat(user="mia", customer="Live Log", messages=lines)
    page = opened(window(), "Live Log")
    said(page, chat, "Seen")
    expect(page.locator("#said .bubble").last).to_be_in_viewport()
    page.locator("#log").evaluate("one => { one.scrollTop = 0; }")
    chat.offer("ola")
    expect(page.locator("#chat-facts")).to_contain_text("Ola Nordli")
    pill = page.get_by_role("button", name="New messages")
    expect(pill).to_have_count(0)
    said(page, chat, "Not seen")
    pill.click()
    expect(page.locator("#said .bubble").last).to_be_in_viewport()
    expect(pill).to_have_count(0)

    asked = requests_for(page, "before=")
    page.get_by_role("link", name="Earlier messages").dblclick()
    expect(page.locator("#earlier .bubble")).to_have_count(30)
    assert len(asked) == 1


def test_what_stands_beside_the_lists_is_live_as_they_are(house: House, window: MakeWindow) -> None:
    page = (kari := window()).sign_in("kari")
    kari.is_live()
    # As if nobody had been waiting when the page came.
    page.locator("#queue-head form").evaluate("one => one.remove()")
    chat = house.office.chat(customer="Live First")
    expect(page.locator(f"#waiting [data-session='{chat.id}']")).to_be_visible()
    expect(page.get_by_role("button", name="Pick up the next")).to_be_visible()

    kari.open("sessions/")
    kari.is_live()
    older = page.get_by_role("link", name="Older")
    before = older.get_attribute("href") or ""
    chat = house.office.chat(customer="Live Second")
    expect(page.locator(f"#rows [data-session='{chat.id}']")).to_be_visible()
    expect(older).not_to_have_attribute("href", before)

    kari.open("replies/")
    kari.is_live()
    offers = int(page.locator("#tabs").get_attribute("data-offers") or 0)
    house.office.chat(offered_to="kari", customer="Live Third")
    expect(page.locator("#tabs")).to_have_attribute("data-offers", str(offers + 1))
    assert kari.overflow() <= 0


def test_an_action_asks_on_its_page_once_nobody_knows(house: House, window: MakeWindow) -> None:
    chat = house.office.chat(user="mia", customer="Live Lost", messages=["Hello"])
    page = opened(mia := window(), "Live Lost")
    sending = f"ChatSession/{chat.id}/Messages"
    house.office.fault("drop_before", method="POST", path=sending, times=1)
    page.get_by_label("Message to the customer").fill("Did this arrive?")
    page.get_by_role("button", name="Send").click()
    page.locator("#sends a").first.click()
    page.wait_for_selector("[data-screen=action]")
    expect(page.get_by_role("button", name="It happened")).to_be_visible()
    assert mia.overflow() <= 0


def test_whose_sign_in_is_over_reads_why(house: House, window: MakeWindow) -> None:
    """The reason is told once: to the page itself, not to what was fetched for it."""
    page = (mia := window()).sign_in("mia")
    mia.is_live()
    read: list[str] = []
    page.on(
        "response",
        lambda one: read.append(one.request.resource_type) if "/login/" in one.url else None,
    )
    mia.context.clear_cookies()
    house.office.chat(customer="Live Away")
    expect(page.get_by_label("User name")).to_be_visible()
    assert read == ["document"]
