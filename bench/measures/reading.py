"""What programs read: the list of sessions, a session, its messages, the feed.

Yardsticks: a plain ModelViewSet with page numbers on the same server, and the bare SQL with the
same rows turned into JSON. Deep pages stand beside the first one.
"""

import json
from collections.abc import Callable

from django.db import connection
from django.test import override_settings

from bench import filling
from bench.calling import Caller
from bench.timing import Result, compared, in_turns
from chatops.api import pages
from chatops.mirror import feed

SESSIONS = {"small": 2_000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
#: Calls in one turn, and turns: short and many, so that other work on the machine meets all alike.
TIMES, TURNS = 4, 8
ROWS = 50


def _bare(sql: str, parameters: list[int]) -> Callable[[], None]:
    """Rows by one statement, and the JSON of them, as often as the others are called."""

    def run() -> None:
        for _ in range(TIMES):
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                names = [column[0] for column in cursor.description]
                rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            json.dumps(rows, default=str)

    return run


def deep(count: int) -> str:
    """The address of a page far behind."""
    cursor = pages.encode(pages.Cursor(False, None, max(count // 10, ROWS + 2)))
    return f"/api/v1/sessions/?page_size={ROWS}&cursor={cursor}"


@override_settings(ROOT_URLCONF="bench.plain")
def measure(size: str, repeats: int) -> list[Result]:
    """Milliseconds per answer."""
    count = SESSIONS[size]
    filling.fill_to(count)
    caller = Caller()
    middle = count // 2
    columns = (
        "id, topic_id, associate_id, transfer_to_id, person_id, contact_id, status, is_open,"
        " requested_at, started_at, ended_at, idle_at, customer_name, customer_email,"
        " customer_phone, customer_company_name, first_message, last_message, rating, alert_level,"
        " initial_queue_pos, chatbot_is_active, gone_at, version, raw"
    )
    last = feed.position().last
    ways = {
        "list": caller.reads(f"/api/v1/sessions/?page_size={ROWS}", TIMES),
        "plain": caller.reads("/plain/", TIMES),
        "bare list": _bare(
            f"SELECT {columns} FROM mirror_chatsession ORDER BY id DESC LIMIT {ROWS}", []
        ),
        "deep": caller.reads(deep(count), TIMES),
        "topic": caller.reads(f"/api/v1/sessions/?page_size={ROWS}&topic=7", TIMES),
        "session": caller.reads(f"/api/v1/sessions/{middle}/", TIMES),
        "bare session": _bare("SELECT raw FROM mirror_chatsession WHERE id = %s", [middle]),
        "messages": caller.reads(f"/api/v1/sessions/{middle}/messages/", TIMES),
        "bare messages": _bare(
            "SELECT id, session_id, type, author, message, posted_at, special_type, special_param"
            " FROM mirror_chatmessage WHERE session_id = %s ORDER BY id",
            [middle],
        ),
        "feed": caller.reads(f"/api/v1/changes/?after={last - 500}&limit=500", TIMES),
        "bare feed": _bare(
            "SELECT * FROM mirror_change WHERE number > %s ORDER BY number LIMIT 500", [last - 500]
        ),
    }
    for warm in ways.values():
        warm()
    taken = in_turns(ways, repeats=repeats * TURNS)
    per = {name: [one / TIMES for one in times] for name, times in taken.items()}
    bare = "bare SQL + JSON"
    return [
        compared(
            "session list, 50 rows",
            "plain ModelViewSet",
            per["list"],
            per["plain"],
            reach=7 if count <= 100_000 else 15,
            sessions=count,
        ),
        compared("session list, 50 rows", bare, per["list"], per["bare list"], reach=0.2),
        compared("deep page", "the first page", per["deep"], per["list"], reach=1 / 1.2),
        compared("list of one topic", "the first page", per["topic"], per["list"]),
        compared("session", bare, per["session"], per["bare session"]),
        compared("messages of a session", bare, per["messages"], per["bare messages"]),
        compared("feed, 500 changes", bare, per["feed"], per["bare feed"]),
    ]
