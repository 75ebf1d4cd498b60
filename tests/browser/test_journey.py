"""A day at the console: what a person does, seen in the browser and at SuperOffice."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.cable import laid
from tests.browser.conftest import MakeWindow
from tests.browser.house import House, Window

pytestmark = pytest.mark.browser


def test_accept_answer_and_see_the_customer_write_on(house: House, window: MakeWindow) -> None:
    chat = house.office.chat(offered_to="mia", customer="Journey One", messages=["Can you help?"])
    mia = window()
    page = mia.sign_in("mia")
    mia.is_live()
    page.locator("#offered").get_by_role("link", name="Journey One").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("#toasts")).to_contain_text("The chat is yours.")
    assert house.office.session(chat.id).user == 17

    writing = page.get_by_label("Message to the customer")
    writing.fill("Of course: <what> is it about?")
    writing.press("Control+Enter")
    expect(page.locator("#said .us .bubble").last).to_have_text("Of course: <what> is it about?")
    expect(writing).to_have_value("")
    assert house.office.session(chat.id).messages[-1].author == "Mia Berg"

    mia.is_live()
    writing.fill("half a sen")
    house.office.say(chat.id, "It is about my invoice.")
    expect(page.locator("#said .them .bubble").last).to_have_text("It is about my invoice.")
    expect(writing).to_have_value("half a sen")
    expect(writing).to_be_focused()


def test_an_offer_appears_by_itself_and_is_rejected_with_a_key(
    house: House, window: MakeWindow
) -> None:
    mia = window()
    page = mia.sign_in("mia")
    mia.is_live()
    chat = house.office.chat(offered_to="mia", customer="Journey Two")
    row = page.locator(f"#offered [data-session='{chat.id}']")
    expect(row).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(\d+\) Queue"))
    row.get_by_role("link").focus()
    page.keyboard.press("r")
    expect(row).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("You declined the chat")
    now = house.office.session(chat.id)
    assert (now.user, now.transfer_to) == (18, None)


def test_while_superoffice_thinks_nothing_said_before_is_taken_for_its_answer(
    house: House, window: MakeWindow
) -> None:
    chat = house.office.chat(user="mia", customer="Journey Slow")
    page = window().sign_in("mia")
    page.locator("#mine").get_by_role("link", name="Journey Slow").click()
    composer, told = page.locator("[data-composer] textarea"), page.locator("#toasts .note")
    composer.fill("One")
    composer.press("Control+Enter")
    expect(told).to_have_text("Sent.")
    # The send itself: a poll in between would have taken a slow read upon itself.
    sending = f"ChatSession/{chat.id}/Messages"
    house.office.fault("slow", path=sending, method="POST", times=1, seconds=4)
    composer.fill("Two")
    composer.press("Control+Enter")
    expect(told).to_have_count(0)
    expect(page.get_by_role("button", name="Send")).to_have_class(re.compile("busy"))
    expect(told).to_contain_text("has not answered yet")
    expect(told).to_have_text("Sent.")
    expect(page.locator("#said .us .bubble").last).to_have_text("Two")


def test_an_edited_address_is_seen_at_superoffice(house: House, window: MakeWindow) -> None:
    chat = house.office.chat(user="mia", customer="Journey Three", email="old@example.net")
    page = (mia := window()).sign_in("mia")
    page.locator("#mine").get_by_role("link", name="Journey Three").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("E-mail").fill("new@example.net")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#customer")).to_contain_text("new@example.net")
    assert house.office.session(chat.id).email == "new@example.net"
    assert mia.overflow() <= 0


def test_a_chat_that_a_colleague_took_leaves_the_queue(house: House, window: MakeWindow) -> None:
    chat = house.office.chat(topic=7, customer="Journey Four")
    mia, ola = window(), window()
    mine, theirs = mia.sign_in("mia"), ola.sign_in("ola")
    row = mine.locator(f"#waiting [data-session='{chat.id}']")
    expect(row).to_be_visible()
    theirs.locator(f"#pick_up-{chat.id}").click()
    expect(theirs.locator("[data-composer]")).to_be_visible()
    expect(row).to_have_count(0)
    assert house.office.session(chat.id).user == 18


def test_a_browser_that_was_asleep_shows_the_same_as_one_that_was_not(
    house: House, window: MakeWindow, chromium: Browser
) -> None:
    chat = house.office.chat(user="mia", customer="Journey Five", messages=["First"])
    with laid(house.url) as cable:
        awake, asleep = window(), Window(replace(house, url=cable.url), chromium)
        pages = [one.sign_in("mia") for one in (awake, asleep)]
        for one, page in zip((awake, asleep), pages, strict=True):
            page.locator("#mine").get_by_role("link", name="Journey Five").click()
            one.is_live()
        pages[1].evaluate("window.wasHere = true")
        power = asleep.context.new_cdp_session(pages[1])
        power.send("Page.setWebLifecycleState", {"state": "frozen"})
        cable.pull()
        for number in range(50):
            house.office.say(chat.id, f"line {number}")
        expect(pages[0].locator("#said .them .bubble").last).to_have_text("line 49")
        cable.plug()
        power.send("Page.setWebLifecycleState", {"state": "active"})
        expect(pages[1].locator("#said .them .bubble").last).to_have_text("line 49")
        said = [page.locator("#said .bubble").all_inner_texts() for page in pages]
        assert said[0] == said[1]
        assert len(said[1]) == 51
        asleep.is_live()
        assert pages[1].evaluate("window.wasHere")  # the same page: it was not loaded anew
        asleep.close()
    # Chromium itself tells of what it could not load while it was away.
    assert [one for one in asleep.complaints if "net::ERR_" not in one] == []


def test_without_script_everything_works_as_plain_forms(house: House, window: MakeWindow) -> None:
    chat = house.office.chat(offered_to="mia", customer="Journey Six")
    page = window(java_script_enabled=False).sign_in("mia")
    accept = page.locator(f"#accept_transfer-{chat.id}")
    # Nothing comes by itself without script: the reader loads the page again.
    for _ in range(120):
        if accept.count():
            break
        page.wait_for_timeout(250)
        page.reload()
    accept.click()
    expect(page.locator("#toasts")).to_contain_text("The chat is yours.")
    page.get_by_label("Message to the customer").fill("Plain and simple")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#said")).to_contain_text("Plain and simple")
    assert house.office.session(chat.id).messages[-1].text == "Plain and simple"


def test_the_keyboard_goes_everywhere(house: House, window: MakeWindow) -> None:
    house.office.chat(user="mia", customer="Journey Seven")
    mia = window()
    page = mia.sign_in("mia")
    mia.is_live()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_selector("[data-screen=sessions]")
    mia.is_live()  # a page hears its keys once its script has begun
    page.keyboard.press("/")
    page.keyboard.type("Journey Seven")
    page.keyboard.press("Enter")
    expect(page.locator("[data-open]")).to_have_count(1)
    mia.is_live()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-screen=session]")
    mia.is_live()
    page.keyboard.press("c")
    expect(page.get_by_label("Message to the customer")).to_be_focused()


def test_two_who_look_at_the_same_chat_see_each_other(house: House, window: MakeWindow) -> None:
    chat = house.office.chat(user="mia", topic=7, customer="Journey Eight", messages=["Hello"])
    mia, kari = window(), window()
    agent, lead = mia.sign_in("mia"), kari.sign_in("kari")
    agent.locator("#mine").get_by_role("link", name="Journey Eight").click()
    lead.locator("#others").get_by_role("link", name="Journey Eight").click()
    expect(lead.locator("#lookers")).to_have_text("Also looking: Mia Berg")
    agent.reload()
    expect(agent.locator("#lookers")).to_have_text("Also looking: Kari Lunde")
    assert house.office.session(chat.id).user == 17


def test_a_page_begins_at_what_is_new_and_at_what_was_looked_for(
    house: House, window: MakeWindow
) -> None:
    lines = [f"line {number}" for number in range(60)]
    chat = house.office.chat(user="mia", topic=7, customer="Journey Nine", messages=lines)
    mia, kari = window(), window()
    lead = kari.sign_in("kari")
    lead.locator("#others").get_by_role("link", name="Journey Nine").click()
    watching = lead.locator("#said .bubble")
    expect(watching).to_have_count(len(lines))
    page = mia.sign_in("mia")
    page.locator("#mine").get_by_role("link", name="Journey Nine").click()
    expect(page.locator("#said .bubble").last).to_be_in_viewport()
    mia.is_live()
    mia.open()
    mia.is_live()
    for number in range(30):
        house.office.say(chat.id, f"news {number}")
    # A queue tells the last line before the mirror has read all of them.
    expect(watching.last).to_have_text("news 29")
    page.locator("#mine").get_by_role("link", name="Journey Nine").click()
    expect(page.locator("#said .unread")).to_be_in_viewport()
    expect(page.locator("#said .unread + * .bubble")).to_have_text("news 0")
    first = page.locator("#said .bubble", has_text="line 5").first
    message = first.locator("xpath=..").get_attribute("data-key") or ""
    mia.open(f"sessions/{chat.id}/?at={message.removeprefix('m')}")
    expect(page.locator("#said .target .bubble")).to_be_in_viewport()


def test_a_stranger_takes_a_chat_answers_hands_it_over_and_finds_it_again(
    house: House, window: MakeWindow
) -> None:
    """By what the screen says alone: labels and sentences, in the order one would read them."""
    chat = house.office.chat(topic=7, customer="Journey Ten", messages=["Where is the zebra?"])
    mia, ola = window(), window()
    page, colleague = mia.sign_in("mia"), ola.sign_in("ola")
    page.get_by_role("button", name="Pick up: Journey Ten").click()
    page.get_by_label("Message to the customer").fill("Let me ask Ola.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#said")).to_contain_text("Let me ask Ola.")
    page.locator("main").get_by_text("Transfer", exact=True).click()
    choices = page.get_by_label("Offer this chat to")
    choices.select_option(value="18")
    page.get_by_role("button", name="Offer", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Offered to Ola Nordli")
    expect(page.locator("#chat-facts")).to_contain_text("Ola Nordli")
    colleague.get_by_role("button", name="Accept: Journey Ten").click()
    expect(colleague.get_by_label("Message to the customer")).to_be_visible()
    assert house.office.session(chat.id).user == 18
    told = page.get_by_role("heading", name="Ola Nordli accepted this chat at")
    expect(told).to_be_visible()
    expect(told).to_be_focused()
    page.locator("main").get_by_role("link", name="To the queue").click()
    expect(page.locator("[data-screen=queue]")).to_be_visible()
    mia.open(f"sessions/{chat.id}/")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    # Chromium itself tells of an answer 404.
    mia.complaints = [one for one in mia.complaints if "404" not in one]
    # The chat is Ola's now, so it is Ola who finds it again, by what was said.
    colleague.get_by_role("link", name="Sessions").first.click()
    colleague.get_by_role("searchbox", name="Search").fill("zebra")
    colleague.get_by_role("button", name="Find").click()
    colleague.locator("#rows").get_by_role("link", name="Where is the zebra?").click()
    expect(colleague.locator("#said .target .bubble")).to_have_text("Where is the zebra?")
