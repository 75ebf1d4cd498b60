"""Quick replies: the texts that one often writes, at hand in the composer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatops.console.keeping import keep
from chatops.console.screen import caller_from, screen, show
from chatops.notebook import own


@screen
def replies(request: HttpRequest) -> HttpResponse:
    """GET one's quick replies; POST one to keep, under a new or a known title."""
    caller = caller_from(request)
    if request.method == "POST":
        title, text = request.POST.get("title", ""), request.POST.get("text", "")
        return keep(request, lambda: own.save_reply(caller, title, text), _("The reply is kept."))
    held = list(own.replies(caller))
    chosen = next((one for one in held if str(one.pk) == request.GET.get("edit")), None)
    return show(request, "console/replies.html", {"replies": held, "chosen": chosen})


@screen
@require_POST
def remove(request: HttpRequest, reply_id: int) -> HttpResponse:
    """POST: forget a quick reply."""
    caller = caller_from(request)
    return keep(request, lambda: own.remove_reply(caller, reply_id), _("The reply is gone."))
