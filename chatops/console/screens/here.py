"""The page's heartbeat: somebody is at the screen, and who else looks at the same session."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from chatops.actions import policy
from chatops.actions.policy import Right
from chatops.console import idle, looking
from chatops.console.screen import caller_from, screen


@screen
@require_POST
def here(request: HttpRequest) -> HttpResponse:
    """POST a heartbeat: `active` when keys or pointer moved, `session` when one is shown, `left`
    when its page is closed. Answers who else looks at that session."""
    caller = caller_from(request)
    if request.POST.get("active"):
        idle.note(request)
    number = request.POST.get("session", "")
    if not (number.isdecimal() and len(number) <= 10):
        return JsonResponse({"others": ""})
    session = policy.require(caller, Right.READ, int(number))
    if request.POST.get("left"):
        looking.left(caller.user, session.pk)
        return JsonResponse({"others": ""})
    looking.seen(caller.user, session.pk)
    return JsonResponse({"others": looking.others(caller.user, session.pk)})
