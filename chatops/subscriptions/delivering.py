"""Following the feed for others: batches in its order, again until they are taken, or an end.

A batch is delivered at least once, and none overtakes another: one attempt at a time, leased in the
row, and the place moves on only when a receiver has said 2xx.
"""

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from django.conf import settings
from django.db import connections
from django.db.models import F, Q
from django.utils import timezone

from chatops.mirror import feed
from chatops.mirror.models import Change
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.mirror.rendering import rfc3339
from chatops.remote.fields import SecretUnreadable
from chatops.subscriptions import keeping, sending
from chatops.subscriptions.models import State, Subscription

logger = logging.getLogger(__name__)

#: Longer than one attempt can take, resolving the name included. Seconds.
LEASE_SECONDS = 90.0
#: Batches of one subscription in one round; then the others have their turn.
BATCHES = 20
THREADS = 4
LONGEST_PAUSE = 3600.0


class Batch(NamedTuple):
    """What is sent next. `last` is the feed number that is reached with it."""

    changes: Sequence[Change]
    last: int
    epoch: str
    #: The place was no longer kept: the receiver has to read everything anew.
    reset: bool = False


def run_due() -> int:
    """Deliver what is due, several subscriptions at a time; how many batches were taken."""
    due = list(_due().values_list("pk", flat=True))
    if not due:
        return 0
    with ThreadPoolExecutor(min(THREADS, len(due)), thread_name_prefix="deliver") as pool:
        return sum(pool.map(_apart, due))


def _apart(subscription_id: int) -> int:
    """On a thread of its own, whose database connections are closed after it."""
    try:
        return deliver(subscription_id)
    finally:
        connections.close_all()


def _due() -> Any:
    now, position = timezone.now(), feed.position()
    behind = Q(number__lt=position.last) | ~Q(epoch=position.epoch)
    # A clock that jumped must not silence anybody: a time too far ahead counts as past.
    far = now + timedelta(seconds=2 * LONGEST_PAUSE)
    is_time = Q(next_at=None) | Q(next_at__lte=now) | Q(next_at__gt=far)
    return Subscription.objects.filter(behind, is_time, _free(), state=State.ACTIVE)


def _free() -> Q:
    now = timezone.now()
    far = now + timedelta(seconds=2 * LEASE_SECONDS)
    return Q(leased_until=None) | Q(leased_until__lte=now) | Q(leased_until__gt=far)


def deliver(subscription_id: int) -> int:
    """Up to BATCHES batches of one subscription; how many were taken. 0 when another is at it."""
    me = uuid4().hex
    taken = 0
    while taken < BATCHES:
        until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
        free = Subscription.objects.filter(_free() | Q(leased_by=me), pk=subscription_id)
        if not free.filter(state=State.ACTIVE).update(leased_by=me, leased_until=until):
            return taken
        mine = Subscription.objects.filter(pk=subscription_id, leased_by=me)
        one = mine.defer(*keeping.SECRETS).first()
        if one is None or not _deliver_next(one):
            break
        taken += 1
    Subscription.objects.filter(pk=subscription_id, leased_by=me).update(
        leased_by="", leased_until=None
    )
    return taken


def _deliver_next(one: Subscription) -> bool:
    """One batch; whether it was taken. False, too, when there is nothing more."""
    reach = keeping.reach(one)
    if reach is None:
        _switch_off(one, "Its owner holds no token any more that may follow the feed.")
        return False
    batch = _next(one, reach)
    if batch is None:
        return False
    if not batch.changes and not batch.reset:
        return _reached(one, batch)
    try:
        secrets = keeping.secrets_of(one)
    except SecretUnreadable:
        _switch_off(one, "Its secret cannot be read: the key is not in FIELD_KEYS any more.")
        return False
    outcome = sending.post(one.url, secrets, body_of(batch))
    facts = {"subscription": one.pk, "delivery": outcome.delivery, "status": outcome.status,
             "ms": outcome.milliseconds, "changes": len(batch.changes)}  # fmt: skip
    if not outcome.error:
        logger.info("delivered", extra=facts)
        return _reached(one, batch, delivered=True)
    logger.warning("not delivered", extra={**facts, "error": outcome.error})
    _failed(one, outcome.error)
    return False


def body_of(batch: Batch, **more: Any) -> bytes:
    """The JSON that is sent; `last` is the place up to which this and all before it reach."""
    changes = [
        {
            "number": one.number,
            "kind": one.kind,
            "op": one.op,
            "session_id": one.session_id,
            "object_id": one.object_id,
            "at": rfc3339(one.at),
        }
        for one in batch.changes
    ]
    whole = {"epoch": batch.epoch, "changes": changes, "last": batch.last, "reset": batch.reset}
    return json.dumps(whole | more, separators=(",", ":")).encode()


def _next(one: Subscription, reach: ChatSessionQuerySet) -> Batch | None:
    """What comes after the subscription's place; None when nothing does."""
    try:
        found = feed.after(one.number, limit=settings.SUBSCRIPTION_BATCH, epoch=one.epoch)
    except feed.CursorGone:
        now = feed.position()
        return Batch((), now.last, now.epoch, reset=True)
    if not found:
        return None
    return Batch(_wanted(one, found, reach), found[-1].number, one.epoch)


def _wanted(
    one: Subscription, changes: Sequence[Change], reach: ChatSessionQuerySet
) -> list[Change]:
    """Of its kinds, and of sessions within its reach; what is about no session, all are told."""
    found = [each for each in changes if not one.kinds or each.kind in one.kinds]
    if reach.is_everything:
        return found
    about = {each.session_id for each in found if each.session_id is not None}
    ids = set(reach.filter(pk__in=about).values_list("pk", flat=True))
    return [each for each in found if each.session_id is None or each.session_id in ids]


def _reached(one: Subscription, batch: Batch, *, delivered: bool = False) -> bool:
    """Move the place on; not when it was set back, or lost to another, meanwhile.

    What failed before is behind it: taken in the end, or not wanted any more.
    """
    well: dict[str, Any] = {
        "failures": 0,
        "failing_since": None,
        "next_at": None,
        "last_error": "",
    }
    more = {"delivered_at": timezone.now()} if delivered else {}
    held = Subscription.objects.filter(pk=one.pk, leased_by=one.leased_by, number=one.number)
    return bool(held.update(number=batch.last, epoch=batch.epoch, **well, **more))


def _failed(one: Subscription, error: str) -> None:
    """Note it and wait, longer each time; after SUBSCRIPTION_GIVE_UP_SECONDS of it, switch off."""
    now = timezone.now()
    since = one.failing_since or now
    if (now - since).total_seconds() >= settings.SUBSCRIPTION_GIVE_UP_SECONDS:
        _switch_off(one, f"Nothing could be delivered since {since:%Y-%m-%d %H:%M} UTC: {error}")
        return
    pause = min(settings.SUBSCRIPTION_BACKOFF_SECONDS * 2 ** min(one.failures, 20), LONGEST_PAUSE)
    Subscription.objects.filter(pk=one.pk, leased_by=one.leased_by).update(
        failures=F("failures") + 1,
        failing_since=since,
        next_at=now + timedelta(seconds=pause),
        last_error=error[:255],
    )


def _switch_off(one: Subscription, notice: str) -> None:
    if keeping.stop(one, notice):
        logger.error("subscription switched off", extra={"subscription": one.pk, "notice": notice})


def try_out(one: Subscription) -> sending.Outcome:
    """An empty batch, marked as a test, at once; the place and the failures stay as they are.

    Raises SecretLost.
    """
    batch = Batch((), one.number, one.epoch)
    try:
        secrets = keeping.secrets_of(one)
    except SecretUnreadable:
        raise keeping.SecretLost from None
    return sending.post(one.url, secrets, body_of(batch, test=True))
