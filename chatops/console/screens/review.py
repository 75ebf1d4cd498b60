"""Review: what waits for it, what was said of it, the scorecard, and search in notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatops.actions import policy, trail
from chatops.actions.errors import Forbidden, Invalid, StateConflict
from chatops.console import conversation, lines, paging
from chatops.console.keeping import keep, number_in
from chatops.console.screen import caller_from, screen, show
from chatops.console.sentences import told
from chatops.mirror.models import ChatSession
from chatops.notebook import notes, reviews, rights
from chatops.notebook.models import Criterion, Review
from chatops.notebook.reviews import Given
from chatops.superoffice.text import plain

PAGE = 30


@screen
def review(request: HttpRequest) -> HttpResponse:
    """GET the review queue, what was reviewed, and the notes that `search` finds."""
    caller = caller_from(request)
    if policy.Right.TRANSCRIPT not in policy.rights(caller):
        raise Forbidden("Your role does not read what is said about chats.")
    seen = reviews.visible(caller)
    page = paging.page(seen.filter(done_at__isnull=False), request.GET, size=PAGE)
    waiting = list(seen.filter(done_at=None).order_by("id")[:100])
    search = request.GET.get("search", "").strip()[:200]
    found = notes.find(caller, search) if search else []
    names = _names([*waiting, *page.rows, *found])
    return show(
        request,
        "console/review.html",
        {
            "waiting": [(one, names.get(one.session_id)) for one in waiting],
            "done": [(one, names.get(one.session_id), reviews.share(one)) for one in page.rows],
            "page": page,
            "search": search,
            "found": [(one, names.get(one.session_id)) for one in found],
            "criteria": list(reviews.criteria()),
            "defines": reviews.defines(caller),
        },
    )


def _names(rows: list[object]) -> dict[int, str]:
    """Customers' names of rows that the caller is shown."""
    ids = {getattr(one, "session_id", 0) for one in rows}
    found = ChatSession.objects.filter(pk__in=ids).only("id", "customer_name")
    return {one.pk: lines.customer_name(one) for one in found}


class Card(NamedTuple):
    """A criterion with its points to choose from, what was entered, and what is wrong with it."""

    criterion: Criterion
    values: range
    given: Given
    #: The field that is wrong: value, message or remark.
    field: str
    why: str


@screen
def scorecard(request: HttpRequest, review_id: int) -> HttpResponse:
    """GET a chat beside its scorecard; POST the scores. What is wrong is told at its field."""
    caller = caller_from(request)
    one = reviews.require(caller, review_id)
    if request.method != "POST":
        return _scorecard(request, one, {}, "", None)
    given, summary = _given(request), request.POST.get("summary", "")
    try:
        reviews.finish(caller, review_id, given, summary=summary)
    except Invalid as error:
        return _scorecard(request, one, given, summary, error)
    except StateConflict as error:
        messages.error(request, told(error.detail))
    else:
        messages.success(request, _("The review is kept."))
    response = HttpResponseRedirect(reverse("admin:review"))
    response.status_code = 303
    return response


def _scorecard(
    request: HttpRequest,
    one: Review,
    given: Mapping[int, Given],
    summary: str,
    wrong: Invalid | None,
) -> HttpResponse:
    caller = caller_from(request)
    session = policy.require(caller, policy.Right.TRANSCRIPT, one.session_id)
    trail.record("transcript_viewed", caller=caller, session_id=session.pk)
    window = conversation.window(session.pk)
    why, of = (told(wrong.detail), wrong.extra.get("criterion")) if wrong else ("", None)
    field = (wrong.field or "") if wrong else ""
    return show(
        request,
        "console/scorecard.html",
        {
            "review": one,
            "session": session,
            "line": lines.lines([session], caller)[0],
            "window": window,
            "messages_to_pin": _to_pin(window),
            "cards": [
                Card(
                    card,
                    range(card.highest + 1),
                    given.get(card.pk, Given(None)),
                    *((field, why) if of == card.pk else ("", "")),
                )
                for card in reviews.criteria()
            ],
            "summary": summary,
            "summary_error": why if field == "summary" else "",
            "nothing_scored": why if wrong and of is None and field != "summary" else "",
            "scores": list(one.scores.all()),
            "percent": reviews.share(one),
            "scoring": one.done_at is None and rights.reviews(caller, session),
        },
    )


def _to_pin(window: conversation.Window) -> list[tuple[int, str]]:
    """The spoken messages of a conversation, to choose one from."""
    return [
        (one.id, f"{one.author}: {plain(str(one.html))[:70]}")
        for one in window.said
        if one.word is None
    ]


def _given(request: HttpRequest) -> dict[int, Given]:
    found = {}
    for criterion in reviews.criteria():
        value = number_in(request, f"value-{criterion.pk}")
        found[criterion.pk] = Given(
            value,
            number_in(request, f"message-{criterion.pk}"),
            request.POST.get(f"remark-{criterion.pk}", ""),
        )
    return found


@screen
@require_POST
def drop(request: HttpRequest, review_id: int) -> HttpResponse:
    """POST: take a chat out of the queue."""
    caller, to = caller_from(request), reverse("admin:review")
    return keep(request, lambda: reviews.drop(caller, review_id), _("It waits no more."), to=to)


@screen
@require_POST
def define(request: HttpRequest) -> HttpResponse:
    """POST a criterion of the scorecard."""
    caller = caller_from(request)
    name, meaning = request.POST.get("name", ""), request.POST.get("meaning", "")
    highest = number_in(request, "highest") or 0
    return keep(
        request,
        lambda: reviews.define(caller, name, meaning, highest=highest),
        _("The scorecard has a new line."),
    )


@screen
@require_POST
def retire(request: HttpRequest, criterion_id: int) -> HttpResponse:
    """POST: take a criterion off the scorecard."""
    caller = caller_from(request)
    return keep(request, lambda: reviews.retire(caller, criterion_id), _("The line is off."))
