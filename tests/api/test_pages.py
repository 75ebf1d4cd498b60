"""Pages by key: complete and without repeats, whatever is written meanwhile, both ways."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chatops.api.pages import Cursor, encode
from chatops.api.params import INT64
from chatops.mirror import statistics
from chatops.mirror.models import ChatSession
from tests.api.conftest import Bulk, MakeProgram, Program
from tests.conftest import MakePerson, Person

ORDERINGS = ["id", "-id", "requested_at", "-requested_at", "ended_at", "-ended_at"]


def walk(api: Program, path: str | None, towards: str = "next") -> list[list[int]]:
    pages = []
    while path:
        answer = api.get(path)
        assert answer.status == 200, answer.response.content
        pages.append(answer.ids())
        path = answer.json[towards]
    return pages


def flat(pages: list[list[int]]) -> list[int]:
    return [one for page in pages for one in page]


def expected(ordering: str) -> list[int]:
    """The order in Python's own words: rows without a value last, ties by id."""
    column, down = ordering.lstrip("-"), ordering.startswith("-")
    rows = list(ChatSession.objects.values("id", column))
    full = [row for row in rows if row[column] is not None]
    empty = [row for row in rows if row[column] is None]
    full.sort(key=lambda row: (row[column], row["id"]), reverse=down)
    empty.sort(key=lambda row: row["id"], reverse=down)
    return [row["id"] for row in [*full, *empty]]


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("size", [1, 4, 7, 100])
def test_pages_are_the_whole_list_in_order(
    api: Program, bulk: Bulk, ordering: str, size: int
) -> None:
    bulk(range(1, 15))
    bulk(range(70, 75))  # the same times as others: ties
    pages = walk(api, f"sessions/?ordering={ordering}&page_size={size}")
    assert flat(pages) == expected(ordering)
    assert all(len(page) == size for page in pages[:-1])


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_the_way_back_is_the_way_there(api: Program, bulk: Bulk, ordering: str) -> None:
    bulk(range(1, 12))
    start = f"sessions/?ordering={ordering}&page_size=3"
    there = walk(api, start)
    last = start
    while (following := api.get(last).json["next"]) is not None:
        last = following
    back = walk(api, last, "previous")
    assert back == there[::-1]


def test_what_is_written_meanwhile_shifts_no_page(api: Program, bulk: Bulk) -> None:
    bulk(range(100, 120))
    first = api.get("sessions/?page_size=5")
    bulk(range(120, 140))  # newer ones, before the page
    ChatSession.objects.filter(pk=first.ids()[-1]).delete()  # the row at the edge
    rest = flat(walk(api, first.json["next"]))
    assert [*first.ids(), *rest] == list(range(119, 99, -1))


def test_a_page_keeps_its_filters(api: Program, bulk: Bulk) -> None:
    bulk(range(1, 10), TopicId=8)
    bulk(range(10, 20), TopicId=7)
    assert flat(walk(api, "sessions/?topic=8&page_size=2")) == list(range(9, 0, -1))


@pytest.mark.parametrize("column", ["requested", "ended"])
@pytest.mark.parametrize("side", ["after=2000-01-01T00:00Z", "before=2100-01-01T00:00Z"])
def test_what_a_time_bounds_comes_newest_first_by_that_time(
    api: Program, bulk: Bulk, column: str, side: str
) -> None:
    bulk(range(1, 12))
    bulk(range(70, 75))  # the same times as others: ties
    held = ChatSession.objects.exclude(**{f"{column}_at": None})
    wanted = list(held.order_by(f"-{column}_at", "-id").values_list("id", flat=True))
    assert flat(walk(api, f"sessions/?{column}_{side}&page_size=4")) == wanted
    asked = flat(walk(api, f"sessions/?{column}_{side}&page_size=4&ordering=-id"))
    assert asked == sorted(wanted, reverse=True)


def test_a_cursor_of_another_order_is_refused(api: Program, bulk: Bulk) -> None:
    bulk(range(1, 5))
    following = api.get("sessions/?page_size=1&ordering=requested_at").json["next"]
    answer = api.get(following.replace("ordering=requested_at", "ordering=id"))
    assert (answer.status, answer.code) == (422, "invalid")


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-02", "soon"]
)
@pytest.mark.parametrize("ordering", ["requested_at", "-ended_at"])
def test_a_cursor_at_no_time_of_the_calendar_is_refused(
    api: Program, bulk: Bulk, ordering: str, moment: str, back: bool
) -> None:
    bulk(range(1, 5))
    cursor = encode(Cursor(back, moment, 3))
    answer = api.get(f"sessions/?ordering={ordering}&cursor={cursor}")
    assert (answer.status, answer.code) == (422, "invalid")


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_the_way_back_from_a_page_that_became_empty_leaves_nothing_out(
    api: Program, bulk: Bulk, ordering: str
) -> None:
    bulk(range(1, 7))
    bulk(range(60, 67))  # some at the same times: ties
    for size in range(1, 13):
        first = api.get(f"sessions/?ordering={ordering}&page_size={size}")
        kept = ChatSession.objects.exclude(pk__in=first.ids())
        with atomic_and_back():
            kept.delete()
            empty = api.get(first.json["next"])
            assert empty.ids() == []
            assert empty.json["next"] is None
            assert api.get(empty.json["previous"]).ids() == first.ids()


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_the_way_on_from_a_page_that_became_empty_leaves_nothing_out(
    api: Program, bulk: Bulk, ordering: str
) -> None:
    bulk(range(1, 7))
    bulk(range(60, 67))  # some at the same times: ties
    for size in range(1, 7):
        first = api.get(f"sessions/?ordering={ordering}&page_size={size}")
        second = api.get(first.json["next"])
        with atomic_and_back():
            ChatSession.objects.filter(pk__in=first.ids()).delete()
            empty = api.get(second.json["previous"])
            assert empty.ids() == []
            assert empty.json["previous"] is None
            assert api.get(empty.json["next"]).ids() == second.ids()


@contextmanager
def atomic_and_back() -> Iterator[None]:
    """What is done within is undone after it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize(("ordering", "last"), [("-id", 0), ("id", INT64)])
@pytest.mark.parametrize("back", [False, True])
def test_a_cursor_at_the_end_of_all_numbers_leads_to_another_that_is_good(
    api: Program, ordering: str, last: int, back: bool
) -> None:
    cursor = encode(Cursor(back, None, last))
    found = api.get(f"sessions/?ordering={ordering}&cursor={cursor}").json
    assert api.get(found["next"] or found["previous"]).status == 200


@pytest.mark.parametrize("scopes", [("read",), ("read", "transcripts", "personal")])
@pytest.mark.parametrize(
    "query",
    ["", "&expand=carrier", "&fields=id", "&search=customer", "&ordering=-requested_at"],
)
def test_a_page_of_one_and_a_page_of_many_cost_the_same_queries(
    somebody: Person, program: MakeProgram, bulk: Bulk, scopes: Any, query: str
) -> None:
    bulk(range(1, 60))
    caller = program(somebody, *scopes)
    caller.get("sessions/")
    counts = {size: queries(caller, f"sessions/?page_size={size}{query}") for size in (1, 50)}
    assert counts[1] == counts[50]
    assert counts[1] <= 10


def test_a_page_that_reaches_the_rows_without_a_value_costs_one_query_more(
    api: Program, bulk: Bulk
) -> None:
    bulk(range(1, 60))
    api.get("sessions/")
    counts = {
        size: queries(api, f"sessions/?page_size={size}&ordering=ended_at") for size in (1, 50)
    }
    assert counts[50] == counts[1] + 1


def test_a_lead_who_sees_rows_in_different_ways_costs_the_same_queries(
    kari: Person, at_console: Any, mirrored: Any, bulk: Bulk
) -> None:
    mirrored()
    bulk(range(1, 60), User={"AssociateId": 19})
    caller = at_console(kari)
    caller.get("sessions/")
    counts = [queries(caller, f"sessions/?page_size={size}") for size in (1, 50)]
    assert counts[0] == counts[1] <= 12


def queries(caller: Program, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert caller.get(path).status == 200
    return len(captured)


def test_no_list_counts_the_whole_table(api: Program, bulk: Bulk) -> None:
    bulk(range(1, 60))
    with CaptureQueriesContext(connection) as captured:
        api.get("sessions/?page_size=5")
    assert not [one for one in captured if "COUNT(" in one["sql"].upper()]


FILTERS = [
    "", "status=InQueue", "status=InQueue&topic=7", "status=Finished", "open=true", "topic=7",
    "user=me", "transfer_to=me", "person=5", "contact=5", "rating=3", "gone=true",
]  # fmt: skip


@pytest.fixture
def many(bulk: Bulk, topics: None) -> None:
    """So many that the database's statistics, which the worker keeps, tell it how to walk."""
    for topic in range(1, 13):
        bulk(range(200 * topic, 200 * topic + 200), TopicId=topic)
    statistics.refresh()


@pytest.mark.sqlite
@pytest.mark.parametrize("role", ["agent", "auditor"])
def test_every_ordering_is_a_walk_along_an_index_on_every_page(
    person: MakePerson, program: MakeProgram, many: None, role: str
) -> None:
    caller = program(person("mia", role, link=role == "agent"))
    for ordering in ORDERINGS:
        path = f"sessions/?page_size=5&ordering={ordering}"
        for page in (path, caller.get(path).json["next"]):
            for plan in plans(caller, page):
                assert "FOR ORDER BY" not in plan, f"{ordering}: {plan}"


@pytest.mark.sqlite
def test_every_filter_is_found_by_an_index(api: Program, many: None) -> None:
    for query in FILTERS:
        for plan in plans(api, f"sessions/?page_size=5&{query}"):
            assert not query or re.search(r"mirror_chatsession USING (COVERING )?INDEX", plan), (
                f"{query}: {plan}"
            )


def plans(caller: Program, path: str) -> list[str]:
    """How SQLite comes to the sessions of a list."""
    with CaptureQueriesContext(connection) as captured:
        assert caller.get(path).status == 200
    asked = [one["sql"] for one in captured if '"mirror_chatsession"."rendered"' in one["sql"]]
    assert asked
    with connection.cursor() as cursor:
        rows = [cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in asked]
    return [" / ".join(str(row[-1]) for row in found) for found in rows]
