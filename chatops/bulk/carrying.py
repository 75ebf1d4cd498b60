"""Carrying runs out: one row after the other, each an ordinary action under a key of its own.

The rows are the work list. Runs take turns, so that a long one holds up no short one; few rows are
under way at once, their calls go after people's, and after each row there is a rest as long as the
row took. A lease keeps two workers apart; when one has died, the key tells whether its row's action
exists: then that is its result, and nothing is sent again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from chatops.actions import trail
from chatops.actions.callers import Caller, caller_of
from chatops.actions.errors import ActionError, Unavailable
from chatops.actions.models import Action
from chatops.actions.perform import Wish
from chatops.bulk import deeds, runs
from chatops.bulk.models import BulkRow, BulkRun, Deed, RowState, Stage

logger = logging.getLogger(__name__)

Stop = Callable[[], bool]
#: A row of a worker that died is taken up after this; looking for its action is safe at any time.
LEASE = timedelta(seconds=30)
#: A round ends, so that whoever runs it can be stopped, and comes again. Seconds.
ROUND_SECONDS = 10.0
LONGEST_REST = 2.0
#: A row that ended its worker so often is given up.
MOST_TRIES = 5
#: The longest pause while SuperOffice is out of reach; it is asked again by one row. Seconds.
LONGEST_PAUSE = 900.0


def run_due(stop: Stop = lambda: False) -> int:
    """Carry out rows until none is due, or the round is over; how many."""
    until = time.monotonic() + ROUND_SECONDS
    done = 0
    while time.monotonic() < until and not stop():
        began = time.monotonic()
        row = claim(uuid4().hex)
        if row is None:
            break
        carry_out(row)
        done += 1
        _rest(time.monotonic() - began, stop)
    return done


def _rest(took: float, stop: Stop) -> None:
    until = time.monotonic() + min(took, LONGEST_REST)
    while (left := until - time.monotonic()) > 0 and not stop():
        time.sleep(min(left, 0.1))


def claim(holder: str, *, now: datetime | None = None) -> BulkRow | None:
    """The next row, leased to the holder; None when nothing is due or enough is under way."""
    now = now or timezone.now()
    if not _due(now).exists():
        return None
    with transaction.atomic():
        if (
            BulkRow.objects.filter(_held(now), state=RowState.BEGUN).count()
            >= settings.BULK_AT_ONCE
        ):
            return None
        turn = F("served_at").asc(nulls_first=True)
        for run in _due(now).select_for_update(skip_locked=True).order_by(turn, "pk"):
            row = _next_of(run, now)
            if row is None:
                _end_if_through(run)
                continue
            row.state, row.leased_by, row.leased_until = RowState.BEGUN, holder, now + LEASE
            row.tries += 1
            row.save(update_fields=["state", "leased_by", "leased_until", "tries"])
            run.served_at, run.next_at, run.notice = now, None, ""
            run.save(update_fields=["served_at", "next_at", "notice"])
            return row
    return None


def _due(now: datetime) -> QuerySet[BulkRun]:
    # A clock that was set back must not silence a run: a time too far ahead counts as past.
    far = now + timedelta(seconds=2 * LONGEST_PAUSE)
    is_time = Q(next_at=None) | Q(next_at__lte=now) | Q(next_at__gt=far)
    return BulkRun.objects.filter(is_time, started_at__isnull=False, ended_at=None)


def _held(now: datetime) -> Q:
    """Leased to somebody who may still be at it."""
    return Q(leased_until__gt=now, leased_until__lte=now + 2 * LEASE)


def _next_of(run: BulkRun, now: datetime) -> BulkRow | None:
    """The run's next row: to come, oldest session first, or left behind by a worker that died.

    Those come last: a row that ends whoever tries it holds up no other.
    """
    if run.stage == Stage.RUNNING and now > run.expires_at:
        late = run.rows.filter(state=RowState.WAITING)
        late.update(state=RowState.EXPIRED, ended_at=now, detail=TOO_LATE)
    left = Q(state=RowState.BEGUN) & ~_held(now)
    return run.rows.filter(Q(state=RowState.WAITING) | left).order_by("tries", "pk").first()


TOO_LATE = "It had waited too long and was not begun."
GIVEN_UP = "Something went wrong here several times. Look at the chat."
NOT_ACTIVE = "Your account is no longer active."


def carry_out(row: BulkRow) -> None:
    """Do it, and write down what became of it: unless its action exists, or it was called off."""
    run = BulkRun.objects.select_related("owner").get(pk=row.run_id)
    caller = caller_of(run.owner, source="console", request_id=run.request_id)
    wish = Wish(caller, row.key, f"bulk.{run.deed}", stamp=row.stamp or None, patient=True)
    same = Action.objects.filter(caller=caller.name, route=wish.route, key=wish.key)
    if earlier := same.first():
        _ended(row, RowState.ACTED, action=earlier)
    elif run.stage != Stage.RUNNING:
        _ended(row, RowState.CANCELLED)
    elif row.tries > MOST_TRIES:
        _ended(row, RowState.REFUSED, code="broken", detail=GIVEN_UP)
    elif not run.owner.is_active:
        _ended(row, RowState.REFUSED, code="forbidden", detail=NOT_ACTIVE)
    else:
        _do(row, run, wish)


def _do(row: BulkRow, run: BulkRun, wish: Wish) -> None:
    try:
        action = deeds.KINDS[Deed(run.deed)].do(row.session_id, run.asked, wish)
    except Unavailable as error:
        _put_back(row, error)
    except ActionError as error:
        _ended(row, RowState.REFUSED, code=error.problem_code, detail=error.detail)
    else:
        _ended(row, RowState.ACTED if action else RowState.DONE, action=action)


def _ended(
    row: BulkRow,
    state: RowState,
    *,
    action: Action | None = None,
    code: str = "",
    detail: str = "",
) -> None:
    """Write down what became of a row, unless its lease was lost; whoever has it then does."""
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=row.run_id)
        _mine(row).update(
            state=state,
            action=action,
            code=code,
            detail=detail,
            ended_at=timezone.now(),
            leased_until=None,
        )
        _end_if_through(run)


def _put_back(row: BulkRow, error: Unavailable) -> None:
    """SuperOffice is out of reach and nothing was sent: the row waits, and its run for a while."""
    logger.info("bulk run waits", extra={"run": row.run_id, "error": error.problem_code})
    now = timezone.now()
    pause = min(max(error.retry_after or 0.0, 1.0), LONGEST_PAUSE)
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=row.run_id)
        goes_on = run.stage == Stage.RUNNING
        state = RowState.WAITING if goes_on else RowState.CANCELLED
        ended = None if goes_on else now
        _mine(row).update(state=state, ended_at=ended, leased_until=None, tries=F("tries") - 1)
        if goes_on:
            run.next_at, run.notice = now + timedelta(seconds=pause), error.detail
            run.save(update_fields=["next_at", "notice"])
        _end_if_through(run)


def _mine(row: BulkRow) -> QuerySet[BulkRow]:
    return BulkRow.objects.filter(pk=row.pk, state=RowState.BEGUN, leased_by=row.leased_by)


def _end_if_through(run: BulkRun) -> None:
    """End a run without rows to come, in the transaction that holds it."""
    coming = run.rows.filter(state__in=(RowState.WAITING, RowState.BEGUN))
    if run.ended_at is not None or coming.exists():
        return
    run.ended_at = timezone.now()
    if run.stage == Stage.RUNNING:
        run.stage = Stage.ENDED
    run.save(update_fields=["stage", "ended_at"])
    counts = {name: count for name, count in runs.counted(run).items() if count}
    trail.record("bulk_ended", caller=_owner(run), object=runs.named(run), detail=counts)


def _owner(run: BulkRun) -> Caller:
    return caller_of(run.owner, source="console", request_id=run.request_id)
