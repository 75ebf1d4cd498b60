"""Saved views of the list of sessions: a name for a set of filters."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatops.console.keeping import keep
from chatops.console.screen import caller_from, screen
from chatops.notebook import own


@screen
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """POST the filters of the list, `query`, under a name."""
    caller = caller_from(request)
    name, query = request.POST.get("name", ""), request.POST.get("query", "")
    shared = bool(request.POST.get("shared"))
    return keep(
        request,
        lambda: own.save_view(caller, name, query, shared=shared),
        _("The view is kept."),
    )


@screen
@require_POST
def remove(request: HttpRequest, view_id: int) -> HttpResponse:
    """POST: forget one of one's own views."""
    caller, to = caller_from(request), reverse("admin:sessions")
    return keep(request, lambda: own.remove_view(caller, view_id), _("The view is gone."), to=to)
