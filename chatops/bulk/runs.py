"""A run in its owner's hands: found, started, cancelled, told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from chatops.actions import intent, trail
from chatops.actions.callers import Caller
from chatops.actions.errors import Forbidden, Invalid, NotFound, StateConflict
from chatops.actions.models import OPEN_STATES, State
from chatops.bulk import deeds, preparing
from chatops.bulk.models import BulkRow, BulkRun, Deed, RowState, Stage

#: Runs of one person that may be under way at once.
MOST_RUNNING = 5
_HAPPENED = Q(action__state=State.CLOSED, action__code="happened")
_DONE = Q(state=RowState.DONE) | Q(action__state=State.DONE) | _HAPPENED
_OPEN = Q(action__state__in=OPEN_STATES)
_NEEDS = Q(action__state=State.NEEDS_PERSON)
_COMING = Q(state__in=(RowState.WAITING, RowState.BEGUN))
_LEFT_OUT = Q(state=RowState.LEFT_OUT)
#: What became of rows, as people ask for it. Every row is in one of them.
OUTCOMES: dict[str, Q] = {
    "coming": _COMING,
    "done": _DONE,
    "open": _OPEN,
    "needs": _NEEDS,
    "not_done": ~(_COMING | _DONE | _OPEN | _NEEDS | _LEFT_OUT),
    "left_out": _LEFT_OUT,
}


def mine(caller: Caller) -> QuerySet[BulkRun]:
    """The caller's runs; nobody else sees them."""
    runs = BulkRun.objects.filter(owner=caller.user)
    return runs.none() if caller.token else runs


def visible(run_id: int, caller: Caller) -> BulkRun:
    """One of the caller's runs. Raises NotFound."""
    run = mine(caller).filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"There is no run {run_id}.")
    return run


def rows_of(run: BulkRun, outcome: str = "") -> QuerySet[BulkRow]:
    """Its rows with their actions, all or those with this outcome."""
    rows = run.rows.select_related("action")
    return rows.filter(OUTCOMES[outcome]) if outcome in OUTCOMES else rows


def counted(run: BulkRun) -> dict[str, int]:
    """How many of its rows have which outcome."""
    return counted_each([run.pk])[run.pk]


def counted_each(run_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """The same for several runs, in one query."""
    counts: dict[str, Any] = {name: Count("pk", filter=of) for name, of in OUTCOMES.items()}
    rows = BulkRow.objects.filter(run__in=run_ids).order_by().values("run_id").annotate(**counts)
    found = rows.values_list("run_id", *OUTCOMES)
    return {run_id: dict(zip(OUTCOMES, each, strict=True)) for run_id, *each in found}


def start(run_id: int, caller: Caller, form: Mapping[str, str]) -> BulkRun:
    """Order a draft to be carried out, with what `form` says it needs. Ordered twice, it is once.

    Raises NotFound; Invalid for a missing or wrong part of the form, and when there is nothing to
    be done; IdentityRequired; StateConflict for a draft that is too old, and while too many run.
    """
    found = visible(run_id, caller)
    if found.stage != Stage.DRAFT:
        return found
    deed = Deed(found.deed)
    if deed not in deeds.offered(caller):
        raise Forbidden("Your role does not allow this.")
    asked = deeds.asked_of(deed, form, caller)
    if deeds.KINDS[deed].remote:
        intent.identity_of(caller)
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=found.pk)
        if run.stage == Stage.DRAFT:
            _order(run, asked, caller)
    return run


def _order(run: BulkRun, asked: deeds.JSONDict, caller: Caller) -> None:
    now = timezone.now()
    if now > run.expires_at:
        raise StateConflict("This preview is too old. Choose the chats once more.")
    if mine(caller).filter(stage=Stage.RUNNING).count() >= MOST_RUNNING:
        raise StateConflict("Several of your runs are under way. Let one of them end first.")
    rows = run.rows.filter(state=RowState.WAITING).count()
    if not rows:
        raise Invalid("This is possible for none of these chats.", field="id")
    run.asked, run.stage, run.started_at = asked, Stage.RUNNING, now
    run.expires_at = now + timedelta(seconds=settings.BULK_EXPIRES_SECONDS)
    run.save(update_fields=["asked", "stage", "started_at", "expires_at"])
    detail: dict[str, Any] = {"deed": run.deed, "rows": rows}
    detail.update((name, asked[name]) for name in ("to", "path") if name in asked)
    trail.record("bulk_started", caller=caller, object=named(run), detail=detail)


def cancel(run_id: int, caller: Caller) -> BulkRun | None:
    """Begin no further row. What has begun comes to its end. A draft is forgotten: None.

    Raises NotFound.
    """
    with transaction.atomic():
        run = BulkRun.objects.select_for_update().get(pk=visible(run_id, caller).pk)
        if run.stage == Stage.DRAFT:
            run.delete()
            return None
        if run.stage != Stage.RUNNING:
            return run
        stop(run, RowState.CANCELLED, caller=caller)
    return run


def stop(run: BulkRun, state: RowState, *, caller: Caller | None = None) -> None:
    """End what has not begun in that state, in the transaction that holds the run."""
    now = timezone.now()
    coming = run.rows.filter(state=RowState.WAITING)
    rows = coming.update(state=state, ended_at=now)
    run.stage, run.next_at, run.notice = Stage.CANCELLED, None, ""
    if not run.rows.filter(state=RowState.BEGUN).exists():
        run.ended_at = now
    run.save(update_fields=["stage", "next_at", "notice", "ended_at"])
    trail.record("bulk_cancelled", caller=caller, object=named(run), detail={"rows": rows})


def again(run_id: int, caller: Caller) -> BulkRun:
    """A new draft of what did not come about. What is open or with a person is not repeated.

    Raises NotFound; Invalid when there is nothing; and what `preparing.prepare` raises.
    """
    run = visible(run_id, caller)
    ids = rows_of(run, "not_done").values_list("session_id", flat=True)
    draft = preparing.prepare(caller, run.deed, list(ids))
    draft.asked = run.asked  # what its form begins with
    draft.save(update_fields=["asked"])
    return draft


def named(run: BulkRun) -> str:
    """The run as the trail names it."""
    return f"bulk:{run.pk}"
