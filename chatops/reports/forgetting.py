"""What is forgotten, in every copy: by age, by itself; and for a person, when an operator says so.

Copies are in the mirror (rows, and the text index), in actions (what was asked for and
what proved it), in bulk runs, and in the notebook. The trail holds no texts. Nothing is sent to
SuperOffice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef
from django.utils import timezone

from chatops.actions import policy, shown, trail
from chatops.actions.callers import Caller
from chatops.actions.errors import Forbidden, Invalid
from chatops.actions.models import OPEN_STATES, Action, TrailEntry, Unmasking
from chatops.actions.policy import Right
from chatops.bulk import forgetting as runs
from chatops.mirror import forgetting
from chatops.mirror.models import ChatSession, Forgotten
from chatops.notebook import erasing

Stop = Callable[[], bool]
#: Sessions that are forgotten before anybody is asked whether to go on.
BATCH = 100


class Report(NamedTuple):
    """What was taken out. `open_actions` still need their texts: erase again when they are done."""

    sessions: int = 0
    messages: int = 0
    actions: int = 0
    notes: int = 0
    open_actions: int = 0

    def plus(self, other: Report) -> Report:
        return Report(*(one + two for one, two in zip(self, other, strict=True)))


class Retained(NamedTuple):
    """What one round of retention did."""

    texts: Report
    facts: Report
    trail: int


def erase_session(caller: Caller, session_id: int) -> Report:
    """Erase a customer from one session. Raises NotFound, Forbidden."""
    _require_operator(caller)
    policy.require(caller, Right.READ, session_id)
    return _erase(caller, [session_id], f"session:{session_id}")


def erase_person(caller: Caller, person_id: int) -> Report:
    """Erase a SuperOffice person from every session linked with them.

    Raises Forbidden; Invalid when no session is linked with that person. Sessions where the same
    customer was never linked are erased one by one.
    """
    _require_operator(caller)
    found = list(ChatSession.objects.filter(person_id=person_id).values_list("pk", flat=True))
    if not found:
        raise Invalid("No chat is linked with this person.", field="person_id")
    return _erase(caller, found, f"person:{person_id}")


def _require_operator(caller: Caller) -> None:
    if not policy.may(caller, Right.OPERATE):
        raise Forbidden("Only operators erase.")


def _erase(caller: Caller, session_ids: Sequence[int], whom: str) -> Report:
    done = _forget(session_ids, Forgotten.Level.ALL)
    forgetting.purge_index()
    trail.record("erased", caller=caller, object=whom, detail=done._asdict())
    return done


def run_due(stop: Stop = lambda: False, *, now: datetime | None = None) -> Retained:
    """Forget what is older than the settings say; a setting of 0 keeps it for good.

    Texts after RETENTION_TEXT_DAYS, all but numbers and times after RETENTION_FACT_DAYS, both
    counted from the end of the session; the trail after RETENTION_TRAIL_DAYS. Resumes where it was
    stopped. The age of hints is sync's own business (HINT_KEEP_DAYS).
    """
    now = now or timezone.now()
    texts = _by_age(Forgotten.Level.TEXTS, settings.RETENTION_TEXT_DAYS, now, stop)
    facts = _by_age(Forgotten.Level.ALL, settings.RETENTION_FACT_DAYS, now, stop)
    shown.prune()
    return Retained(texts, facts, _cut_trail(settings.RETENTION_TRAIL_DAYS, now))


def _by_age(level: Forgotten.Level, days: int, now: datetime, stop: Stop) -> Report:
    done = Report()
    if not days:
        return done
    known = Forgotten.objects.filter(session_id=OuterRef("pk"), level__gte=level)
    due = ChatSession.objects.filter(ended_at__lt=now - timedelta(days=days)).exclude(Exists(known))
    while not stop():
        batch = list(due.order_by("ended_at", "pk").values_list("pk", flat=True)[:BATCH])
        if batch:
            done = done.plus(_forget(batch, level))
        if len(batch) < BATCH:
            break
    if done.sessions:
        forgetting.purge_index()
        trail.record("retention", caller=None, object=level.name.lower(), detail=done._asdict())
    return done


def _forget(session_ids: Sequence[int], level: Forgotten.Level) -> Report:
    """The mirror first: from then on nothing that is read brings it back."""
    forgot = forgetting.forget(session_ids, level)
    settled, left = _clear_actions(session_ids)
    runs.erase(session_ids)
    return Report(forgot.sessions, forgot.messages, settled, erasing.erase(session_ids), left)


def _clear_actions(session_ids: Sequence[int]) -> tuple[int, int]:
    """Empty what actions on these sessions asked for, and why somebody looked at them closely;
    how many actions, and how many are still open."""
    actions = Action.objects.filter(session_id__in=session_ids)
    with transaction.atomic():
        Unmasking.objects.filter(session_id__in=session_ids).exclude(words="").update(words="")
        settled = actions.exclude(state__in=OPEN_STATES)
        # Without what was asked for there is nothing left to look for.
        cleared = settled.update(
            asked={}, baseline={}, proof={}, detail="", shown=None, look_at=None, watch_until=None
        )
    return cleared, actions.filter(state__in=OPEN_STATES).count()


def _cut_trail(days: int, now: datetime) -> int:
    """Drop what the trail need not keep; that it is done is its next line."""
    if not days:
        return 0
    with transaction.atomic():
        edge = now - timedelta(days=days)
        Unmasking.objects.filter(until__lt=edge).delete()
        old = TrailEntry.objects.filter(at__lt=edge)
        kept = old.aggregate(lines=Count("pk"), last=Max("pk"))
        if kept["lines"]:
            trail.cut(kept["last"], lines=kept["lines"])
            old.delete()
    return int(kept["lines"])
