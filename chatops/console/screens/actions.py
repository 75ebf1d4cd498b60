"""What was asked for and what became of it; and what needs a person, with the choices."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatops.actions import claims, ending, needs, outcomes, policy
from chatops.actions.models import WATCHED, Action, State, Verb
from chatops.console import acting, lines, paging, wording
from chatops.console.screen import caller_from, screen, show
from chatops.console.screens import edit
from chatops.console.sentences import told
from chatops.console.story import ICONS

PAGE = 50
GROUPS: dict[str, tuple[State, ...]] = {
    "": (),
    "open": (State.QUEUED, State.SENDING, State.UNKNOWN),
    "done": (State.DONE,),
    "failed": (State.NO_EFFECT, State.REFUSED, State.EXPIRED, State.CANCELLED),
}


def decorated(actions: list[Action]) -> list[Action]:
    """Actions with what a template shows of them: word, icon and sentence."""
    for action in actions:
        action.word = wording.state(action.state)  # type: ignore[attr-defined]  # for the template
        action.icon = ICONS.get(action.verb, "bolt")  # type: ignore[attr-defined,call-overload]
        action.sentence = told(outcomes.sentence(action))  # type: ignore[attr-defined]  # same
    return actions


@screen
def actions(request: HttpRequest) -> HttpResponse:
    """GET actions, newest first; what needs a person stands above them on the first page."""
    caller = caller_from(request)
    seen = policy.visible_actions(caller).select_related("requested_by")
    group = request.GET.get("show", "")
    states = GROUPS.get(group, ())
    rows = seen.filter(state__in=states) if states else seen
    page = paging.page(rows, request.GET, size=PAGE)
    waiting = list(seen.filter(state=State.NEEDS_PERSON).order_by("-id")[:PAGE])
    labels = {
        "": _("All"),
        "open": _("Under way"),
        "done": _("Done"),
        "failed": _("Without effect"),
    }
    return show(
        request,
        "console/actions.html",
        {
            "needs": decorated(waiting),
            "actions": decorated(page.rows),
            "names": _names([*waiting, *page.rows], policy.visible_sessions(caller)),
            "page": page,
            "groups": [
                (f"?show={name}" if name else "?", labels[name], name == group) for name in GROUPS
            ],
        },
    )


def _names(rows: list[Action], seen: Any) -> dict[int, str]:
    """Names of the customers of these actions, of the sessions that the caller may see."""
    ids = {one.session_id for one in rows if one.session_id}
    found = seen.filter(pk__in=ids).only("id", "customer_name")
    return {one.pk: lines.customer_name(one) for one in found}


@screen
def action(request: HttpRequest, action_id: int) -> HttpResponse:
    """GET one action: what is known, what is not, the chat's present state, and the choices."""
    caller = caller_from(request)
    one = needs.visible(action_id, caller)
    session = policy.visible_sessions(caller).filter(pk=one.session_id or 0).first()
    may_close = policy.closes(caller, one)
    retry = one.state == State.NEEDS_PERSON or one.code == "did_not_happen"
    return show(
        request,
        "console/action.html",
        {
            "action": decorated([one])[0],
            "session": session,
            "line": lines.lines([session], caller)[0] if session else None,
            "said": _said(one) if session and policy.reads_transcript(caller, session) else "",
            "wished": _wished(one),
            "rivals": decorated(claims.rivals(one)) if one.state in WATCHED else [],
            "closes": may_close and one.state == State.NEEDS_PERSON,
            "repeats": may_close and retry and caller.agent is not None and not needs.erased(one),
            "attempts": decorated(list(one.attempts.select_related("requested_by"))),
            "answered": wording.answer(one.answer) if one.answer else "",
            "trail": [
                (entry, wording.trail(entry.what, entry.after), wording.state(entry.after))
                for entry in one.trail.select_related("actor").order_by("id")[:100]
            ],
        },
    )


def _said(one: Action) -> str:
    """The text of a message that was asked for."""
    request = one.asked.get("request")
    found = request.get("message", "") if isinstance(request, dict) else ""
    return str(found)


def _wished(one: Action) -> str:
    """What a transfer or an edit asked for; of e-mail and phone only that they were to change."""
    if one.verb == Verb.TRANSFER and "to" in one.asked:
        return ending.name_of(int(one.asked["to"]))
    wanted = one.asked.get("wanted", {}) if one.verb == Verb.PATCH_SESSION else {}
    shown = [
        str(edit.LABELS[path]) if path in edit.PERSONAL else f"{edit.LABELS[path]}: {value}"
        for path, value in wanted.items()
    ]
    return ", ".join(shown)


@screen
@require_POST
def close(request: HttpRequest, action_id: int) -> HttpResponse:
    """POST what a person found out: `verdict` happened or did_not_happen, and a note."""
    caller = caller_from(request)
    verdict, note = request.POST.get("verdict", ""), request.POST.get("note", "")
    outcome = acting.attempt(
        lambda: needs.close(action_id, caller=caller, verdict=verdict, note=note)
    )
    return acting.answer(request, outcome)


@screen
@require_POST
def again(request: HttpRequest, action_id: int) -> HttpResponse:
    """POST: order a second attempt, knowing that the first may still take effect."""
    wish = acting.wish_of(request, f"again.{action_id}")
    outcome = acting.attempt(lambda: needs.second_attempt(action_id, wish=wish))
    made = outcome.action.pk if outcome.action else action_id
    return acting.answer(request, outcome, to=reverse("admin:action", args=[made]))
