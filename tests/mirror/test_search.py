"""Search: any sentence ever written, the same answers on both databases, and never an error."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from chatops.mirror import feed, ingest, search, search_rows, text_index, words
from chatops.mirror.models import ChatSession, Counter, SearchText
from chatops.mirror.search import Where
from tests.mirror.carriers import message, read_messages, read_session, session

pytestmark = pytest.mark.django_db

ALL = ChatSession.objects.all()
EVERYWHERE = Where(texts=ALL, customers=ALL, personal=ALL)


def index() -> None:
    while text_index.index_due():
        pass


def said(*texts: str, session_id: int = 1) -> None:
    """A session in which these messages stand; their ids follow on the session's."""
    read_session(session(session_id))
    first = session_id * 100
    carriers = [message(first + n, one, session_id=session_id) for n, one in enumerate(texts)]
    read_messages(*carriers, session_id=session_id)
    index()


def found(query: str) -> list[int]:
    return [one.message_id for one in search.messages(query, ALL).hits]


def test_a_sentence_is_found_whatever_its_case_accents_and_markup() -> None:
    said("Where is my <b>crème brûlée</b>?", "It was delivered to R&aring;dhusgata 4")
    assert found("creme BRULEE") == [100]
    assert found("rådhusgata 4") == [101]
    assert found("radhusgata") == [101]
    assert found("brulee rådhusgata") == []


def test_all_words_count_and_the_last_may_be_unfinished() -> None:
    said("the invoice is wrong", "the invitation is lost")
    assert found("wrong inv") == [100]
    assert found("inv") == [101, 100]
    assert found("inv wrong") == []  # only the last word may be unfinished
    assert found('"inv"') == []


def test_a_phrase_is_words_that_follow_each_other() -> None:
    said("cancel my order please", "my cancel please order")
    assert found('"my order"') == [100]
    assert found('"my order') == [100]
    assert found("order my") == [101, 100]
    assert found("please-order") == [101]


def test_addresses_and_numbers_are_found_as_they_are_written() -> None:
    said("write to ola@example.net about #4711", "example net ola", "order 47115")
    assert found("ola@example.net") == [100]
    assert found("4711 ") == [102, 100]
    assert found('"4711"') == [100]


def test_scripts_without_spaces_are_found_by_a_piece() -> None:
    said("我想取消我的订单", "注文をキャンセルしたい", "ฉันต้องการยกเลิก", "हिन्दी में", "שלום עולם")
    assert found("取消") == [100]
    assert found("キャンセル") == [101]
    assert found("ยกเลิก") == [102]
    assert found("हिन्दी") == [103]
    assert found("שלום") == [104]


def test_newest_comes_first_and_pages_follow_each_other_without_gap() -> None:
    for one in range(1, 8):
        said("hello there", "hello again", session_id=one)
    pages, after = [], None
    while True:
        page = search.messages("hello", ALL, limit=3, after=after)
        pages += [one.message_id for one in page.hits]
        after = page.next
        if after is None:
            break
    assert pages == [one * 100 + n for one in range(7, 0, -1) for n in (1, 0)]


def test_the_excerpt_shows_what_stands_around_and_marks_the_words() -> None:
    said("x " * 300 + "please <i>refund</i> my Order now" + " y" * 300)
    parts = search.messages("refund order", ALL).hits[0].excerpt
    assert [text for text, hit in parts if hit] == ["refund", "Order"]
    shown = "".join(text for text, _ in parts)
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert "<i>" not in shown
    assert len(shown) < 400


def test_only_the_sessions_that_are_handed_in_are_searched() -> None:
    said("secret plan", session_id=1)
    said("secret plan", session_id=2)
    mine = ChatSession.objects.filter(pk=1)
    assert [one.session_id for one in search.messages("secret", mine).hits] == [1]
    assert search.messages("secret", None).hits == []
    assert search.sessions("secret", Where(texts=mine)).hits == [1]


def test_each_part_of_a_session_is_searched_for_those_who_may_read_it() -> None:
    read_session(session(1, CustomerName="Kari Nordmann", CustomerEmail="k@example.net"))
    index()
    assert search.sessions("nordmann", Where(customers=ALL)).hits == [1]
    assert search.sessions("nordmann", Where(texts=ALL, personal=ALL)).hits == []
    assert search.sessions("k@example.net", Where(personal=ALL)).hits == [1]
    assert search.sessions("k@example.net", Where(texts=ALL, customers=ALL)).hits == []


def test_each_session_has_the_newest_message_that_holds_the_words() -> None:
    said("hello you", "hello again", "bye", session_id=1)
    said("nothing", session_id=2)
    said(*["hello"] * 120, session_id=3)
    hits = search.newest("hello", ALL, [1, 2, 3, 4])
    assert {one: hit.message_id for one, hit in hits.items()} == {1: 101, 3: 419}
    assert hits[1].excerpt == [("", False), ("hello", True), (" again", False)][1:]
    assert search.newest("hello", ALL.exclude(pk=3), [1, 3]).keys() == {1}
    assert search.newest("", ALL, [1]) == {}


def test_sessions_are_listed_once_each_in_both_directions_and_by_pages() -> None:
    for one in range(1, 30):
        said("hello", "hello", "hello", session_id=one)
    for ascending in (True, False):
        ids: list[int] = []
        after = None
        while True:
            page = search.sessions("hello", EVERYWHERE, limit=4, after=after, ascending=ascending)
            ids += page.hits
            after = page.next
            if after is None:
                break
        assert ids == sorted(range(1, 30), reverse=not ascending)
    assert search.sessions("hello", EVERYWHERE, after=search.beyond(3)).hits == [2, 1]
    above = search.sessions(
        "hello", EVERYWHERE, limit=2, after=search.beyond(3, ascending=True), ascending=True
    )
    assert above.hits == [4, 5]


def test_what_is_gone_leaves_the_index_and_what_comes_back_comes_back() -> None:
    said("hello", "goodbye")
    for _ in range(2):
        read_messages(message(100, "hello", session_id=1), session_id=1)
    index()
    assert found("goodbye") == []
    ingest.mark_gone([1], reading=ingest.next_reading())
    index()
    assert found("hello") == []
    assert not search_rows.matching(words.query("hello"), 0, 2**63 - 1, limit=5)[0]
    read_session(session(1))
    index()
    assert found("hello") == [100]


def test_a_changed_text_is_found_by_its_new_words_only() -> None:
    said("first")
    read_messages(message(100, "second", session_id=1), session_id=1)
    index()
    assert (found("first"), found("second")) == ([], [100])


def test_a_feed_that_starts_anew_or_was_pruned_makes_the_index_again() -> None:
    said("hello", session_id=1)
    feed.start_anew()
    index()
    assert found("hello") == [100]
    SearchText.objects.all().delete()
    Counter.objects.filter(name=text_index.SEARCHED).update(value=-5)
    index()
    assert found("hello") == [100]


def test_nothing_due_is_one_look() -> None:
    said("hello")
    assert text_index.index_due() == 0


def test_a_page_looks_at_a_bounded_number_of_rows() -> None:
    """Somebody may read one old session only, among many that hold the word."""
    for one in range(1, 40):
        said("hello", "hello", "hello", session_id=one)
    mine = ChatSession.objects.filter(pk=1)
    pages = [search.messages("hello", mine, at_most=40)]
    while (after := pages[-1].next) is not None:
        pages.append(search.messages("hello", mine, at_most=40, after=after))
    assert pages[0].hits == []
    assert len(pages) > 2
    assert [hit.message_id for page in pages for hit in page.hits] == [102, 101, 100]


class AnyText(TestCase):
    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.text(max_size=60) | st.text(alphabet="ab\"'*:()-^ \\%&|!<>{}", max_size=60))
    def test_any_text_is_a_query_and_any_text_is_found_by_itself(self, typed: str) -> None:
        plain = typed.replace("<", " ").replace("&", " ").replace('"', " ").replace("\x00", "")
        said(plain)
        assert search.messages(typed, ALL) is not None
        if words.query(plain) and len(words.of(plain)) <= words.MOST_TERMS:
            assert found(plain) == [100]
        assert search.excerpt(typed, plain) is not None


def test_a_query_longer_than_any_sentence_is_cut_and_answered() -> None:
    said("hello")
    assert found("hello " * 10_000) == [100]
    assert found("x" * 100_000) == []


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_index_is_walked_without_gap_or_double_however_far_its_rows_lie_apart(
    seed: int, ascending: bool
) -> None:
    # Crowds and deserts of sessions: within a block, from block to block, and millions away.
    dice, session_id, numbers = random.Random(seed), 0, []
    for _ in range(400):
        session_id += dice.choice((1, 1, 1, 1, 2, 300, 5_000, 70_000, 1_100_000))
        numbers.append(search_rows.number(session_id, dice.randint(1, 10**6)))
    spoken = {one: ["often", *(["seldom"] if dice.random() < 0.03 else [])] for one in numbers}
    search_rows.write(list(spoken.items()))
    for word in ("often", "seldom", "never"):
        expected = sorted(one for one, said in spoken.items() if word in said)
        for limit in (1, 7, 50, 1000):
            walked: list[int] = []
            low, high = 0, (1 << 63) - 1
            while True:
                rows, end = search_rows.matching(
                    words.query(f'"{word}"'), low, high, limit=limit, ascending=ascending
                )
                assert len(rows) <= limit
                walked += rows
                if end is None:
                    break
                low, high = (end + 1, high) if ascending else (low, end - 1)
            assert walked == (expected if ascending else expected[::-1])
