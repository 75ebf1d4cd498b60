"""What a page costs: the same for two hundred chats as for ten, and no table is counted through."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chatops.actions.models import Action, State, TrailEntry, Verb
from chatops.console.admin.operators import Bounded
from chatops.notebook.models import Note, Review
from chatops.sync.models import WebhookDelivery
from tests.conftest import MakePerson, Person
from tests.console.conftest import AtConsole, Mirrored, SignIn, Stored, carrier, indexed, message

#: All within one block of sessions of the text index on PostgreSQL, which is asked block by block.
FIRST, FEW, MANY = 1030, 10, 200
DEEP = FIRST + FEW // 2
#: Lists at their beginning and deep in them, searches, and one chat.
PAGES = {
    "kari": (
        "",
        "sessions/",
        f"sessions/?older={DEEP}",
        f"sessions/?newer={DEEP}",
        f"sessions/?show=ended&topic=7&agent=17&rating=5&older={DEEP}",
        "sessions/?tag=vip",
        "sessions/?search=needle",
        f"sessions/?search=needle&older={DEEP}",
        f"sessions/?search={DEEP}",
        "sessions/?search=nowhere",
        f"sessions/{DEEP}/",
        f"sessions/{DEEP}/?before={DEEP}",
        "sessions/bulk/",
        "actions/",
        f"actions/?older={DEEP}",
        "review/",
        f"review/?older={DEEP}",
        "replies/",
    ),
    # An operator and an agent: listed all, and told the words of some.
    "ola": (
        "?",
        "sessions/?show=open",
        f"sessions/?show=open&older={DEEP}",
        "sessions/?search=needle&show=open",
    ),
    "oscar": (
        "actions/trailentry/",
        "actions/trailentry/?p=1",
        f"actions/trailentry/?q={DEEP}",
        "actions/trailentry/?q=tag_put",
        "mirror/inbox/",
        f"mirror/inbox/?older={DEEP}",
        "mirror/associate/",
        "mirror/chattopic/",
        "remote/agent/",
        "auth/user/",
    ),
}
#: What grows for as long as there are chats.
GROWS = ("mirror_chatsession", "mirror_chatmessage", "actions_action", "actions_trailentry")
COUNTS = re.compile(r"\bCOUNT\(", re.I)
ALL_CHATS = re.compile(r'\bIN \(SELECT \w+\."id"( AS "\w+")? FROM "mirror_chatsession"', re.I)


def fill(numbers: range, owner: User, stored: Stored) -> None:
    """Of everything that a list shows, a row for each number; every fourth chat goes on."""
    over = {"Status": "Finished", "WhenEnded": "2026-03-02T10:00:00Z", "Rating": 5}
    stored(
        [carrier(n, **(over if n % 4 else {})) for n in numbers],
        [message(n, n, Message=f"needle {n}") for n in numbers],
    )
    now = timezone.now()
    Action.objects.bulk_create(
        Action(
            pk=n,
            verb=Verb.SEND_MESSAGE,
            state=State.NEEDS_PERSON if n % 5 == 0 else State.DONE,
            session_id=n,
            requested_by=owner,
            caller=f"user:{owner.pk}",
            asked={"request": {"message": "Yes"}},
            expires_at=now,
            content=str(n),
            key=str(n),
        )
        for n in numbers
    )
    TrailEntry.objects.bulk_create(
        TrailEntry(actor=owner, caller=f"user:{owner.pk}", what="tag_put", session_id=n)
        for n in numbers
    )
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(event_id=str(n), event="x", state="dead", session_id=n) for n in numbers
    )
    Review.objects.bulk_create(
        Review(session_id=n, asked_by=owner, reviewer=owner, done_at=now if n % 2 else None)
        for n in numbers
    )
    Note.objects.bulk_create(Note(session_id=n, author=owner, text="Kind") for n in numbers)
    indexed()


@pytest.fixture
def consoles(
    kari: Person, person: MakePerson, sign_in: SignIn, mirrored: Mirrored
) -> dict[str, AtConsole]:
    mirrored()  # the topics that Kari leads
    return {
        "kari": sign_in(kari),
        "ola": sign_in(person("ola", "agent", "operator")),
        "oscar": sign_in(person("oscar", "operator", link=False)),
    }


def asked(consoles: dict[str, AtConsole]) -> dict[str, list[str]]:
    """The statements of each page, when it is looked at for the second time."""
    found = {}
    for who, paths in PAGES.items():
        for path in paths:
            consoles[who].page(path)
            with CaptureQueriesContext(connection) as seen:
                consoles[who].page(path)
            found[path] = [one["sql"] for one in seen]
    return found


def test_no_list_deep_page_or_search_asks_more_often_of_more_rows(
    consoles: dict[str, AtConsole], kari: Person, stored: Stored
) -> None:
    fill(range(FIRST, FIRST + FEW), kari.user, stored)
    few = asked(consoles)
    fill(range(FIRST + FEW, FIRST + MANY), kari.user, stored)
    many = {path: len(statements) for path, statements in asked(consoles).items()}
    assert many == {path: len(statements) for path, statements in few.items()}
    # A chat's page tells many things of one chat; a list few things of many.
    assert {path: n for path, n in many.items() if n > (50 if f"s/{DEEP}/" in path else 25)} == {}


@pytest.mark.sqlite
def test_no_page_counts_through_what_grows(
    consoles: dict[str, AtConsole], kari: Person, stored: Stored
) -> None:
    """Every count is of rows that an index leads to, or of no more than so many."""
    fill(range(FIRST, FIRST + MANY), kari.user, stored)
    counted = [
        (path, sql)
        for path, statements in asked(consoles).items()
        for sql in statements
        if COUNTS.search(sql)
    ]
    assert len(counted) > 2 * sum(map(len, PAGES.values()))  # there is something to look at
    through = [(path, sql) for path, sql in counted if f"LIMIT {Bounded.MOST}" not in sql]
    assert [one for one in through if scanned(one[1]) & set(GROWS)] == []


def test_no_page_goes_through_all_chats_for_the_sake_of_some_rows(
    consoles: dict[str, AtConsole], kari: Person, stored: Stored
) -> None:
    """`IN (all that one may see)` does so on SQLite, and took seconds at a million chats."""
    fill(range(FIRST, FIRST + FEW), kari.user, stored)
    assert [
        (path, sql)
        for path, statements in asked(consoles).items()
        for sql in statements
        if ALL_CHATS.search(sql)
    ] == []


def scanned(sql: str) -> set[str]:
    """The tables that the database would go through from one end to the other."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%', '%%')}")
        steps = [str(row[3]) for row in cursor.fetchall()]
    return {step.split()[1] for step in steps if step.startswith("SCAN ")}


def test_what_lies_behind_the_last_page_of_the_trail_is_found_by_its_number(
    consoles: dict[str, AtConsole], kari: Person, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(range(FIRST, FIRST + MANY), kari.user, stored)
    monkeypatch.setattr(Bounded, "MOST", 100)
    first = consoles["oscar"].page("actions/trailentry/")
    assert (first.count("?p=2"), first.count("?p=3")) == (1, 0)
    assert f">{FIRST}<" not in first
    assert f">{FIRST}<" in consoles["oscar"].page("actions/trailentry/", q=FIRST)
    assert ">tag_put<" not in first  # told in words
    assert "result_list" in consoles["oscar"].page("actions/trailentry/", q="tag_put")
    assert "result_list" not in consoles["oscar"].page("actions/trailentry/", q="tag_pu")
