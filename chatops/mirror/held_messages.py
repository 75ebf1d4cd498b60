"""What an answer about messages changes in those we hold. Part of ingest; nothing else calls it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from chatops.mirror import bulk, feed, rows
from chatops.mirror.models import Change, ChatMessage

_RENDERED = rows.MESSAGE_COLUMNS.index("rendered")


class Held(NamedTuple):
    """What is compared of a message that we hold."""

    rendered: str
    missed: int
    gone: bool


def of(made: Mapping[int, Sequence[rows.Row]], *, complete: bool) -> dict[int, dict[int, Held]]:
    """The messages that we hold of each session: all, or only those that the answer speaks of."""
    held: dict[int, dict[int, Held]] = {one: {} for one in made}
    if complete:
        where, ids = bulk.among("session_id", made)
    else:
        where, ids = bulk.among("id", [row[0] for new in made.values() for row in new])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT session_id, id, rendered, missed, gone_at IS NOT NULL"  # noqa: S608
            f" FROM mirror_chatmessage WHERE {where}",
            [ids],
        )
        for session_id, pk, rendered, missed, gone in cursor.fetchall():
            held.setdefault(session_id, {})[pk] = Held(rendered, missed, bool(gone))
    return held


@dataclass(slots=True)
class Plan:
    """What to write, mark and tell."""

    write: list[rows.Row] = field(default_factory=list)
    news: list[feed.News] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    going: list[int] = field(default_factory=list)
    #: Sessions whose answer left something open: their digest must not be trusted.
    odd: set[int] = field(default_factory=set)
    #: Sessions of which something is written.
    touched: set[int] = field(default_factory=set)
    created: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def gone(self) -> int:
        return len(self.going)

    def compare(
        self,
        session_id: int,
        new: Sequence[rows.Row],
        held: Mapping[int, Held],
        *,
        older: bool,
        complete: bool,
    ) -> None:
        """Add what one session's answer changes. An older answer may only add what is unknown."""
        kind = Change.Kind.MESSAGE
        if not held and not older:  # all of it is new: a first load is little else
            self.created += len(new)
            self.write += new
            self.news += [feed.News(kind, row[0], session_id) for row in new]
            if new:
                self.touched.add(session_id)
            return
        for row in new:
            pk = row[0]
            before = held.get(pk)
            if before and (older or before == Held(row[_RENDERED], 0, gone=False)):
                self.unchanged += 1
                continue
            self.created += before is None
            self.changed += before is not None
            self.write.append(row)
            self.touched.add(session_id)
            if older:  # what it adds may be gone since: the next whole answer must be compared
                self.odd.add(session_id)
            self.news.append(feed.News(kind, pk, session_id))
        if complete and not older and held:
            self._compare_missing(session_id, {row[0] for row in new}, held)

    def _compare_missing(
        self, session_id: int, present: set[int], held: Mapping[int, Held]
    ) -> None:
        absent = [pk for pk, one in held.items() if pk not in present and not one.gone]
        if not absent:
            return
        self.odd.add(session_id)
        if not present:
            return  # an empty answer about a session with messages says nothing
        for pk in absent:
            if held[pk].missed:
                self.going.append(pk)
                self.news.append(feed.News(Change.Kind.MESSAGE, pk, session_id, Change.Op.DELETE))
            else:
                self.missing.append(pk)

    def mark_missing(self, *, read_at: datetime) -> None:
        """Note which messages were missing for the first time, and which are gone."""
        for chunk in bulk.in_chunks(self.missing):
            ChatMessage.objects.filter(pk__in=chunk).update(missed=1)
        for chunk in bulk.in_chunks(self.going):
            ChatMessage.objects.filter(pk__in=chunk).update(missed=2, gone_at=read_at)
