"""Keeps the text index: follows the change feed in batches, off the path of those who write.

Rows are read as they are now, not as they were at the change: whatever changes later is told later.
Where the feed cannot be followed (it starts anew, or the cursor is too old) the index is made
again, session by session.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from chatops.mirror import bulk, feed, search_rows, words
from chatops.mirror.models import Change, ChatMessage, ChatSession, Counter, SearchText
from chatops.mirror.search_rows import CUSTOMER, GONE, PERSONAL, number
from chatops.superoffice import text

logger = logging.getLogger(__name__)

#: Counters: the feed's number up to which the index is right; the epoch of that number; and the
#: session from which on it is still to be made, 0 when it is made.
SEARCHED, EPOCH, FROM = "searched", "search_epoch", "search_from"
#: Sessions that are indexed at once while the index is made.
SESSIONS_AT_ONCE = 200


@dataclass(slots=True)
class _Work:
    """What to write and what to take out."""

    rows: dict[int, list[str]] = field(default_factory=dict)
    out: set[int] = field(default_factory=set)

    def put(self, row: int, plain: str) -> None:
        """Index a text; one without words needs no row."""
        found = words.of(plain)
        if found:
            self.rows[row] = found
            self.out.discard(row)
        else:
            self.take_out(row)

    def take_out(self, row: int) -> None:
        self.rows.pop(row, None)
        self.out.add(row)


def index_due(limit: int = 2000) -> int:
    """Bring the index nearer to the mirror; how many changes (or sessions) were worked off.

    0: the index is as the mirror. Two at once do no harm: one of them does nothing.
    """
    here = feed.position()
    counters = dict(Counter.objects.filter(name__in=(SEARCHED, EPOCH, FROM)).values_list())
    if counters.get(EPOCH) != _epoch(here) or SEARCHED not in counters:
        _start_anew(here)
        counters = {SEARCHED: here.last, FROM: 1}
    if counters.get(FROM):
        return _index_from(counters[FROM])
    try:
        changes = feed.after(counters[SEARCHED], limit=limit)
    except feed.CursorGone:
        _start_anew(here)
        return _index_from(1)
    if not changes:
        return 0
    work = _work_of(changes)
    moved = _store(work, SEARCHED, counters[SEARCHED], changes[-1].number)
    return len(changes) if moved else 0


def mark() -> str:
    """What differs after every change of the index: for caches of what was found."""
    rows = Counter.objects.filter(name__in=(SEARCHED, EPOCH, FROM)).order_by("name")
    return ".".join(str(one) for one in rows.values_list("value", flat=True))


def _epoch(here: feed.Position) -> int:
    return int(here.epoch[:15], 16)


def _start_anew(here: feed.Position) -> None:
    logger.info("the text index is made anew")
    with transaction.atomic():
        SearchText.objects.all().delete()
        for name, value in ((SEARCHED, here.last), (EPOCH, _epoch(here)), (FROM, 1)):
            Counter.objects.update_or_create(name=name, defaults={"value": value})


def _store(work: _Work, counter: str, before: int, now: int) -> bool:
    """Write, and move the counter; False when somebody else moved it in the meantime."""
    with transaction.atomic():
        if not Counter.objects.filter(name=counter, value=before).update(value=now):
            return False
        search_rows.remove(sorted(work.out))
        search_rows.write(sorted(work.rows.items()))
    return True


def _index_from(start: int) -> int:
    ids = list(
        ChatSession.objects.filter(pk__gte=start)
        .order_by("pk")
        .values_list("pk", flat=True)[:SESSIONS_AT_ONCE]
    )
    work = _Work()
    _sessions(work, ids)
    _messages(work, _messages_of(ids))
    moved = _store(work, FROM, start, ids[-1] + 1 if ids else 0)
    return max(len(ids), 1) if moved else 0


def _work_of(changes: Sequence[Change]) -> _Work:
    work = _Work()
    told = {
        one.object_id: one.session_id or 0 for one in changes if one.kind == Change.Kind.MESSAGE
    }
    for message_id, session_id in told.items():
        work.take_out(number(session_id, message_id))  # unless it is put in below
    back = _sessions(
        work, sorted({one.object_id for one in changes if one.kind == Change.Kind.SESSION})
    )
    _messages(work, [*told, *_messages_of(back)])
    return work


def _sessions(work: _Work, ids: Sequence[int]) -> list[int]:
    """What is known of the customers of these sessions; which sessions have come back."""
    names = ("customer_name", "customer_company_name", "customer_email", "customer_phone")
    marked = _numbers([number(one, GONE) for one in ids])
    back: list[int] = []
    for chunk in bulk.in_chunks(ids):
        held = {row[0]: row[1:] for row in _rows(chunk, *names)}
        for one in chunk:
            if one not in held:
                for row in search_rows.numbers_of([one]):
                    work.take_out(row)
                work.rows[number(one, GONE)] = []
                continue
            name, company, email, phone = held[one]
            work.put(number(one, CUSTOMER), f"{name}\n{company}")
            work.put(number(one, PERSONAL), f"{email}\n{phone}")
            if number(one, GONE) in marked:
                work.take_out(number(one, GONE))
                back.append(one)
    return back


def _rows(ids: Collection[int], *columns: str) -> Iterable[tuple[int, ...]]:
    return ChatSession.objects.here().filter(pk__in=ids).values_list("pk", *columns)


def _numbers(rows: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for chunk in bulk.in_chunks(rows):
        found.update(SearchText.objects.filter(pk__in=chunk).values_list("pk", flat=True))
    return found


def _messages_of(session_ids: Sequence[int]) -> list[int]:
    found: list[int] = []
    for chunk in bulk.in_chunks(session_ids):
        rows = ChatMessage.objects.filter(session_id__in=chunk, gone_at=None)
        found += rows.values_list("pk", flat=True)
    return found


def _messages(work: _Work, ids: Sequence[int]) -> None:
    """The texts of these messages, as far as they and their sessions are still there."""
    for chunk in bulk.in_chunks(ids):
        rows = list(
            ChatMessage.objects.filter(pk__in=chunk, gone_at=None).values_list(
                "pk", "session_id", "message"
            )
        )
        gone = ChatSession.objects.filter(pk__in={row[1] for row in rows}, gone_at__isnull=False)
        left_out = set(gone.values_list("pk", flat=True))
        for pk, session_id, message in rows:
            if session_id not in left_out:
                work.put(number(session_id, pk), text.plain(message))
