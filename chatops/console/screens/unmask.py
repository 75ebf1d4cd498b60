"""Personal data of one chat, shown for a while to who gives a reason; and masked again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatops.actions import errors, unmasking
from chatops.console.keeping import keep
from chatops.console.screen import caller_from, screen
from chatops.console.screens import session
from chatops.console.sentences import told


@screen
def unmask(request: HttpRequest, session_id: int) -> HttpResponse:
    """POST `reason` and `words`; what is missing is told beside its field. GET: the form, open."""
    if request.method != "POST":
        return session.page(request, session_id, wrong={"field": None})
    caller = caller_from(request)
    reason, words = request.POST.get("reason", ""), request.POST.get("words", "")
    try:
        made = unmasking.unmask(caller, session_id, reason, words)
    except errors.Invalid as error:
        wrong = {"reason": reason, "words": words, "field": error.field, "why": told(error.detail)}
        return session.page(request, session_id, wrong=wrong)
    until = date_format(timezone.localtime(made.until), "H:i")
    messages.success(request, _("Shown to you until %(time)s, and noted.") % {"time": until})
    response = HttpResponseRedirect(reverse("admin:session", args=[session_id]))
    response.status_code = 303
    return response


@screen
@require_POST
def mask(request: HttpRequest, session_id: int) -> HttpResponse:
    """POST: mask it again now."""
    caller = caller_from(request)
    return keep(request, lambda: unmasking.mask(caller, session_id), _("Masked again."))
