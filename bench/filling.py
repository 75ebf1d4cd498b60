"""Puts visits into the mirror as the sync does, and empties it."""

import time
from collections.abc import Sequence

from django.db import connection
from django.db.models import Model

from bench.data import MESSAGES, Visit, visits
from chatops.actions.models import Action
from chatops.mirror import bulk, ingest, search_rows, text_index
from chatops.mirror.ingest import Answer
from chatops.mirror.models import (
    Associate,
    Change,
    ChatMessage,
    ChatSession,
    Counter,
    SearchText,
    SessionReading,
)

#: Sessions in one go, as a backfill's page.
PAGE = 200
TABLES: tuple[type[Model], ...] = (
    # Actions as well: a worker of a later measure would look after those of an earlier one.
    *(ChatMessage, ChatSession, SessionReading, Change, Associate, Action),
    SearchText,
)


def fill(visits: Sequence[Visit]) -> None:
    """Everything through the mirror's own door."""
    for page in bulk.in_chunks(visits, PAGE):
        reading = ingest.next_reading()
        ingest.store_sessions(
            [Answer(one.session_id, one.session) for one in page], reading=reading
        )
        ingest.store_messages(
            [Answer(one.session_id, one.messages) for one in page], reading=reading, complete=True
        )


#: What `fill_to` has filled, and nobody has emptied: a million sessions take a while.
_held: dict[tuple[int, int, bool], float] = {}
#: Sessions that go in by the mirror's door; larger mirrors are copies of them under other ids.
SEED = 10_000


def fill_to(count: int, *, seed: int = SEED, indexed: bool = False) -> float:
    """A mirror of that many sessions and ten times the messages, in no time.

    `indexed`: with its text index. The answer is the messages indexed in a second, 0 without. What
    the measure before has left is taken as it is, if it was asked for just this.
    """
    seed = min(count, seed)
    if (rate := _held.get((count, seed, indexed))) is not None:
        return rate
    empty()
    fill(list(visits(seed)))
    started = time.perf_counter()
    if indexed:
        index()
    rate = seed * MESSAGES / (time.perf_counter() - started) if indexed else 0.0
    with connection.cursor() as cursor:
        for copy in range(1, count // seed):
            for model in (ChatSession, SessionReading, ChatMessage):
                cursor.execute(*_copied(model, seed, copy))
            if indexed and connection.vendor == "sqlite":
                cursor.execute(_COPIED_WORDS, [copy * seed, copy * seed * MESSAGES, seed + 1])
    if indexed and connection.vendor != "sqlite":
        _index_anew()  # a row's words name its place there, so they are no copies
    settle()
    _held[count, seed, indexed] = rate
    return rate


#: What is another in a copy of the first sessions: their ids, and their times, a minute apart.
_SHIFTED: dict[type[Model], dict[str, int]] = {
    ChatSession: {"id": 1},
    SessionReading: {"session_id": 1},
    ChatMessage: {"id": MESSAGES, "session_id": 1},
}
_TIMES = frozenset({"requested_at", "started_at", "ended_at", "idle_at", "posted_at"})
_LATER = {
    "sqlite": "datetime(\"{name}\", %s || ' minutes')",
    "postgresql": '"{name}" + make_interval(mins => %s)',
}
_COPIED_WORDS = f"""
INSERT INTO mirror_searchtext (rowid, words)
SELECT rowid + (%s << 32) + (rowid & {search_rows.LOW} < {search_rows.CUSTOMER}) * %s, words
FROM mirror_searchtext WHERE rowid < (%s << 32)
"""


def _copied(model: type[Model], seed: int, copy: int) -> tuple[str, list[int]]:
    """The statement that copies the first `seed` sessions, or what belongs to them."""
    table, shifted = model._meta.db_table, _SHIFTED[model]
    columns = [field.column for field in model._meta.local_fields]
    new, parameters = [], []
    for name in columns:
        if name in shifted:
            new.append(f'"{name}" + %s')
            parameters.append(copy * seed * shifted[name])
        elif name in _TIMES:
            new.append(_LATER[connection.vendor].format(name=name))
            parameters.append(copy * seed)
        else:
            new.append(f'"{name}"')
    names = ", ".join(f'"{name}"' for name in columns)
    key, highest = (
        ("id", seed * MESSAGES + MESSAGES - 1)
        if model is ChatMessage
        else (
            str(model._meta.pk.column),
            seed,
        )
    )
    sql = (
        f'INSERT INTO "{table}" ({names}) SELECT {", ".join(new)} FROM "{table}"'
        f' WHERE "{key}" <= %s'
    )
    return sql, [*parameters, highest]


def index() -> None:
    """Bring the text index up to the mirror."""
    while text_index.index_due():
        pass


def _index_anew() -> None:
    """Make the text index again, session by session: the feed tells nothing of copies."""
    Counter.objects.filter(name=text_index.SEARCHED).delete()
    index()


def empty() -> None:
    """No sessions, no messages, no news."""
    _held.clear()
    for model in TABLES:
        model._default_manager.all().delete()


def settle() -> None:
    """What a database does by itself after a while: statistics, and a checkpoint."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute("ANALYZE")
        else:
            cursor.execute("VACUUM ANALYZE")
