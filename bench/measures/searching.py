"""Full-text search: a common, a middling and a rare word, two words, and the beginning of one.

Yardstick: the bare question to the database's own index, for as many rows of it.
"""

import json
from collections.abc import Callable

from django.db import connection

from bench import filling
from bench.data import WORDS
from bench.measures.limits import at_most
from bench.measures.reading import SESSIONS
from bench.timing import Result, compared, in_turns
from chatops.mirror import search, search_rows, words
from chatops.mirror.models import ChatSession

QUERIES = {
    "common word": f'"{WORDS[0]}"',
    "middling word": f'"{WORDS[300]}"',
    "rare word": f'"{WORDS[15_000]}"',
    "two words": f'"{WORDS[5]}" "{WORDS[40]}"',
    "beginning": WORDS[30][:3],
    # As people type: the last word may go on, which the index answers less readily.
    "common word, typed": WORDS[0],
}
TIMES, TURNS = 3, 6


def _ours(query: str) -> Callable[[], None]:
    def run() -> None:
        for _ in range(TIMES):
            search.messages(query, ChatSession.objects.all())

    return run


def _bare(query: str) -> Callable[[], None]:
    """The first rows that the index itself gives, with their texts, as JSON."""
    wanted = words.query(query)
    if connection.vendor == "sqlite":
        where, asked = "words MATCH %s", " ".join(map(search_rows.fts5, wanted))
    else:
        where, asked = "words @@ %s::tsquery", " & ".join(map(search_rows.tsquery, wanted))
    order = "rowid" if connection.vendor == "sqlite" else "rowid + 0"
    sql = (
        "SELECT f.rowid, m.message FROM (SELECT rowid FROM mirror_searchtext"
        f" WHERE {where} ORDER BY {order} DESC LIMIT 51) AS f"
        " JOIN mirror_chatmessage AS m ON m.id = f.rowid & 4294967295"
    )

    def run() -> None:
        for _ in range(TIMES):
            with connection.cursor() as cursor:
                cursor.execute(sql, [asked])
                json.dumps(cursor.fetchall())

    return run


def measure(size: str, repeats: int) -> list[Result]:
    """Milliseconds for a first page of 50 hits with excerpts."""
    indexed_per_second = filling.fill_to(SESSIONS[size], indexed=True)
    results = []
    for name, query in QUERIES.items():
        taken = in_turns({"ours": _ours(query), "bare": _bare(query)}, repeats=repeats * TURNS)
        ours, bare = ([one / TIMES for one in taken[way]] for way in ("ours", "bare"))
        results.append(
            compared(
                f"search, {name}",
                "the bare index query",
                ours,
                bare,
                slowest_ms=round(max(ours) * 1000, 2),
                hits=len(search.messages(query, ChatSession.objects.all()).hits),
                messages_indexed_per_second=round(indexed_per_second),
            )
        )
    slowest = max(float(one.more["slowest_ms"]) for one in results)
    return [*results, at_most("search, slowest of all", slowest, 300, "ms")]
