"""A form becomes a wish, a wish an action, an action a sentence: for every button here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from chatops.actions import errors, outcomes, policy
from chatops.actions.models import Action, State
from chatops.actions.perform import Wish
from chatops.console.screen import caller_from, wants_fragment
from chatops.console.sentences import told
from chatops.console.templatetags.console import fresh_key

_TONES = {
    State.DONE: "good",
    State.NO_EFFECT: "warn",
    State.UNKNOWN: "warn",
    State.QUEUED: "warn",
    State.SENDING: "warn",
    State.CLOSED: "good",
}
_LEVELS = {"good": messages.SUCCESS, "warn": messages.WARNING, "bad": messages.ERROR}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is told after a form was sent. `error` is set when nothing was carried out."""

    tone: str
    sentence: str
    action: Action | None = None
    error: errors.ActionError | None = None

    @property
    def is_done(self) -> bool:
        return self.action is not None and self.action.state == State.DONE


def wish_of(request: HttpRequest, verb: str) -> Wish:
    """The wish that a console form carries: its own key, and who had the chat when it was made."""
    return Wish(
        caller_from(request),
        request.POST.get("key", ""),
        route=f"console.{verb}",
        stamp=request.POST.get("stamp") or None,
    )


def attempt(run: Callable[[], Action]) -> Outcome:
    """Carry it out and say what became of it; an error becomes its sentence."""
    try:
        action = run()
    except errors.NotFound as error:
        gone = _("This chat is not there for you (any more). Somebody else may have taken it.")
        return Outcome("bad", gone, error=error)
    except errors.ActionError as error:
        tone = "warn" if error.problem_status in {409, 412} else "bad"
        return Outcome(tone, told(error.detail), error=error)
    tone = _TONES.get(State(action.state), "bad")
    return Outcome(tone, told(outcomes.sentence(action)), action=action)


def answer(request: HttpRequest, outcome: Outcome, *, to: str = "") -> HttpResponse:
    """The outcome for `live.js` as JSON, for a plain browser as a message after a redirect.

    `to` is where to go when it worked; without it the reader stays where the form was.
    """
    if wants_fragment(request):
        return JsonResponse(
            {
                "tone": outcome.tone,
                "sentence": outcome.sentence,
                "done": outcome.is_done,
                "state": outcome.action.state if outcome.action else "",
                "to": to if outcome.is_done else "",
                "key": fresh_key(),
            }
        )
    messages.add_message(request, _LEVELS[outcome.tone], outcome.sentence)
    target = to if to and outcome.is_done else came_from(request)
    response = HttpResponseRedirect(target)
    response.status_code = 303
    return response


def came_from(request: HttpRequest) -> str:
    """The page of ours that the form stood on; the queue when that is unknown."""
    parts = urlsplit(request.headers.get("Referer", ""))
    home = reverse("admin:index")
    if parts.netloc != request.get_host() or not parts.path.startswith(home):
        return home
    return parts.path + (f"?{parts.query}" if parts.query else "")


def still_there(request: HttpRequest, session_id: int) -> bool:
    """Whether the caller still sees the session: after a rejection it may be a colleague's."""
    return policy.visible_sessions(caller_from(request)).filter(pk=session_id).exists()
