"""The inbox of hints: every delivery and its verdict, and those given up tried again; for
operators, who see facts: a hint's body is not kept, so there is no text to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from chatops.actions import errors, policy, trail
from chatops.console import paging
from chatops.console.keeping import keep
from chatops.console.screen import caller_from, screen, show
from chatops.console.wording import Word
from chatops.sync import inbox as hints
from chatops.sync.models import WebhookDelivery

PAGE = 50
#: Hints that are tried again at once; what is left takes another press.
MOST = 500
State = WebhookDelivery.State

#: The verdicts, in the order in which they are offered.
VERDICTS: dict[str, Word] = {
    State.WAITING: Word(gettext_lazy("Waiting"), "calm", "clock"),
    State.APPLIED: Word(gettext_lazy("Applied"), "good", "check"),
    State.REPEATED: Word(gettext_lazy("Repeated"), "", ""),
    State.IGNORED: Word(gettext_lazy("Refused"), "odd", ""),
    State.FAILED: Word(gettext_lazy("Failed"), "warn", "alert"),
    State.DEAD: Word(gettext_lazy("Given up"), "bad", "alert"),
}
OPEN = (State.WAITING, State.FAILED)


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery as it is shown."""

    delivery: WebhookDelivery
    verdict: Word
    why: str
    #: When it is tried next; None when that is over.
    next_at: datetime | None
    can_be_tried: bool


@screen
def inbox(request: HttpRequest) -> HttpResponse:
    """GET deliveries, newest first; `verdict` leaves those of one verdict."""
    require_operator(request)
    asked = request.GET.get("verdict", "")
    chosen = asked if asked in VERDICTS else ""
    rows = WebhookDelivery.objects.all()
    page = paging.page(rows.filter(state=chosen) if chosen else rows, request.GET, size=PAGE)
    chips = [("?", _("All"), not chosen)]
    chips += [(f"?verdict={one}", str(word.label), one == chosen) for one, word in VERDICTS.items()]
    return show(
        request,
        "console/inbox.html",
        {
            "page": page,
            "lines": [_line(one) for one in page.rows],
            "chips": chips,
            "chosen": chosen,
            "counts": hints.counts(),
        },
    )


def _line(one: WebhookDelivery) -> Line:
    return Line(
        one,
        VERDICTS[one.state],
        _why(one),
        one.due_at if one.state in OPEN else None,
        one.state == State.DEAD,
    )


def _why(one: WebhookDelivery) -> str:
    """Why it has its verdict, as far as there is more to say."""
    if one.state == State.IGNORED and not one.detail:
        return _("A test, a ping, or an event that is not about a chat.")
    return one.detail


@screen
@require_POST
def again(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """POST: work off one again that was given up."""
    require_operator(request)

    def run() -> None:
        if not WebhookDelivery.objects.filter(pk=delivery_id).exists():
            raise errors.NotFound("There is no such hint.")
        if not hints.rerun([delivery_id]):
            raise errors.Invalid(_("It is not given up (any more)."))
        detail = {"hints": 1, "delivery": delivery_id}
        trail.record("hints_again", caller=caller_from(request), detail=detail)

    return keep(request, run, _("It is tried again."))


@screen
@require_POST
def all_again(request: HttpRequest) -> HttpResponse:
    """POST: work off again everything that was given up."""
    require_operator(request)
    dead = WebhookDelivery.objects.filter(state=State.DEAD).order_by("pk")

    def run() -> None:
        count = hints.rerun(list(dead.values_list("pk", flat=True)[:MOST]))
        trail.record("hints_again", caller=caller_from(request), detail={"hints": count})

    return keep(request, run, _("They are tried again."))


def require_operator(request: HttpRequest) -> None:
    """Raises Forbidden for everybody else."""
    if not policy.may(caller_from(request), policy.Right.OPERATE):
        raise errors.Forbidden("Only operators do this.")
