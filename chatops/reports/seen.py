"""Sessions as a caller may see them, row by row and in one query per right: for exports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.actions.policy import Right
from chatops.mirror.querysets import ChatSessionQuerySet

JSONDict = dict[str, Any]
#: Rows read at once. A transaction lasts as long as one chunk, however slow the reader is.
CHUNK = 500
COLUMNS = ("id", "version", "gone_at", "rendered", "masked", "topic_id", "associate_id")
#: Copies of what was said: part of the transcript.
TEXTS = ("first_message", "last_message")


@dataclass(frozen=True, slots=True)
class Seen:
    """A session's API rendering, masked and without texts where the right is missing."""

    id: int
    data: JSONDict
    #: Whether the caller may read what was said, and what colleagues wrote about it.
    told: bool


def exportable(caller: Caller, sessions: ChatSessionQuerySet) -> ChatSessionQuerySet:
    """Those of these visible sessions that the caller may export.

    Raises Forbidden when the caller may export nothing at all.
    """
    # Not as `pk__in`: SQLite would go through all that one may export, for every chunk.
    return sessions & policy.sessions_with(caller, Right.EXPORT)


#: Ids in chunks, newest first.
Ids = Iterable[Sequence[int]]


def chunks(
    caller: Caller,
    sessions: ChatSessionQuerySet,
    among: Ids | None = None,
    *,
    shown: ChatSessionQuerySet | None = None,
) -> Iterator[list[Seen]]:
    """The sessions (those `among` these ids), newest first. What comes meanwhile is not among them,
    what no longer fits is left out. `shown` are unmasked besides those that are to the caller
    anyway."""
    for ids in _all(sessions) if among is None else among:
        rows = list(sessions.filter(pk__in=ids).order_by("-pk").values(*COLUMNS))
        if rows:
            yield _seen(caller, rows, shown)


def _all(sessions: ChatSessionQuerySet) -> Ids:
    """All their ids, which are asked for once: 8 MB for a million. Walked by key, sessions that a
    time bounds would be sorted anew for every chunk: no index has them by time and by id."""
    found = sessions.order_by().values_list("pk", flat=True).iterator(chunk_size=10_000)
    ids = np.fromiter(found, np.int64)
    ids.sort()
    for end in range(len(ids), 0, -CHUNK):
        yield ids[max(0, end - CHUNK) : end].tolist()


def _seen(
    caller: Caller, rows: Sequence[JSONDict], shown: ChatSessionQuerySet | None
) -> list[Seen]:
    ids = [row["id"] for row in rows]
    full = policy.granted(caller, Right.PERSONAL, ids)
    told = policy.granted(caller, Right.TRANSCRIPT, ids)
    if shown is not None:
        full |= frozenset(shown.filter(pk__in=ids).values_list("pk", flat=True))
    return [_one(row, full=row["id"] in full, told=row["id"] in told) for row in rows]


def _one(row: JSONDict, *, full: bool, told: bool) -> Seen:
    data: JSONDict = json.loads(row["rendered"] if full else row["masked"])
    if not told:
        data |= {name: None for name in TEXTS if name in data}
    data["gone_at"] = row["gone_at"]
    data["version"] = row["version"]
    return Seen(row["id"], data, told)
