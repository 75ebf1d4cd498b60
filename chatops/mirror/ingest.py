"""The only code that writes the mirror: answers of SuperOffice to rows, newest reading wins.

Every source goes through here: polls, hints, comparisons and the answers to our own actions. An
answer whose bytes are those last stored is recognised before it is parsed; of the rest, only what
differs in content is told to the change feed, in the same transaction.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from chatops.mirror import (
    bodies,
    bulk,
    drift,
    feed,
    forgetting,
    held_messages,
    people,
    recognised,
    rows,
    usual,
)
from chatops.mirror.bodies import Answer, NotACarrier
from chatops.mirror.models import Change, ChatMessage, ChatSession, SessionReading

__all__ = [
    "Answer",
    "Counts",
    "NotACarrier",
    "mark_gone",
    "next_reading",
    "store_message",
    "store_messages",
    "store_session",
    "store_sessions",
]

JSONDict = dict[str, Any]
#: The answer to "what came after this message?" when nothing did.
NOTHING = b"[]"


@dataclass(slots=True)
class Counts:
    """What became of a batch of answers."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    older: int = 0
    gone: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.created + other.created,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.older + other.older,
            self.gone + other.gone,
        )


def next_reading() -> int:
    """Draw a reading number: before a read is sent, when it has ended, or after an action was
    answered.

    Of two reads that overlap nobody knows which one saw the newer state. So what is stored keeps
    the number of its read's end, and only a read that began after that replaces it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mirror_counter SET value = value + 1 WHERE name = 'reading' RETURNING value"
        )
        return int(cursor.fetchone()[0])


# --- Sessions ------------------------------------------------------------------------------------


class _Candidate(NamedTuple):
    """A session answer that is not known to be unchanged, as what will be stored of it."""

    row: rows.Row
    #: Digest of what counts as a change.
    content: str
    colleagues: Sequence[JSONDict]
    #: Of the answer's bytes; empty when it came another way.
    digest: str = ""
    #: The carrier, where something in it may be new to the contract.
    odd: JSONDict | None = None


def _candidate(answer: Answer, digest: str, *, reading: int) -> _Candidate:
    """Raises NotACarrier."""
    made = usual.session(answer, version=reading)
    if made is not None:
        return _Candidate(*made, digest)
    return _careful(bodies.session_of(answer), reading=reading)._replace(digest=digest)


def _careful(raw: JSONDict, *, reading: int) -> _Candidate:
    """A carrier of any shape."""
    row, content = rows.session_row(raw, version=reading), rows.content_digest(raw)
    return _Candidate(row, content, people.in_session(raw), odd=raw)


def store_sessions(
    answers: Sequence[Answer],
    *,
    reading: int,
    until: int | None = None,
    read_at: datetime | None = None,
) -> Counts:
    """Store what `GET ChatSession/{id}` answered, for many sessions at once.

    `reading` was drawn before the first of these reads was sent, `until` after the last one had
    been answered (None: nobody else reads meanwhile). Raises NotACarrier when a body is
    not a session with the id that was asked for; nothing is stored then.
    """
    read_at = read_at or timezone.now()
    latest = {answer.session_id: answer for answer in answers}
    digests = {one: rows.digest(answer.body) for one, answer in latest.items()}
    until = until or reading
    same = recognised.confirm(
        digests, recognised.SESSION, reading=reading, until=until, read_at=read_at
    )
    # Made before the transaction: while it is open, other writers wait.
    candidates = {
        one: _candidate(answer, digests[one], reading=reading)
        for one, answer in latest.items()
        if one not in same
    }
    counts = _write_sessions(candidates, reading=reading, until=until, read_at=read_at)
    counts.unchanged += len(same)
    return counts


def store_session(
    raw: Mapping[str, Any],
    *,
    reading: int,
    until: int | None = None,
    read_at: datetime | None = None,
) -> Counts:
    """Store a session that came another way: in a list, or as the answer to an action.

    Such a carrier differs in bytes from `GET ChatSession/{id}` even when nothing changed, so the
    digest of the bytes is left empty and the content decides. Raises NotACarrier.
    """
    data = bodies.session_carrier(raw)
    return _write_sessions(
        {data["ChatSessionId"]: _careful(data, reading=reading)},
        reading=reading,
        until=until or reading,
        read_at=read_at or timezone.now(),
    )


class _Reading(NamedTuple):
    """What is compared of a session's reading."""

    reading: int
    version: int
    content: str
    messages_reading: int
    #: As the database's driver takes it.
    messages_read_at: Any
    messages_digest: str
    last_message_id: int


_NEVER_READ = _Reading(0, 0, "", 0, None, "", 0)


def _locked_readings(ids: Collection[int]) -> dict[int, _Reading]:
    """The readings of these sessions, in whose rows the caller writes; locked in id order."""
    sqlite = connection.vendor == "sqlite"
    if not sqlite:  # there, the transaction is the lock
        new = [(one,) for one in sorted(ids)]
        bulk.upsert(SessionReading, ("session_id",), new, keep=True)
    where, parameter = bulk.among("session_id", ids)
    columns = ", ".join(_Reading._fields)
    if sqlite:  # text, as it is written, not what its driver makes of a time
        columns = columns.replace("messages_read_at", "messages_read_at || ''")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT session_id, {columns} FROM mirror_sessionreading WHERE {where}"  # noqa: S608
            f" ORDER BY session_id{'' if sqlite else ' FOR UPDATE'}",
            [parameter],
        )
        held = {row[0]: _Reading(*row[1:]) for row in cursor.fetchall()}
    return {one: held.get(one, _NEVER_READ) for one in ids}


_READ = ("session_id", "reading", "read_at", "version", "digest", "content")


def _write_sessions(
    candidates: dict[int, _Candidate], *, reading: int, until: int, read_at: datetime
) -> Counts:
    if not candidates:
        return Counts()
    counts = Counts()
    stored_at = rows.stored_time(read_at)
    with transaction.atomic():
        held = _locked_readings(candidates)
        for one, level in forgetting.levels(candidates).items():
            candidates[one] = _less(candidates[one], level, reading=reading)
        news: list[feed.News] = []
        write: list[rows.Row] = []
        marks: list[rows.Row] = []
        for one, each in candidates.items():
            before = held[one]
            if before.reading >= reading:
                counts.older += 1
                continue
            version = reading
            if before.content == each.content:
                counts.unchanged += 1
                version = before.version
            else:
                counts.created += not before.content
                counts.changed += bool(before.content)
                news.append(feed.News(Change.Kind.SESSION, one, one))
            write.append(rows.with_version(each.row, version))
            marks.append((one, until, stored_at, version, each.digest, each.content))
        bulk.upsert(ChatSession, rows.SESSION_COLUMNS, write)
        bulk.upsert(SessionReading, _READ, marks)
        named = [carrier for each in candidates.values() for carrier in each.colleagues]
        people.store_colleagues(named, read_at=read_at)
        drift.note_sessions(each.odd for each in candidates.values() if each.odd is not None)
        feed.append(news, at=read_at)
    return counts


def _less(each: _Candidate, level: int, *, reading: int) -> _Candidate:
    """The same, less what is forgotten of the session; whom it names is still taken note of."""
    raw = json.loads(each.row[_RAW]) if each.odd is None else each.odd
    less = _careful(forgetting.session(raw, level), reading=reading)
    return each._replace(row=less.row, content=less.content)


_RAW = rows.SESSION_COLUMNS.index("raw")


# --- Messages ------------------------------------------------------------------------------------


def store_messages(
    answers: Sequence[Answer],
    *,
    reading: int,
    complete: bool,
    until: int | None = None,
    read_at: datetime | None = None,
) -> Counts:
    """Store what `GET ChatSession/{id}/Messages` answered, for many sessions at once.

    `reading` and `until` as with sessions.
    `complete`: the answers are to calls without `after`, so a message that we hold and they lack is
    missing: twice in a row, and it is gone. An empty answer about a session with messages says
    nothing. Raises NotACarrier when a body is not a list of that session's messages.
    """
    read_at = read_at or timezone.now()
    latest = {answer.session_id: answer for answer in answers}
    until = until or reading
    if complete:
        digests = {one: rows.digest(answer.body) for one, answer in latest.items()}
        known, columns = digests, recognised.MESSAGES
    else:
        digests = {}
        known = {one: "" for one, answer in latest.items() if answer.body == NOTHING}
        columns = recognised.NOTHING_NEW
    same = recognised.confirm(known, columns, reading=reading, until=until, read_at=read_at)
    said = {one: _said(answer) for one, answer in latest.items() if one not in same}
    counts = _write_messages(
        said,
        digests=digests,
        reading=reading,
        until=until,
        complete=complete,
        read_at=read_at,
    )
    counts.unchanged += len(same)
    return counts


class _Said(NamedTuple):
    """A session's messages as what will be stored of them."""

    rows: list[rows.Row]
    #: The carriers that they are made of: read again only where something is forgotten.
    carriers: Callable[[], list[JSONDict]]
    #: Carriers in which something may be new to the contract.
    odd: Sequence[JSONDict] = ()


def _said(answer: Answer) -> _Said:
    """Raises NotACarrier."""
    made = usual.messages(answer)
    if made is not None:
        return _Said(made, lambda: bodies.messages_of(answer))
    return _carefully_said(bodies.messages_of(answer))


def _carefully_said(carriers: list[JSONDict]) -> _Said:
    return _Said([rows.message_row(raw) for raw in carriers], lambda: carriers, carriers)


def store_message(
    raw: Mapping[str, Any], *, reading: int, read_at: datetime | None = None
) -> Counts:
    """Store one message: the answer to a send. Raises NotACarrier."""
    carrier = bodies.message_carrier(raw)
    return _write_messages(
        {carrier["ChatSessionId"]: _carefully_said([carrier])},
        digests={},
        reading=reading,
        until=reading,
        complete=False,
        read_at=read_at or timezone.now(),
    )


def _write_messages(
    said: dict[int, _Said],
    *,
    digests: dict[int, str],
    reading: int,
    until: int,
    complete: bool,
    read_at: datetime,
) -> Counts:
    if not said:
        return Counts()
    made = {one: each.rows for one, each in said.items()}
    with transaction.atomic():
        readings = _locked_readings(said)
        for one, level in forgetting.levels(said).items():
            less = [forgetting.message(raw, level) for raw in said[one].carriers()]
            made[one] = [rows.message_row(raw) for raw in less]
        held = held_messages.of(made, complete=complete)
        plan = held_messages.Plan()
        for one, new in made.items():
            plan.compare(
                one,
                new,
                held[one],
                older=readings[one].messages_reading > reading,
                complete=complete,
            )
        bulk.upsert(ChatMessage, rows.MESSAGE_COLUMNS, plan.write)
        plan.mark_missing(read_at=read_at)
        _mark_messages_read(
            made,
            readings,
            digests=digests,
            plan=plan,
            reading=reading,
            until=until,
            read_at=read_at,
        )
        drift.note_messages(raw for each in said.values() for raw in each.odd)
        feed.append(plan.news, at=read_at)
    return Counts(
        created=plan.created,
        changed=plan.changed,
        unchanged=plan.unchanged,
        gone=plan.gone,
    )


_MESSAGES_READ = (
    "session_id",
    "messages_reading",
    "messages_read_at",
    "messages_digest",
    "last_message_id",
)


def _mark_messages_read(
    made: Mapping[int, Sequence[rows.Row]],
    readings: Mapping[int, _Reading],
    *,
    digests: Mapping[int, str],
    plan: held_messages.Plan,
    reading: int,
    until: int,
    read_at: datetime,
) -> None:
    """Remember the read; the digest only when the answer settled everything."""
    marks: list[rows.Row] = []
    at = rows.stored_time(read_at)
    for one, new in made.items():
        before = readings[one]
        highest = max([before.last_message_id, *(row[0] for row in new)])
        # Without `after` the digest is this answer's; with it, that of the last whole answer holds
        # as long as nothing came.
        digest = digests.get(one, "" if one in plan.touched else before.messages_digest)
        if one in plan.odd:
            digest = ""
        if before.messages_reading > reading:
            number, when = before.messages_reading, before.messages_read_at
            kept = "" if one in plan.odd else before.messages_digest
            marks.append((one, number, when, kept, highest))
        else:
            marks.append((one, until, at, digest, highest))
    bulk.upsert(SessionReading, _MESSAGES_READ, marks)


# --- What is gone --------------------------------------------------------------------------------


def mark_gone(
    ids: Sequence[int], *, reading: int, until: int | None = None, at: datetime | None = None
) -> int:
    """Put a tombstone on sessions that SuperOffice no longer has; how many were not gone before.

    Rows and messages stay as they were last read. A session read again later comes back.
    """
    at = at or timezone.now()
    with transaction.atomic():
        bulk.upsert(SessionReading, ("session_id",), [(one,) for one in sorted(ids)], keep=True)
        held = _locked_readings(ids)
        newer = [one for one in ids if held[one].reading < reading]
        going = list(
            ChatSession.objects.filter(pk__in=newer, gone_at=None).values_list("id", flat=True)
        )
        ChatSession.objects.filter(pk__in=going).update(gone_at=at, version=reading)
        SessionReading.objects.filter(session_id__in=going).update(
            reading=until or reading, read_at=at, version=reading, digest="", content=GONE
        )
        feed.append(
            [feed.News(Change.Kind.SESSION, one, one, Change.Op.DELETE) for one in going],
            at=at,
        )
    return len(going)


#: Content digest of a tombstone: differs from any session's, so that coming back is a change.
GONE = "gone"
