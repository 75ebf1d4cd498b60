"""The queue and the list of sessions: what is where, filters, pages, and what they cost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chatops.mirror import ingest
from tests.conftest import Person
from tests.console.conftest import AtConsole, SignIn, Stored, carrier, indexed, message

MINE = {"User": {"AssociateId": 17, "FullName": "Mia Berg"}}
NOBODY = {"User": None, "Status": "InQueue"}


def shown(page: str) -> list[int]:
    """Ids of the sessions in a list, in order."""
    parts = page.split('data-session="')[1:]
    return [int(part.split('"')[0]) for part in parts]


def test_the_queue_puts_each_chat_into_its_box_oldest_waiting_first(
    superoffice: object, mia_there: AtConsole, stored: Stored, mirrored: object
) -> None:
    assert callable(mirrored)
    mirrored()
    stored(
        [
            carrier(1),
            carrier(2, User={"AssociateId": 18}, TransferTo={"AssociateId": 17}),
            carrier(3, **NOBODY, WhenRequested="2026-03-02T09:05:00Z"),
            carrier(4, **NOBODY, WhenRequested="2026-03-02T09:04:00Z"),
            carrier(5, Status="Finished", WhenEnded="2026-03-02T10:00:00Z"),
        ]
    )
    page = mia_there.page()
    boxes = {
        name: shown(page.split(f'id="{name}"')[1].split("</section>")[0])
        for name in ("offered", "waiting", "mine")
    }
    assert boxes == {"offered": [2], "waiting": [4, 3], "mine": [1]}


def test_filters_leave_what_was_asked_for(auditor: AtConsole, stored: Stored) -> None:
    stored(
        [
            carrier(1, CustomerName="Ane", TopicId=8, Rating=5),
            carrier(2, CustomerName="Bo", Status="Finished", WhenEnded="2026-03-02T10:00:00Z"),
            carrier(3, **NOBODY, CustomerCompanyName="Nordlys"),
            carrier(4, WhenRequested="2026-02-01T09:00:00Z", LastMessage="a rare word"),
        ],
        [message(40, 4, Message="a rare word")],
    )
    indexed()
    expected = {
        "show=open": [4, 3, 1],
        "show=ended": [2],
        "show=waiting": [3],
        "show=ongoing": [4, 1],
        "status=Finished": [2],
        "rating=any": [1],
        "rating=5": [1],
        "agent=17": [4, 2, 1],
        "search=nordlys": [3],
        "search=rare": [4],
        "search=2": [2],
        "until=2026-02-15": [4],
        "since=2026-02-15": [3, 2, 1],
    }
    found = {query: shown(auditor.page(f"sessions/?{query}")) for query in expected}
    assert found == expected


@pytest.mark.parametrize(
    "query",
    ["topic=99999", "since=yesterday", "agent=x", "older=x", "older=-1", "rating=9", "show=?",
     "older=99999999999999999999999", "search=%00", "search=99999999999", "status=%3Cb%3E"],
)  # fmt: skip
def test_nonsense_in_the_address_is_no_error(
    auditor: AtConsole, stored: Stored, query: str
) -> None:
    stored([carrier(1)])
    auditor.page(f"sessions/?{query}")


def test_pages_by_key_show_every_session_once(auditor: AtConsole, stored: Stored) -> None:
    stored([carrier(n) for n in range(1, 121)])
    first = auditor.page("sessions/")
    second = auditor.page("sessions/", older=71)
    third = auditor.page("sessions/", older=21)
    assert shown(first) + shown(second) + shown(third) == list(range(120, 0, -1))
    assert 'href="?older=71' in first
    assert 'href="?newer=' not in first
    assert 'href="?older=' not in third
    assert shown(auditor.page("sessions/", newer=20)) == shown(second)


def test_pages_within_a_time_are_the_same_pages(auditor: AtConsole, stored: Stored) -> None:
    stored([carrier(n) for n in range(1, 121)])
    within = {"since": "2020-01-01", "until": "2035-12-31"}
    assert shown(auditor.page("sessions/", **within)) == list(range(120, 70, -1))
    assert shown(auditor.page("sessions/", **within, older=21)) == list(range(20, 0, -1))
    assert shown(auditor.page("sessions/", **within, newer=20)) == list(range(70, 20, -1))
    assert shown(auditor.page("sessions/", until="2020-01-01")) == []


@pytest.mark.sqlite
@pytest.mark.parametrize("more", ["", "&show=ended", "&outcome=picked_up"])
def test_what_a_time_bounds_is_sorted_in_its_index(
    auditor: AtConsole, stored: Stored, more: str
) -> None:
    """Sorted as rows, a year among a million chats took four seconds."""
    stored([carrier(n) for n in range(1, 60)])
    with CaptureQueriesContext(connection) as seen:
        auditor.page(f"sessions/?since=2020-01-01&until=2035-12-31{more}")
    sorting = [one["sql"] for one in seen if " + 0)" in one["sql"]]
    assert len(sorting) == 1
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sorting[0]}")
        plan = " ".join(str(row[-1]) for row in cursor.fetchall())
    assert "USING COVERING INDEX" in plan, plan


@pytest.mark.parametrize("page", ["", "sessions/", "actions/"])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    mia: Person, sign_in: SignIn, stored: Stored, page: str
) -> None:
    console = sign_in(mia)
    console.page(page)  # the first one notes when the session began

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            console.page(page)
        return len(seen)

    stored([carrier(n) for n in range(1, 4)] + [carrier(n, **NOBODY) for n in range(4, 7)])
    few = queries()
    stored([carrier(n) for n in range(10, 60)] + [carrier(n, **NOBODY) for n in range(60, 90)])
    assert queries() == few <= 20


def test_no_list_counts_a_big_table(auditor: AtConsole, stored: Stored) -> None:
    stored([carrier(n) for n in range(1, 60)])
    with CaptureQueriesContext(connection) as seen:
        auditor.page("sessions/")
    counted = [one["sql"] for one in seen if "COUNT(" in one["sql"]]
    # The two counters of the navigation are about open sessions and about what needs a person.
    assert all("is_open" in sql or "mirror_chatsession" not in sql for sql in counted)


def test_a_chat_that_superoffice_no_longer_has_says_so(auditor: AtConsole, stored: Stored) -> None:
    stored([carrier(1)])
    ingest.mark_gone([1], reading=ingest.next_reading())
    assert "no longer has this chat" in auditor.page("sessions/1/")
    assert shown(auditor.page("")) == []
