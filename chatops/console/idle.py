"""A sign-in ends eight hours after it began, and after an hour without anybody at the screen."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from chatops.console.screen import wants_fragment

BEGAN, ACTIVE = "signed_in_at", "active_at"
#: The session is written at most this often, in seconds.
WRITE_SECONDS = 60.0


class IdleMiddleware:
    """End what has gone on too long, before any view sees it.

    A page that keeps itself fresh is not a person: what `live.js` fetches does not count. What the
    reader does there is told by its heartbeat (`note`).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self._look(request)
        return self.get_response(request)

    @staticmethod
    def _look(request: HttpRequest) -> None:
        now = time.time()
        began = request.session.setdefault(BEGAN, now)
        active = request.session.setdefault(ACTIVE, now)
        if now - began > settings.SESSION_COOKIE_AGE:
            auth.logout(request)
            messages.info(request, _("You were signed in for long. Sign in again to go on."))
        elif 0 < settings.SESSION_IDLE_SECONDS < now - active:
            auth.logout(request)
            messages.info(
                request,
                _("You were away, so you were signed out. Sign in again; your drafts are kept."),
            )
        elif not wants_fragment(request):
            note(request)


def note(request: HttpRequest) -> None:
    """Somebody is at the screen."""
    now = time.time()
    if now - request.session.get(ACTIVE, 0.0) > WRITE_SECONDS:
        request.session[ACTIVE] = now
