"""Notes and tags on a session: forms that stand on its page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatops.console.keeping import keep, number_in
from chatops.console.screen import caller_from, screen
from chatops.notebook import notes, reviews


@screen
@require_POST
def write(request: HttpRequest, session_id: int) -> HttpResponse:
    """POST a note; with `message` on one message, and back to it."""
    caller, text = caller_from(request), request.POST.get("note", "")
    message = number_in(request, "message")
    at = f"{reverse('admin:session', args=[session_id])}?at={message}" if message else ""
    return keep(
        request,
        lambda: notes.write(caller, session_id, text, message_id=message),
        _("The note is kept."),
        to=at,
    )


@screen
@require_POST
def remove(request: HttpRequest, note_id: int) -> HttpResponse:
    """POST: take a note away."""
    caller = caller_from(request)
    return keep(request, lambda: notes.remove(caller, note_id), _("The note is gone."))


@screen
@require_POST
def put_tag(request: HttpRequest, session_id: int) -> HttpResponse:
    """POST a tag."""
    caller, name = caller_from(request), request.POST.get("tag", "")
    return keep(request, lambda: notes.put_tag(caller, session_id, name), _("Tagged."))


@screen
@require_POST
def take_tag(request: HttpRequest, session_id: int) -> HttpResponse:
    """POST: take a tag off."""
    caller, tag_id = caller_from(request), number_in(request, "tag") or 0
    return keep(request, lambda: notes.take_tag(caller, session_id, tag_id), _("The tag is off."))


@screen
@require_POST
def ask_review(request: HttpRequest, session_id: int) -> HttpResponse:
    """POST: put the chat into the review queue."""
    caller = caller_from(request)
    told = _("The chat is in the review queue.")
    return keep(request, lambda: reviews.ask(caller, session_id), told)
