"""What must not be known any more: taken out of the rows, and kept out of whatever is read later.

SuperOffice may well have it still, so every read would bring it back. A row in `Forgotten` says how
much of a session is let in; ingest asks it before it stores anything. These rows are kept when the
mirror is wiped.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from chatops.mirror import bulk, feed, rows, text_index
from chatops.mirror.models import Change, ChatMessage, ChatSession, Forgotten, SessionReading
from chatops.mirror.rendering import snake

JSONDict = dict[str, Any]
#: Messages rewritten in one transaction, so that others are not kept waiting.
BATCH = 1000

#: What was said: copies of it in a session (contract, E.1), and in a message (E.2).
SESSION_TEXTS = ("FirstMessage", "LastMessage")
MESSAGE_TEXTS = ("Message", "SpecialParam")
#: All that is left of a session when it is forgotten whole: numbers, times and who answered.
FACTS = frozenset(
    {
        *("ChatSessionId", "TopicId", "Status", "Rating", "AlertLevel", "InitialQueuePos"),
        *("ChatbotIsActive", "WhenRequested", "WhenStarted", "WhenEnded", "WhenIdle"),
        *("User", "TransferTo"),
    }
)
MESSAGE_FACTS = frozenset(
    ("ChatMessageId", "ChatSessionId", "Type", "SpecialType", "WhenPosted", "ReadByCustomer")
)
EMPTY = {"message": "", "author": ""}
#: What identifies colleagues in a link; the rest of it is dropped with everything else.
_COLLEAGUE = ("AssociateId", "Name", "FullName", "EjUserId")


class Forgot(NamedTuple):
    """How many sessions and messages were rewritten."""

    sessions: int
    messages: int


def levels(session_ids: Collection[int]) -> dict[int, int]:
    """What is forgotten of these sessions; those that are not mentioned are known whole."""
    where, ids = bulk.among("session_id", session_ids)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT session_id, level FROM mirror_forgotten WHERE {where}", [ids])  # noqa: S608
        return dict(cursor.fetchall())


def session(raw: JSONDict, level: int | None) -> JSONDict:
    """A session's carrier, less what is forgotten."""
    if level is None:
        return raw
    if level == Forgotten.Level.TEXTS:
        return raw | {name: "" for name in SESSION_TEXTS if raw.get(name)}
    kept = {name: value for name, value in raw.items() if name in FACTS}
    return kept | {name: _colleague(kept[name]) for name in ("User", "TransferTo") if name in kept}


def message(raw: JSONDict, level: int | None) -> JSONDict:
    """A message's carrier, less what is forgotten."""
    if level is None:
        return raw
    if level == Forgotten.Level.TEXTS:
        return raw | {name: "" for name in MESSAGE_TEXTS if raw.get(name)}
    kept = {name: value for name, value in raw.items() if name in MESSAGE_FACTS}
    return kept | {"Message": "", "Author": ""}


def _colleague(link: Any) -> Any:
    if not isinstance(link, Mapping):
        return None
    return {name: link[name] for name in _COLLEAGUE if name in link}


def forget(
    session_ids: Sequence[int], level: "Forgotten.Level", *, at: datetime | None = None
) -> Forgot:
    """Forget so much of these sessions, now and for good. More than before, never less.

    Done again, it finishes what was cut off. No remote call.
    """
    at = at or timezone.now()
    with transaction.atomic():
        # As ingest does: whoever writes now is done before the mark, or sees it.
        locked = SessionReading.objects.filter(session_id__in=session_ids).order_by("session_id")
        list(locked.select_for_update().values_list("session_id"))
        before = levels(session_ids)
        marks = [(one, max(level, before.get(one, 0)), rows.stored_time(at)) for one in session_ids]
        bulk.upsert(Forgotten, ("session_id", "level", "at"), marks)
    sessions = sum(_rewrite_sessions(chunk, at) for chunk in bulk.in_chunks(list(session_ids)))
    return Forgot(sessions, sum(_rewrite_messages(one, at) for one in session_ids))


def _rewrite_sessions(session_ids: Sequence[int], at: datetime) -> int:
    """Rewrite session rows by what may be known of them, and tell the feed.

    Who holds a row as it was before holds an old version of it.
    """
    fresh = _fresh_version()
    with transaction.atomic():
        may = levels(session_ids)
        readings = SessionReading.objects.filter(session_id__in=session_ids)
        held = {one.session_id: one for one in readings.order_by("session_id").select_for_update()}
        write: list[rows.Row] = []
        for row in ChatSession.objects.filter(pk__in=session_ids).order_by("pk"):
            raw = json.loads(row.raw)
            less = session(raw, may.get(row.pk))
            version = row.version if less == raw else fresh
            made = rows.session_row(less, version=version)
            gone = rows.SESSION_COLUMNS.index("gone_at")
            stored = rows.stored_time(row.gone_at) if row.gone_at else None
            write.append((*made[:gone], stored, *made[gone + 1 :]))
            if row.pk in held:
                noted = SessionReading.objects.filter(pk=row.pk)
                noted.update(version=version)
                if row.gone_at is None:
                    noted.update(digest="", messages_digest="", content=rows.content_digest(less))
        bulk.upsert(ChatSession, rows.SESSION_COLUMNS, write)
        feed.append([feed.News(Change.Kind.SESSION, row[0], row[0]) for row in write], at=at)
    return len(write)


def _fresh_version() -> int:
    """A number that no row's version was, and no later one will be.

    It is drawn as ingest draws a reading's: before the transaction, because everybody's come from
    this counter. It is no reading: one that is under way may still be stored, less what is
    forgotten, and its number is another.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mirror_counter SET value = value + 1 WHERE name = 'reading' RETURNING value"
        )
        return int(cursor.fetchone()[0])


def _rewrite_messages(session_id: int, at: datetime) -> int:
    """Empty a session's messages of what may not be known, batch by batch."""
    level = levels([session_id]).get(session_id)
    hide: Callable[[JSONDict], JSONDict] = _hidden_all
    if level == Forgotten.Level.TEXTS:
        hide = _hidden_texts
    done, after = 0, 0
    while True:
        with transaction.atomic():
            found = ChatMessage.objects.filter(session_id=session_id, pk__gt=after)
            batch = list(found.order_by("pk")[:BATCH])
            for row in batch:
                row.message = row.special_param = ""
                if level != Forgotten.Level.TEXTS:
                    row.author = ""
                row.rendered = rows.dumps(hide(json.loads(row.rendered)))
            columns = ["message", "special_param", "author", "rendered"]
            ChatMessage.objects.bulk_update(batch, columns, batch_size=200)
            feed.append(
                [feed.News(Change.Kind.MESSAGE, row.pk, session_id) for row in batch], at=at
            )
        done += len(batch)
        if len(batch) < BATCH:
            return done
        after = batch[-1].pk


def _hidden_texts(rendered: JSONDict) -> JSONDict:
    return rendered | {name: "" for name in ("message", "special_param") if rendered.get(name)}


def _hidden_all(rendered: JSONDict) -> JSONDict:
    kept = {snake(name) for name in MESSAGE_FACTS} | {"id", "chat_session_id", "posted_at"}
    return {name: value for name, value in rendered.items() if name in kept} | EMPTY


#: Pages of the text index that are merged in one transaction.
PAGES = 500


def purge_index() -> None:
    """Bring the text index up to date, and clear words out of it that no row has any more.

    SQLite's index only marks what is deleted, until its parts are merged into one; PostgreSQL
    clears by itself. In short transactions, so that nobody waits long.
    """
    while text_index.index_due():
        pass
    if connection.vendor != "sqlite":
        return
    pages = -PAGES  # the first step puts all parts into one merge, the others go on with it
    while _merged(pages) > 1:  # one change is the command itself
        pages = PAGES


def _merged(pages: int) -> int:
    """Merge so many pages of the index; how many rows of its tables that changed."""
    connection.ensure_connection()
    before = int(connection.connection.total_changes)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mirror_searchtext (mirror_searchtext, rank) VALUES ('merge', %s)", [pages]
        )
    return int(connection.connection.total_changes) - before
