"""The change feed: what changed, in contiguous numbers, in the order of commits.

The numbers come from one counter row, taken as the last thing before the commit: whoever holds it
is the only one who can commit a change, so no number becomes visible before a lower one. (Numbers
from a sequence become visible out of order, and a reader that has passed a hole never goes back.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from chatops.mirror.bulk import insert, planned
from chatops.mirror.models import Change, Head

#: PostgreSQL's channel for "there is news"; a wake-up only, the table is the truth.
CHANNEL = "chatops_feed"
_COLUMNS = ("number", "kind", "op", "session_id", "object_id", "at")


class News(NamedTuple):
    """One change that is about to be told: a `Change` without its number."""

    kind: Change.Kind
    object_id: int
    session_id: int | None = None
    op: Change.Op = Change.Op.UPSERT


@dataclass(frozen=True, slots=True)
class Position:
    """Where the feed stands: the last number, the oldest one kept, and the epoch they belong to."""

    last: int
    first: int
    epoch: str


class CursorGone(Exception):
    """The number asked for is no longer kept, or is from another epoch: start from a snapshot."""


def append(news: Sequence[News], *, at: datetime | None = None) -> int:
    """Write changes as the last statements of the caller's transaction; the last number used.

    Raises RuntimeError outside of a transaction: the counter row's lock is what keeps the order.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("The feed is appended to in the transaction of what it tells.")
    if not news:
        return 0
    at = at or timezone.now()
    with planned() as cursor:
        # What is notified is sent when the transaction is committed.
        told = f", pg_notify('{CHANNEL}', last::text)" if connection.vendor == "postgresql" else ""
        cursor.execute(
            f"UPDATE mirror_head SET last = last + %s WHERE id = 1 RETURNING last{told}",  # noqa: S608
            [len(news)],
        )
        last = int(cursor.fetchone()[0])
    stored = _driver_time(at)
    first = last - len(news) + 1
    insert(
        Change,
        _COLUMNS,
        [
            # Plain text: a driver that meets an enum's member looks for an adapter, row by row.
            (number, kind.value, op.value, session_id, object_id, stored)
            for number, (kind, object_id, session_id, op) in enumerate(news, start=first)
        ],
    )
    return last


def _driver_time(at: datetime) -> object:
    return connection.ops.adapt_datetimefield_value(at)


def position() -> Position:
    """Where the feed stands now."""
    # As text: every list asks this for its ETag, and Django takes longer to make the statement than
    # the database to answer it.
    with connection.cursor() as cursor:
        cursor.execute("SELECT last, first, epoch FROM mirror_head WHERE id = 1")
        return Position(*cursor.fetchone())


def after(number: int, *, limit: int = 500, epoch: str | None = None) -> list[Change]:
    """Changes above `number`, oldest first, at most `limit`.

    Raises CursorGone when changes after `number` are no longer kept, when the number was never
    given out, or when `epoch` is another one.
    """
    now = position()
    if number + 1 < now.first or number > now.last or (epoch is not None and epoch != now.epoch):
        raise CursorGone
    found = list(Change.objects.filter(number__gt=number).order_by("number")[:limit])
    # Pruned between the two looks: a reader must never step over a hole.
    reached = found[0].number if found else now.last + 1
    if number < now.last and reached != number + 1:
        raise CursorGone
    return found


def prune(*, older_than: timedelta) -> int:
    """Drop changes of that age, from the old end; how many. Cursors before them get CursorGone."""
    now = timezone.now()
    # A walk over what will be dropped, up to the first that is kept: an index of times would cost
    # every change. Times of a clock that was ahead hold nothing up.
    kept = Change.objects.filter(at__gte=now - older_than, at__lte=now + timedelta(days=1))
    with transaction.atomic():
        first = position().last + 1  # before the look: what is told meanwhile stays
        oldest = kept.order_by("number").values_list("number", flat=True).first()
        first = first if oldest is None else min(first, oldest)
        dropped, _ = Change.objects.filter(number__lt=first).delete()
        if dropped:
            Head.objects.filter(pk=1).update(first=first)
    return dropped


def start_anew() -> str:
    """A new epoch, after a restore or a wiped mirror: every cursor handed out before is gone."""
    epoch = uuid4().hex
    Head.objects.filter(pk=1).update(epoch=epoch)
    return epoch
