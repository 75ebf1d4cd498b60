"""Search in the list of sessions: every sentence ever said, shown where it was said."""

import re

import pytest

from chatops.actions.models import TrailEntry
from chatops.demo.adapter import StandIn
from tests.conftest import Person
from tests.console.conftest import AtConsole, Mirrored, SignIn, Stored, carrier, indexed, message
from tests.console.test_lists import shown


def excerpt(page: str) -> str:
    found = re.search(r'class="said found"[^>]*>(.*?)</a>', page, re.S)
    assert found is not None
    return found.group(1)


def test_what_was_said_long_ago_is_found_and_shown_where_it_was_said(
    auditor: AtConsole, stored: Stored
) -> None:
    stored(
        [carrier(1), carrier(2)],
        [
            message(10, 1, Message="Where is my <b>crème brûlée</b> &amp; the spoon?"),
            message(11, 1),
            message(20, 2),
        ],
    )
    indexed()
    page = auditor.page("sessions/", search="creme brulee")
    assert shown(page) == [1]
    assert excerpt(page) == "Where is my <mark>crème</mark> <mark>brûlée</mark> &amp; the spoon?"
    # The customer's name leads there as well: it is what the keys go through.
    assert re.findall(r'href="/admin/sessions/1/([^"]*)"', page) == ["?at=10", "?at=10"]
    assert [one.actor for one in TrailEntry.objects.filter(what="messages_searched")] == [
        auditor.person.user
    ]


def test_markup_in_what_was_said_is_text_in_the_excerpt(auditor: AtConsole, stored: Stored) -> None:
    stored([carrier(1)], [message(10, 1, Message="&lt;script&gt;alert(1)&lt;/script&gt; needle")])
    indexed()
    page = auditor.page("sessions/", search="needle")
    assert excerpt(page) == "&lt;script&gt;alert(1)&lt;/script&gt; <mark>needle</mark>"


def test_pages_of_what_was_found_lead_on_and_back(auditor: AtConsole, stored: Stored) -> None:
    stored([carrier(n) for n in range(1, 121)], [message(1, 50, Message="Customer")])
    indexed()
    first = auditor.page("sessions/", search="customer")
    second = auditor.client.get(f"/admin/sessions/{link(first, 'next')}").content.decode()
    third = auditor.client.get(f"/admin/sessions/{link(second, 'next')}").content.decode()
    assert shown(first) + shown(second) + shown(third) == list(range(120, 0, -1))
    assert link(first, "prev") == link(third, "next") == ""
    back = auditor.client.get(f"/admin/sessions/{link(third, 'prev')}").content.decode()
    assert shown(back) == shown(second)


def link(page: str, rel: str) -> str:
    found = re.search(rf'href="([^"]*)" rel="{rel}"', page)
    return found.group(1).replace("&amp;", "&") if found else ""


def test_a_number_finds_the_chat_of_that_number_first_and_once(
    auditor: AtConsole, stored: Stored
) -> None:
    stored([carrier(n) for n in (7, 8, 9)], [message(1, 9, Message="about 7 things")])
    indexed()
    assert shown(auditor.page("sessions/", search="7")) == [7, 9]
    assert shown(auditor.page("sessions/", search="7", topic=8)) == []


def test_search_and_filters_go_together(auditor: AtConsole, stored: Stored) -> None:
    stored([carrier(1, TopicId=8), carrier(2)], [message(1, 1), message(2, 2)])
    indexed()
    assert shown(auditor.page("sessions/", search="line")) == [2, 1]
    assert shown(auditor.page("sessions/", search="line", topic=8)) == [1]


@pytest.mark.parametrize("text", ['"', "*", "a OR b", "NEAR(a b)", "'", "\\", "%", "customer:*"])
def test_any_text_is_a_search_and_no_error(auditor: AtConsole, stored: Stored, text: str) -> None:
    stored([carrier(1)])
    indexed()
    auditor.page("sessions/", search=text)


def test_an_agent_finds_nothing_of_what_was_said_to_colleagues(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, sign_in: SignIn
) -> None:
    own = superoffice.chat(user="mia", messages=["needle of mine"])
    other = superoffice.chat(user="ola", topic=9, messages=["needle of another"])
    mirrored(own.id, other.id)
    indexed()
    page = sign_in(mia).page("sessions/", search="needle")
    assert shown(page) == [own.id]
    assert "of another" not in page
