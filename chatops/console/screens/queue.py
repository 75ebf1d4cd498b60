"""The queue, home: what is offered to me, who waits, what is mine, and for leads what goes on."""

from __future__ import annotations

from django.db.models import F
from django.http import HttpRequest, HttpResponse

from chatops.actions import policy
from chatops.actions.callers import Caller, Role
from chatops.console import lines
from chatops.console.screen import caller_from, screen, show
from chatops.mirror.querysets import ChatSessionQuerySet

#: More than this in one box is no queue but a list; the rest is one click away.
MOST = 100


@screen
def queue(request: HttpRequest) -> HttpResponse:
    """GET the queue."""
    caller = caller_from(request)
    seen = lines.listed(policy.visible_sessions(caller))
    me = caller.associate_id
    oldest = F("requested_at").asc(nulls_first=True)
    boxes = {
        "offered": seen.offered_to(me).order_by("id") if me else seen.none(),
        "waiting": seen.in_queue().order_by(oldest, "id"),
        "mine": seen.handled_by(me).order_by("-idle_at", "-id") if me else seen.none(),
        "others": _others(seen, caller),
    }
    found = {name: list(box[:MOST]) for name, box in boxes.items()}
    every = lines.lines([row for rows in found.values() for row in rows], caller)
    context = {}
    for name, rows in found.items():
        context[name], every = every[: len(rows)], every[len(rows) :]
    return show(
        request,
        "console/queue.html",
        {
            **context,
            "title": None,
            "leads": bool(caller.roles - {Role.AGENT}),
            "acts": policy.may(caller, policy.Right.ACT),
            "longest": _longest(context["waiting"]),
            "full": MOST,
        },
    )


def _others(seen: ChatSessionQuerySet, caller: Caller) -> ChatSessionQuerySet:
    """What goes on at others: for everybody who sees more than the own chats."""
    if not caller.roles - {Role.AGENT}:
        return seen.none()
    ongoing = seen.ongoing()
    if caller.associate_id:
        ongoing = ongoing.exclude(associate_id=caller.associate_id)
        ongoing = ongoing.exclude(transfer_to_id=caller.associate_id)
    return ongoing.order_by("-idle_at", "-id")


def _longest(waiting: list[lines.Line]) -> lines.Clock | None:
    clocks = [line.clock for line in waiting if line.clock]
    return min(clocks, key=lambda clock: clock.since, default=None)
