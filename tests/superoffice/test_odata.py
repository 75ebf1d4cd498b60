"""Lists are paged by key, and nothing about a page is taken on trust (contract G)."""

import re
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chatops.superoffice import odata
from chatops.superoffice.errors import UnreadableAnswer
from tests.superoffice.conftest import Connect
from tests.superoffice.wires import Asked, Step, answer, serving


def query(asked: Asked) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(asked.target).query).items()}


def listing(ids: list[int], *, hidden: frozenset[int] = frozenset(), full: bool = False) -> Step:
    """A server with these sessions; `hidden` ones count for `$top` but are left out."""

    def step(connection: Any, asked: Asked) -> bool:
        options = query(asked)
        found = re.match(r"chatSessionId gt (\d+)", options["$filter"])
        after = int(found[1]) if found else 0
        page = [n for n in sorted(ids) if n > after][: int(options["$top"])]
        if page and not set(page) - hidden:  # never an empty page in the middle
            page = [n for n in sorted(ids) if n > after and n not in hidden][:1]
        rows = [row(n, full=full) for n in reversed(page) if n not in hidden]
        link = "http://inner.invalid/next"
        return answer({"odata.nextLink": link, "value": rows})(connection, asked)

    return step


def row(number: int, *, full: bool) -> dict[str, Any]:
    if not full:
        return {"PrimaryKey": str(number), "EntityName": "chat", "chatSessionId": number}
    cells = {"chatSessionId": {"RawValue": number, "DisplayValue": f"[I:{number}]"}}
    return {"PrimaryKey": number, "EntityName": "chat", "TableRight": {"Mask": 1}, "Column": cells}


def read(connect: Connect, step: Step, **options: Any) -> tuple[list[list[int]], list[Asked]]:
    with serving(step) as wire:
        found = odata.pages(connect(wire), "ChatSession", select=["chatSessionId"], **options)
        return [[r.pk for r in page] for page in found], wire.asked


@pytest.mark.parametrize("full", [False, True])
def test_pages_follow_the_key_until_one_is_empty(full: bool, connect: Connect) -> None:
    pages, asked = read(connect, listing([5, 6, 7, 8, 9], full=full), top=2)
    assert pages == [[5, 6], [7, 8], [9]]
    assert [query(a)["$filter"] for a in asked] == [
        f"chatSessionId gt {n}" for n in (0, 6, 8, 9)
    ]  # fmt: skip
    assert query(asked[0])["$orderBy"] == "chatSessionId"
    assert query(asked[0])["$select"] == "chatSessionId"


def test_a_short_page_is_not_the_end(connect: Connect) -> None:
    pages, _ = read(connect, listing([1, 2, 3, 4, 5, 6], hidden=frozenset({2, 3, 4})), top=2)
    assert [n for page in pages for n in page] == [1, 5, 6]


def test_reading_starts_after_a_given_key_and_adds_the_filter(connect: Connect) -> None:
    pages, asked = read(connect, listing([1, 2, 3]), after=2, filter="status oneOf (4,5)")
    assert pages == [[3]]
    assert query(asked[0])["$filter"] == "chatSessionId gt 2 and status oneOf (4,5)"


def test_no_more_than_five_hundred_rows_are_asked_for(connect: Connect) -> None:
    _, asked = read(connect, listing([1]), top=10_000)
    assert query(asked[0])["$top"] == "500"


def test_full_mode_gives_raw_values(connect: Connect) -> None:
    with serving(listing([48213], full=True)) as wire:
        pages = odata.pages(connect(wire), "ChatSession", select=["status"], mode="Full")
        [first] = next(pages)
        assert first.values == {"chatSessionId": 48213}
        assert query(wire.asked[0])["$mode"] == "Full"
        assert query(wire.asked[0])["$select"] == "chatSessionId,status"


def test_a_list_that_does_not_move_on_ends_with_an_error(connect: Connect) -> None:
    stuck = answer({"value": [row(5, full=False)]})
    with serving(stuck) as wire:
        pages = odata.pages(connect(wire), "ChatSession", select=[])
        next(pages)
        with pytest.raises(UnreadableAnswer):
            next(pages)


@pytest.mark.parametrize("body", [{"value": {}}, {"value": ["x"]}, "text", 7, True])
def test_what_is_no_list_is_unreadable(body: Any, connect: Connect) -> None:
    encoded = f'"{body}"' if isinstance(body, str) else body
    with serving(answer(encoded)) as wire, pytest.raises(UnreadableAnswer):
        list(odata.pages(connect(wire), "ChatSession", select=[]))


def test_dynamic_rows_are_keyed_by_their_column(connect: Connect) -> None:
    rows = [{"PrimaryKey": "0", "EntityName": "x", "chat_message.id": n} for n in (3, 4)]
    with serving(answer({"value": rows}), answer({"value": []})) as wire:
        pages = odata.pages(connect(wire), "Archive/dynamic", select=[], key="chat_message.id")
        assert [r.pk for r in next(pages)] == [3, 4]
        assert list(pages) == []
        assert query(wire.asked[1])["$filter"] == "chat_message.id gt 4"


def test_filter_literals_are_written_as_documented() -> None:
    east = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=1)))
    assert odata.at_or_after("whenEnded", east) == "whenEnded afterTime '2026-03-01T00:30:00'"
    assert odata.one_of("status", [4, 5, 6]) == "status oneOf (4,5,6)"
    assert odata.quoted("it's") == "'it''s'"
