"""The conversation: every kind of message as what it is, in the reader's days, in windows."""

import pytest

from chatops.console import conversation, wording
from chatops.superoffice.entities import ChatMessageSpecialType, ChatSessionStatus
from tests.console.conftest import AtConsole, Stored, carrier, message

CHAT = 50


def test_every_special_type_is_shown_as_what_it_is(mia_there: AtConsole, stored: Stored) -> None:
    kinds = [str(kind) for kind in ChatMessageSpecialType]
    stored(
        [carrier(CHAT)],
        [
            message(n, CHAT, SpecialType=kind, Type="Special", Message=f"text of {kind}")
            for n, kind in enumerate(kinds, start=1)
        ],
    )
    page = mia_there.page(f"sessions/{CHAT}/")
    assert len(kinds) == 18
    for kind in kinds:
        assert f"text of {kind}" in page
    for word in wording.EVENTS.values():
        assert str(word.label) in page


def test_a_special_type_and_a_status_never_seen_before_are_shown_by_their_name(
    mia_there: AtConsole, stored: Stored
) -> None:
    stored(
        [carrier(CHAT, Status="AskedTheOracle")],
        [message(1, CHAT, SpecialType="Hologram", Type="Special")],
    )
    page = mia_there.page(f"sessions/{CHAT}/")
    assert "AskedTheOracle" in page
    assert "Hologram" in page


@pytest.mark.parametrize("status", list(ChatSessionStatus))
def test_every_status_has_words_of_its_own(status: ChatSessionStatus) -> None:
    assert str(wording.status(str(status)).label)
    assert str(status) in wording.STATUS


def test_options_of_a_bot_are_shown_whatever_stands_in_the_parameter(
    mia_there: AtConsole, stored: Stored
) -> None:
    broken = ("not json", "{}", "[" * 200, '"text"', "")
    stored(
        [carrier(CHAT)],
        [
            message(1, CHAT, SpecialType="Options", SpecialParam='["Invoices", "Something else"]'),
            *(
                message(n, CHAT, SpecialType="Options", SpecialParam=param)
                for n, param in enumerate(broken, start=2)
            ),
        ],
    )
    page = mia_there.page(f"sessions/{CHAT}/")
    assert "<li>Invoices</li><li>Something else</li>" in page
    assert page.count('<ul class="options">') == 1


def test_days_are_the_readers_days(mia_there: AtConsole, stored: Stored) -> None:
    stored(
        [carrier(CHAT)],
        [
            message(1, CHAT, WhenPosted="2026-03-02T22:30:00Z"),
            message(2, CHAT, WhenPosted="2026-03-02T23:30:00Z"),
        ],
    )
    assert mia_there.page(f"sessions/{CHAT}/").count('class="day"') == 1
    mia_there.client.cookies["chatops_zone"] = "Europe/Oslo"
    page = mia_there.page(f"sessions/{CHAT}/")
    assert page.count('class="day"') == 2
    assert "Tuesday 3 March 2026" in page
    assert 'title="2026-03-03 00:30:00 CET"' in page


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Mars/Olympus", "x" * 500, "Europe"])
def test_a_nonsense_time_zone_is_utc(mia_there: AtConsole, stored: Stored, zone: str) -> None:
    stored([carrier(CHAT)], [message(1, CHAT)])
    mia_there.client.cookies["chatops_zone"] = zone
    assert "09:02:00 UTC" in mia_there.page(f"sessions/{CHAT}/")


def test_a_long_conversation_comes_in_windows_without_gap_or_overlap(
    mia_there: AtConsole, stored: Stored
) -> None:
    ids = range(1, 2 * conversation.WINDOW + 51)
    stored([carrier(CHAT)], [message(n, CHAT) for n in ids])
    seen: list[int] = []
    before: int | None = None
    while True:
        window = conversation.window(CHAT, before=before)
        seen = [one.id for one in window.said] + seen
        before = window.earlier
        if before is None:
            break
    assert seen == list(ids)
    page = mia_there.page(f"sessions/{CHAT}/")
    assert page.count('data-key="m') == conversation.WINDOW
    earlier = mia_there.page(f"sessions/{CHAT}/", before=251)
    assert "Line 250<" in earlier
    assert "Line 251<" not in earlier


def test_a_delayed_message_of_a_bot_stands_where_it_is_shown(stored: Stored) -> None:
    stored(
        [carrier(CHAT)],
        [
            message(1, CHAT, SpecialType="BotMessage", WhenPosted="2026-03-02T09:05:00Z"),
            message(2, CHAT, WhenPosted="2026-03-02T09:04:00Z"),
        ],
    )
    assert [one.id for one in conversation.window(CHAT).said] == [2, 1]


def test_read_marks_are_said_in_words(mia_there: AtConsole, stored: Stored) -> None:
    stored(
        [carrier(CHAT)],
        [
            message(1, CHAT, Type="ToCustomer", ReadByCustomer=1),
            message(2, CHAT, Type="ToCustomer"),
        ],
    )
    page = mia_there.page(f"sessions/{CHAT}/")
    assert page.count('aria-label="Read by the customer"') == 1
    assert page.count('aria-label="Sent"') == 1


def test_a_fragment_is_the_changing_part_and_nothing_around_it(
    mia_there: AtConsole, stored: Stored
) -> None:
    stored([carrier(CHAT)], [message(1, CHAT)])
    fragment = mia_there.fragment(f"sessions/{CHAT}/").content.decode()
    assert "<html" not in fragment
    assert 'id="said"' in fragment
    assert 'id="side-nav"' in fragment
    assert "data-number=" in fragment
