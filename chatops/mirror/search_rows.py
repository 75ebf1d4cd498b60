"""The rows of the text index, and how each database is asked about them.

A row's number is the session's id in the upper and the message's id in the lower 32 bits, so that
both databases walk them newest session first, and in it newest message first. Two numbers that no
message has hold what is known of the customer.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from chatops.mirror import bulk
from chatops.mirror.words import Query, Term

LOW = 2**32 - 1
#: Name and company of the customer; e-mail and phone. Messages are below: their ids are int32.
CUSTOMER, PERSONAL = 2**31, 2**31 + 1
#: A row without words: this session was taken out, with its messages.
GONE = 2**31 + 2

#: PostgreSQL finds a word's rows unordered, so it is asked for one block of sessions at a time:
#: 256, 4 thousand, 65 thousand, a million, all. Each row carries its blocks' names as words.
BLOCKS = (8, 12, 16, 20)


def number(session_id: int, low: int) -> int:
    """The row of a message (its id), or of CUSTOMER or PERSONAL, of a session."""
    return session_id << 32 | low


def block(session_id: int, level: int) -> str:
    """The word that stands for a block; `.` is in no word of a text."""
    return f".{level}.{session_id >> BLOCKS[level]}"


def write(rows: Sequence[tuple[int, list[str]]]) -> None:
    """Put words into the index, or others in their place; within the caller's transaction."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        connection.connection.executemany(
            "INSERT OR REPLACE INTO mirror_searchtext (rowid, words) VALUES (?, ?)",
            [(pk, " ".join(words)) for pk, words in rows],
        )
        return
    with connection.cursor() as cursor:
        for chunk in bulk.in_chunks(rows, 1000):
            cursor.execute(
                "INSERT INTO mirror_searchtext (rowid, words)"
                " SELECT * FROM unnest(%s::bigint[], %s::text[]::tsvector[])"
                " ON CONFLICT (rowid) DO UPDATE SET words = excluded.words",
                [[pk for pk, _ in chunk], [_vector(pk, words) for pk, words in chunk]],
            )


def _vector(pk: int, words: Sequence[str]) -> str:
    """A tsvector in its own notation: words and places; words have no quote or backslash."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words, start=1):
        places.setdefault(word, []).append(place)
    lexemes = [f"'{word}':{','.join(map(str, at[:255]))}" for word, at in places.items()]
    session_id = pk >> 32
    lexemes += [f"'{block(session_id, level)}'" for level in range(len(BLOCKS))]
    return " ".join(lexemes)


def remove(numbers: Sequence[int]) -> None:
    """Take rows out; within the caller's transaction."""
    with connection.cursor() as cursor:
        for chunk in bulk.in_chunks(numbers):
            marks = ", ".join(["%s"] * len(chunk))
            cursor.execute(f"DELETE FROM mirror_searchtext WHERE rowid IN ({marks})", chunk)  # noqa: S608


def numbers_of(session_ids: Sequence[int]) -> list[int]:
    """Every row of these sessions."""
    found: list[int] = []
    with connection.cursor() as cursor:
        for one in session_ids:
            cursor.execute(
                "SELECT rowid FROM mirror_searchtext WHERE rowid BETWEEN %s AND %s",
                [number(one, 0), number(one, LOW)],
            )
            found += [row[0] for row in cursor.fetchall()]
    return found


def matching(
    wanted: Query, low: int, high: int, *, limit: int, ascending: bool = False
) -> tuple[list[int], int | None]:
    """Numbers of rows in [low, high] with all terms, at most `limit`, in order.

    And how far the table was looked through, when that is not to the end: the last number looked
    at.
    """
    if connection.vendor == "sqlite":
        found = _in_order(
            "words MATCH %s AND rowid BETWEEN %s AND %s",
            [" ".join(map(fts5, wanted)), low, high],
            limit,
            ascending,
        )
        return found, found[-1] if len(found) == limit else None
    return _by_blocks(wanted, low, high, limit=limit, ascending=ascending)


def _in_order(where: str, parameters: list[Any], limit: int, ascending: bool) -> list[int]:
    direction = "" if ascending else " DESC"
    # With `+ 0` PostgreSQL does not walk the primary key looking at every text.
    by = "rowid" if connection.vendor == "sqlite" else "rowid + 0"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rowid FROM mirror_searchtext WHERE {where} ORDER BY {by}{direction} LIMIT %s",  # noqa: S608
            [*parameters, limit],
        )
        return [row[0] for row in cursor.fetchall()]


#: Blocks that are asked for before the reader is told to come again.
MOST_BLOCKS = 40


def _by_blocks(
    wanted: Query, low: int, high: int, *, limit: int, ascending: bool
) -> tuple[list[int], int | None]:
    """Small blocks first; as long as hardly anything is found, sixteen times larger ones."""
    terms = " & ".join(map(tsquery, wanted))
    found: list[int] = []
    level = 0
    low, high = _within_table(low, high)
    if low > high:
        return found, None
    for _ in range(MOST_BLOCKS):
        edge = (low if ascending else high) >> 32
        start, end = low, high
        asked = terms
        if level < len(BLOCKS):
            width = BLOCKS[level] + 32
            first = edge >> BLOCKS[level] << width
            start, end = max(low, first), min(high, first + (1 << width) - 1)
            asked = f"{terms} & '{block(edge, level)}'"
        room = limit - len(found)
        hits = _in_order(
            "words @@ %s::tsquery AND rowid BETWEEN %s AND %s",
            [asked, start, end],
            room,
            ascending,
        )
        found += hits
        if len(found) >= limit:
            return found, found[-1]
        if (end >= high) if ascending else (start <= low):
            return found, None
        low, high = (end + 1, high) if ascending else (low, start - 1)
        if len(hits) * 16 <= room:  # also what a block so much larger holds will have room
            level += 1
        elif len(hits) > limit // 4:
            level = max(level - 1, 0)
    return found, (low - 1 if ascending else high + 1)


def _within_table(low: int, high: int) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(rowid), max(rowid) FROM mirror_searchtext")
        lowest, highest = cursor.fetchone()
    return (low, -1) if lowest is None else (max(low, lowest), min(high, highest))


def fts5(term: Term) -> str:
    """A term in FTS5's query language."""
    star = " *" if term.prefix else ""
    return f'"{" ".join(term.words)}"{star}'


def tsquery(term: Term) -> str:
    """A term in PostgreSQL's query language."""
    words = [f"'{word}'" for word in term.words]
    if term.prefix:
        words[-1] += ":*"
    return f"({' <-> '.join(words)})"
