"""Puts visits into the mirror as the sync does, and empties it."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Model

from bench.data import MESSAGES, Visit, visits
from chatops.mirror import bulk, ingest, text_index
from chatops.mirror.ingest import Answer
from chatops.mirror.models import (
    Associate,
    Change,
    ChatMessage,
    ChatSession,
    SearchText,
    SessionReading,
)

#: Sessions in one go, as a backfill's page.
PAGE = 200
TABLES: tuple[type[Model], ...] = (
    *(ChatMessage, ChatSession, SessionReading, Change, Associate),
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


#: Sessions that go in by the mirror's door; larger mirrors are copies of them under other ids.
SEED = 10_000


def fill_to(count: int, *, seed: int = SEED) -> None:
    """A mirror of that many sessions and ten times the messages, in no time."""
    empty()
    seed = min(count, seed)
    fill(list(visits(seed)))
    with connection.cursor() as cursor:
        for model, shifted in (
            (ChatSession, {"id": 1}),
            (SessionReading, {"session_id": 1}),
            (ChatMessage, {"id": MESSAGES, "session_id": 1}),
        ):
            columns = [field.column for field in model._meta.local_fields]
            names = ", ".join(f'"{name}"' for name in columns)
            new = ", ".join(
                f'"{name}" + %s' if name in shifted else f'"{name}"' for name in columns
            )
            key = "id" if model is ChatMessage else model._meta.pk.column
            highest = seed * MESSAGES + MESSAGES - 1 if model is ChatMessage else seed
            for copy in range(1, count // seed):
                cursor.execute(
                    f'INSERT INTO "{model._meta.db_table}" ({names})'
                    f' SELECT {new} FROM "{model._meta.db_table}" WHERE "{key}" <= %s',
                    [*(copy * seed * by for by in shifted.values()), highest],
                )
    settle()


def index() -> None:
    """Bring the text index up to the mirror."""
    while text_index.index_due():
        pass


def empty() -> None:
    """No sessions, no messages, no news."""
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
