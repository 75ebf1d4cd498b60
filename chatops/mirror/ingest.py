"""The only code that writes the mirror: answers of SuperOffice to rows, newest reading wins.

Every source goes through here: polls, hints, comparisons and the answers to our own actions. An
answer whose bytes are those last stored is recognised before it is parsed; of the rest, only what
differs in content is told to the change feed, in the same transaction.
"""

from collections.abc import Mapping, Sequence
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
    """A session answer that is not known to be unchanged."""

    raw: JSONDict
    #: Of the answer's bytes; empty when it came another way.
    digest: str


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
    candidates = {
        one: _Candidate(bodies.session_of(answer), digests[one])
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
        {data["ChatSessionId"]: _Candidate(data, "")},
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
    messages_read_at: datetime | None
    messages_digest: str
    last_message_id: int


def _locked_readings(ids: Sequence[int]) -> dict[int, _Reading]:
    """The readings of these sessions, made where there are none, locked in id order."""
    ordered = sorted(ids)
    bulk.upsert(SessionReading, ("session_id",), [(one,) for one in ordered], keep=True)
    held: dict[int, _Reading] = {}
    for chunk in bulk.in_chunks(ordered):
        found = SessionReading.objects.filter(session_id__in=chunk).order_by("session_id")
        rows = found.select_for_update().values_list("session_id", *_Reading._fields)
        held.update((row[0], _Reading(*row[1:])) for row in rows)
    return held


_READ = ("session_id", "reading", "read_at", "version", "digest", "content")


def _write_sessions(
    candidates: dict[int, _Candidate], *, reading: int, until: int, read_at: datetime
) -> Counts:
    if not candidates:
        return Counts()
    # Made before the transaction: while it is open, other writers wait.
    made = {one: rows.session_row(each.raw, version=reading) for one, each in candidates.items()}
    contents = {one: rows.content_digest(each.raw) for one, each in candidates.items()}
    counts = Counts()
    stored_at = rows.stored_time(read_at)
    with transaction.atomic():
        held = _locked_readings(list(candidates))
        for one, level in forgetting.levels(candidates).items():
            less = forgetting.session(candidates[one].raw, level)
            made[one] = rows.session_row(less, version=reading)
            contents[one] = rows.content_digest(less)
        news: list[feed.News] = []
        write: list[rows.Row] = []
        marks: list[rows.Row] = []
        for one, each in candidates.items():
            before = held[one]
            if before.reading >= reading:
                counts.older += 1
                continue
            version = reading
            if before.content == contents[one]:
                counts.unchanged += 1
                version = before.version
            else:
                counts.created += not before.content
                counts.changed += bool(before.content)
                news.append(feed.News(Change.Kind.SESSION, one, one))
            write.append(rows.with_version(made[one], version))
            marks.append((one, until, stored_at, version, each.digest, contents[one]))
        bulk.upsert(ChatSession, rows.SESSION_COLUMNS, write)
        bulk.upsert(SessionReading, _READ, marks)
        people.store_associates_of((each.raw for each in candidates.values()), read_at=read_at)
        drift.note_sessions(each.raw for each in candidates.values())
        feed.append(news, at=read_at)
    return counts


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
    digests = {one: rows.digest(answer.body) for one, answer in latest.items()} if complete else {}
    until = until or reading
    same = recognised.confirm(
        digests, recognised.MESSAGES, reading=reading, until=until, read_at=read_at
    )
    carriers = {
        one: bodies.messages_of(answer) for one, answer in latest.items() if one not in same
    }
    counts = _write_messages(
        carriers,
        digests=digests,
        reading=reading,
        until=until,
        complete=complete,
        read_at=read_at,
    )
    counts.unchanged += len(same)
    return counts


def store_message(
    raw: Mapping[str, Any], *, reading: int, read_at: datetime | None = None
) -> Counts:
    """Store one message: the answer to a send. Raises NotACarrier."""
    carrier = bodies.message_carrier(raw)
    return _write_messages(
        {carrier["ChatSessionId"]: [carrier]},
        digests={},
        reading=reading,
        until=reading,
        complete=False,
        read_at=read_at or timezone.now(),
    )


def _write_messages(
    carriers: dict[int, list[JSONDict]],
    *,
    digests: dict[int, str],
    reading: int,
    until: int,
    complete: bool,
    read_at: datetime,
) -> Counts:
    if not carriers:
        return Counts()
    made = {one: [rows.message_row(raw) for raw in raws] for one, raws in carriers.items()}
    with transaction.atomic():
        readings = _locked_readings(list(carriers))
        for one, level in forgetting.levels(carriers).items():
            made[one] = [rows.message_row(forgetting.message(raw, level)) for raw in carriers[one]]
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
        drift.note_messages(raw for raws in carriers.values() for raw in raws)
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
        highest = max([before.last_message_id, *(int(row[0]) for row in new)])
        # Without `after` the digest is this answer's; with it, that of the last whole answer holds
        # as long as nothing came.
        digest = digests.get(one, "" if one in plan.touched else before.messages_digest)
        if one in plan.odd:
            digest = ""
        if before.messages_reading > reading:
            when, number = before.messages_read_at, before.messages_reading
            kept = "" if one in plan.odd else before.messages_digest
            marks.append((one, number, when and rows.stored_time(when), kept, highest))
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
