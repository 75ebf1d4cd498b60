"""The buttons: each a POST with a key of its own, carried out by the verb of that name."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from chatops.actions import verbs
from chatops.actions.models import Action, Verb
from chatops.actions.perform import Wish
from chatops.console import acting
from chatops.console.screen import screen

PLAIN: dict[str, Callable[..., Action]] = {
    Verb.ACCEPT_TRANSFER: verbs.accept_transfer,
    Verb.REJECT_TRANSFER: verbs.reject_transfer,
    Verb.PICK_UP: verbs.pick_up,
    Verb.RESET: verbs.reset,
    Verb.END: verbs.end_chat,
}
#: After these the chat is the caller's: the next thing is to read it.
OPENS = {Verb.ACCEPT_TRANSFER, Verb.PICK_UP}


@screen
@require_POST
def act(request: HttpRequest, session_id: int, verb: str) -> HttpResponse:
    """POST one of the verbs without content, or a transfer with `to`."""
    wish = acting.wish_of(request, verb)
    outcome = acting.attempt(_call(request, session_id, verb, wish))
    to = reverse("admin:session", args=[session_id]) if verb in OPENS else ""
    if not to and not acting.still_there(request, session_id):
        to = reverse("admin:index")
    return acting.answer(request, outcome, to=to)


def _call(request: HttpRequest, session_id: int, verb: str, wish: Wish) -> Callable[[], Action]:
    if verb == Verb.TRANSFER:
        return lambda: verbs.transfer(session_id, request.POST.get("to", ""), wish=wish)
    if verb not in PLAIN:
        raise Http404
    return lambda: PLAIN[verb](session_id, wish=wish)


@screen
@require_POST
def pick_up_next(request: HttpRequest) -> HttpResponse:
    """POST: take the chat that has waited longest."""
    wish = acting.wish_of(request, "pick_up_next")
    outcome = acting.attempt(lambda: verbs.pick_up_next(None, wish=wish))
    taken = outcome.action.session_id if outcome.action else None
    return acting.answer(
        request, outcome, to=reverse("admin:session", args=[taken]) if taken else ""
    )


@screen
@require_POST
def send(request: HttpRequest, session_id: int) -> HttpResponse:
    """POST a message to the customer; it stays at the session."""
    text = request.POST.get("text", "")
    wish = acting.wish_of(request, "send")
    outcome = acting.attempt(lambda: verbs.send_message(session_id, text, wish=wish))
    return acting.answer(request, outcome)
