"""Search over what was ever said: exact, bounded, and only in what the caller may read."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from chatops.actions.models import TrailEntry
from chatops.api import messages
from chatops.demo.adapter import StandIn
from tests.api.conftest import Bulk, MakeProgram, Mirrored, Program, indexed, say
from tests.api.test_pages import walk
from tests.conftest import MakePerson, Person


def flat(pages: list[list[int]]) -> list[int]:
    return [one for page in pages for one in page]


def test_a_word_is_found_with_what_stands_around_it(api: Program, bulk: Bulk) -> None:
    bulk([1])
    say(1, {10: "My <b>invoice</b> is wrong", 11: "Which Invoice?", 12: "Never mind"})
    answer = api.get("messages/?search=invoice")
    assert answer.ids() == [11, 10]
    found = answer.json["results"][1]
    assert (found["session_id"], found["excerpt"]) == (1, "My invoice is wrong")
    [(start, end)] = found["highlights"]
    assert found["excerpt"][start:end] == "invoice"
    assert TrailEntry.objects.filter(what="messages_searched").exists()


@pytest.mark.parametrize("few", [0, 500])
def test_what_was_said_last_comes_first_of_the_sessions_that_one_sees(
    program: MakeProgram,
    person: MakePerson,
    bulk: Bulk,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
) -> None:
    """However many they are: they are found by their ids, or gone through from the newest."""
    monkeypatch.setattr(messages, "FEW", few)
    bulk([1, 2], TopicId=7)
    bulk([3], TopicId=9)
    for session in (1, 2, 3):
        say(session, {session * 10: "one", session * 10 + 1: "two"})
    auditor = person("auditor", "auditor", link=False)
    api = program(auditor, "read", "transcripts", topics=[7])
    page = api.get("messages/?page_size=3")
    assert [*page.ids(), *api.get(page.json["next"]).ids()] == [21, 20, 11, 10]
    assert api.get("messages/?session=1").ids() == [11, 10]
    assert api.get("messages/?session=3").ids() == []


@pytest.mark.parametrize(
    "words", ["ørsted", "ØRSTED", "ørst", "pa <fredag> &", "lørdag, 100 %", '"kommer på fredag"']
)
def test_words_are_found_as_they_are_read(api: Program, bulk: Bulk, words: str) -> None:
    bulk([1])
    say(1, {10: "Ørsted kommer på &lt;fredag&gt; &amp; lørdag, 100 % _", 11: "something else"})
    assert api.get("messages/").ids() == [11, 10]
    answer = api.call("GET", f"messages/?search={quote(words)}")
    assert answer.ids() == [10]


def test_markup_is_not_what_was_said(api: Program, bulk: Bulk) -> None:
    bulk([1])
    say(1, {10: '<a href="https://hidden.example">click</a>'})
    assert api.get("messages/?search=hidden").ids() == []
    assert api.get("messages/?search=click").ids() == [10]


@pytest.mark.parametrize("words", ["%", "_", '""', "<&>"])
def test_what_has_no_word_finds_nothing(api: Program, bulk: Bulk, words: str) -> None:
    bulk([1])
    say(1, {10: "100 % _ <&>"})
    for path in ("messages/", "sessions/"):
        assert api.call("GET", f"{path}?search={quote(words)}").json == {
            "next": None,
            "previous": None,
            "results": [],
        }


def test_pages_of_what_was_found_can_be_walked_both_ways(api: Program, bulk: Bulk) -> None:
    bulk(range(1, 8))
    for one in range(1, 8):
        say(one, {one * 10 + n: "needle" if n else "hay" for n in range(3)})
    found = [one * 10 + n for one in range(7, 0, -1) for n in (2, 1)]
    assert flat(walk(api, "messages/?search=needle&page_size=3")) == found
    assert flat(walk(api, "sessions/?search=needle&page_size=2")) == list(range(7, 0, -1))
    ascending = walk(api, "sessions/?search=needle&page_size=2&ordering=id")
    assert flat(ascending) == list(range(1, 8))
    for path in ("messages/?search=needle&page_size=3", "sessions/?search=needle&page_size=2"):
        first = api.get(path).json
        second = api.get(first["next"])
        assert first["previous"] is None
        assert api.get(second.json["previous"]).json["results"] == first["results"]


def test_what_one_page_looks_through_is_bounded_and_the_next_goes_on(
    somebody: Person, program: MakeProgram, bulk: Bulk
) -> None:
    """Of these only the oldest is in a topic of the token's: the pages before it are empty."""
    bulk([1], TopicId=8)
    bulk([2, 3], TopicId=7)
    say(1, {1: "needle"})
    say(2, dict.fromkeys(range(10, 6000), "needle"))
    say(3, dict.fromkeys(range(6000, 12_000), "needle"))
    caller = program(somebody, "read", "transcripts", topics=[8])
    pages = walk(caller, "messages/?search=needle")
    assert pages == [[], [1]]
    empty = caller.get(caller.get("messages/?search=needle").json["next"])
    assert caller.get(empty.json["previous"]).ids() == []


def test_a_search_is_asked_again_when_the_index_has_caught_up(api: Program, bulk: Bulk) -> None:
    bulk([1])
    before = api.get("sessions/?search=customer")
    assert before.ids() == []
    assert api.get("sessions/?search=customer", If_None_Match=before["ETag"]).status == 304
    indexed()
    after = api.get("sessions/?search=customer", If_None_Match=before["ETag"])
    assert (after.status, after.ids()) == (200, [1])


def test_an_agent_finds_only_what_was_said_in_own_chats(
    superoffice: StandIn, mia: Person, at_console: Callable[[Person], Program], mirrored: Mirrored
) -> None:
    own = superoffice.chat(user="mia", messages=["needle of mine"])
    other = superoffice.chat(user="ola", topic=9, messages=["needle of another"])
    mirrored(own.id, other.id)
    indexed()
    found = at_console(mia).get("messages/?search=needle").json["results"]
    assert {one["session_id"] for one in found} == {own.id}


def test_a_search_is_narrowed_by_session_and_time(
    somebody: Person, program: MakeProgram, bulk: Bulk
) -> None:
    bulk([1, 2])
    say(1, {10: "needle"})
    say(2, {20: "needle"})
    caller = program(somebody, "read", "transcripts")
    assert caller.get("messages/?search=needle&session=2").ids() == [20]
    assert caller.get("messages/?search=needle&session=2").json["next"] is None
    assert caller.get("messages/?search=needle&session=1").ids() == [10]
    assert caller.get("messages/?search=needle&session=3").ids() == []
    assert caller.get("sessions/?search=needle&topic=8").ids() == []
    assert caller.get("messages/?search=needle&after=2026-03-03").ids() == []
    assert caller.get("messages/?search=needle&before=2026-03-03").ids() == [20, 10]


def test_search_and_another_order_do_not_go_together(api: Program) -> None:
    answer = api.get("sessions/?search=x&ordering=ended_at")
    assert answer.json["errors"][0]["field"] == "ordering"


def test_an_excerpt_of_a_long_text_stays_short(api: Program, bulk: Bulk) -> None:
    bulk([1])
    say(1, {10: "a " * 500 + "😀 Needle" + " b" * 500})
    [found] = api.get("messages/?search=needle").json["results"]
    [(start, end)] = found["highlights"]
    assert found["excerpt"][start:end] == "Needle"
    assert len(found["excerpt"]) < 400


def test_a_transcript_is_text_or_a_page_without_anything_that_runs(
    api: Program, bulk: Bulk
) -> None:
    bulk([1])
    say(
        1,
        {
            10: 'Hi<br>there<script>alert(1)</script> <a href="javascript:x">y</a>',
            11: '<img src=x onerror=alert(1)><b>bold</b> <a href="https://example.net">z</a>',
        },
    )
    text = api.get("sessions/1/transcript/")
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    assert text.response.content.decode().splitlines()[:2] == [
        "[2026-03-02T09:15:00Z] Ola: Hi",
        "    therealert(1) y",
    ]
    page = api.get("sessions/1/transcript/?as=html").response.content.decode()
    assert "<b>bold</b>" in page
    assert 'href="https://example.net"' in page
    for bad in ("script", "onerror", "<img", "javascript:"):
        assert bad not in page
    assert api.get("sessions/1/transcript/?as=pdf").status == 422
