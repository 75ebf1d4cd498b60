"""Sessions as a file: CSV for spreadsheets, JSON Lines for programs. Streamed, masked, logged."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import datetime
from typing import Any

from chatops.actions import policy, trail, unmasking
from chatops.actions.callers import Caller
from chatops.actions.policy import Right
from chatops.mirror.models import ChatTopic
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.mirror.rendering import rfc3339
from chatops.notebook import exported
from chatops.reports import seen
from chatops.reports.cells import cell
from chatops.superoffice.entities import parse_time

JSONDict = dict[str, Any]
Chunks = Iterator[list[seen.Seen]]
Parts = Generator[tuple[int, bytes], None, None]  # how many sessions, and their bytes
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
#: The columns of a CSV file. `…_seconds` are whole seconds; times are UTC.
COLUMNS = (
    "id",
    "status",
    "topic_id",
    "topic",
    "agent_id",
    "agent",
    "requested_at",
    "started_at",
    "ended_at",
    "wait_seconds",
    "handling_seconds",
    "rating",
    "customer_name",
    "customer_company_name",
    "customer_email",
    "customer_phone",
    "person_id",
    "contact_id",
    "ticket_id",
    "first_message",
    "last_message",
    "gone_at",
    "tags",
    "notes",
    "score",
)


def export(
    caller: Caller,
    sessions: ChatSessionQuerySet,
    kind: str,
    *,
    told: Mapping[str, Any],
    among: seen.Ids | None = None,
    reason: str = "",
) -> ExportFile:
    """The sessions that the caller may export, as the bytes of a `csv` or `jsonl` file.

    `among`: the ids that a search found, in chunks; only those of the sessions, in that order.
    `told` is what the trail keeps of the filters: ids, states and times, never a searched text.
    With a `reason` a lead's file has e-mail and phone of the chats of their topics; it is logged.
    Raises Forbidden, and Invalid for an unknown reason, before anything is read. What is
    sent in the end is logged as well, also when the reader goes away.
    """
    policy.need(caller, Right.EXPORT)
    if reason:
        unmasking.require_reason(reason)
    more = {"personal": reason} if reason else {}
    trail.record("export_started", caller=caller, object=kind, detail={**told, **more})
    shown = policy.sessions_led(caller) if reason else None
    rows = seen.exportable(caller, sessions)
    return ExportFile(caller, kind, seen.chunks(caller, rows, among, shown=shown))


class ExportFile:
    """The parts of a file. Its end goes to the trail once: after the last part, or with `close()`,
    which the server calls also when the reader is gone before the first part. (A generator's
    `finally` would not run then, and would otherwise write wherever the garbage is collected.)"""

    def __init__(self, caller: Caller, kind: str, chunks: Chunks) -> None:
        self._caller = caller
        self._kind = kind
        self._parts = {"csv": _csv, "jsonl": _jsonl}[kind](chunks)
        self._rows = 0
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            rows, part = next(self._parts)
        except StopIteration:
            self._end(complete=True)
            raise
        self._rows += rows
        return part

    def close(self) -> None:
        self._parts.close()
        self._end(complete=False)

    def _end(self, *, complete: bool) -> None:
        if not self._ended:
            self._ended = True
            detail = {"rows": self._rows, "complete": complete}
            trail.record("export_ended", caller=self._caller, object=self._kind, detail=detail)


def _jsonl(chunks: Chunks) -> Parts:
    """A session per line, as the API answers it, with `tags`, `notes` and `reviews` of ours."""
    for chunk in chunks:
        book = exported.about([one.id for one in chunk if one.told])
        lines = []
        for one in chunk:
            ours = book.of(one.id)._asdict() if one.told else {}
            lines.append(json.dumps(one.data | ours, ensure_ascii=False, default=_plain))
        yield len(lines), ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _csv(chunks: Chunks) -> Parts:
    topics = {one.pk: str(one) for one in ChatTopic.objects.defer("raw")}
    lines: list[str] = []
    writer = csv.writer(_Lines(lines.append), lineterminator="\r\n")
    writer.writerow(COLUMNS)
    yield 0, "\ufeff".encode() + _taken(lines)  # the mark tells spreadsheets that it is UTF-8
    for chunk in chunks:
        book = exported.about([one.id for one in chunk if one.told])
        for one in chunk:
            ours = book.of(one.id) if one.told else exported.NOTHING
            row = _row(one.data, topics) | {
                "tags": ", ".join(ours.tags),
                "notes": "\n".join(note["text"] for note in ours.notes),
                "score": ours.score,
            }
            writer.writerow([cell(row.get(name)) for name in COLUMNS])
        yield len(chunk), _taken(lines)


class _Lines:
    """What the csv module writes to."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write


def _taken(lines: list[str]) -> bytes:
    text = "".join(lines)
    lines.clear()
    return text.encode("utf-8", "replace")


def _row(data: JSONDict, topics: Mapping[int, str]) -> JSONDict:
    agent = data.get("user") or {}
    requested, started, ended = (
        _time(data.get(name)) for name in ("requested_at", "started_at", "ended_at")
    )
    return data | {
        "topic": topics.get(data.get("topic_id") or 0, ""),
        "agent_id": agent.get("associate_id"),
        "agent": agent.get("full_name") or agent.get("name"),
        "wait_seconds": _seconds(requested, started),
        "handling_seconds": _seconds(started, ended),
        "person_id": (data.get("person") or {}).get("person_id"),
        "contact_id": (data.get("contact") or {}).get("contact_id"),
        "ticket_id": (data.get("ticket") or {}).get("ticket_id"),
        "gone_at": rfc3339(data.get("gone_at")),
    }


def _time(text: Any) -> datetime | None:
    return parse_time(text) if isinstance(text, str) else None


def _seconds(first: datetime | None, last: datetime | None) -> int | None:
    return None if first is None or last is None else max(0, int((last - first).total_seconds()))


def _plain(value: Any) -> str | None:
    assert isinstance(value, datetime)
    return rfc3339(value)
