"""Who listens to a stream, and what of the feed concerns them. All of it is for threads."""

import threading
import time
from collections.abc import Sequence
from importlib import import_module
from io import BytesIO

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import User
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest

from chatops.actions import policy, tokens
from chatops.actions.callers import Caller, caller_of
from chatops.actions.errors import ActionError
from chatops.api.broadcast import Line
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.sync import screens

#: Seconds a session is still told of after the caller saw it last: that it left is news, too.
REMEMBERED = 90.0
BEARER = "bearer "


class NotSignedIn(ActionError):
    status, code, title = 401, "not_authenticated", "Who is calling is not known"


class BadHost(ActionError):
    status, code, title = 400, "bad_request", "The request names a host that is not ours"


def request_of(scope: dict[str, object]) -> HttpRequest:
    """Django's view of an ASGI scope: headers, cookies, query. Raises BadHost."""
    request = ASGIRequest(scope, BytesIO())
    try:
        request.get_host()
    except DisallowedHost as error:
        raise BadHost("This host is not in ALLOWED_HOSTS.") from error
    return request


def program(request: HttpRequest, request_id: str) -> Caller:
    """The caller behind an API token with the scope `feed`. Raises NotSignedIn, Forbidden."""
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(BEARER):
        raise NotSignedIn("Send `Authorization: Bearer <token>`.")
    token = tokens.find(header[len(BEARER) :].strip())
    if token is None:
        raise NotSignedIn("This token is unknown, revoked or expired.")
    caller = caller_of(token.owner, token=token, source="api", request_id=request_id)
    policy.need(caller, policy.Right.FEED)
    return caller


def person(request: HttpRequest, request_id: str) -> Caller:
    """The caller behind a console session, who is at the screen now. Raises NotSignedIn."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    user = auth.get_user(request)
    if not (isinstance(user, User) and user.is_active and user.is_staff):
        raise NotSignedIn("Sign in to the console first.")
    caller = caller_of(user, source="console", request_id=request_id)
    if caller.agent is not None:
        screens.here(caller.agent.pk)
    return caller


class Audience:
    """What one caller may hear of; shared by all the caller's streams.

    A session that left the caller's sight is told of for a while: the screen has to drop it. That
    tells nothing but the number of a session that was seen before.
    """

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._seen: dict[int, float] = {}
        self._lock = threading.Lock()
        self.look_around()

    def look_around(self) -> None:
        """Note which open sessions the caller sees now."""
        visible = self._visible()
        #: Nothing is hidden from the caller: no line needs a question.
        self.hears_all = visible.is_everything
        if not self.hears_all:
            self._note(set(visible.open().values_list("pk", flat=True)))

    def _visible(self) -> ChatSessionQuerySet:
        if self.caller.token is None:
            return policy.visible_sessions(self.caller)
        # The scope `feed` is the right to hear; how far it reaches says of what.
        return policy.reach(self.caller)

    def _note(self, sessions: set[int]) -> None:
        now = time.monotonic()
        with self._lock:
            kept = {one: at for one, at in self._seen.items() if now - at < REMEMBERED}
            self._seen = kept | dict.fromkeys(sessions, now)

    def hears(self, lines: Sequence[Line]) -> list[Line]:
        """The lines that concern the caller. What belongs to no session concerns everybody."""
        if self.hears_all:
            return list(lines)
        close_old_connections()
        asked = {line.session_id for line in lines if line.session_id is not None}
        self._note(set(self._visible().filter(pk__in=asked).values_list("pk", flat=True)))
        seen = self._seen
        return [one for one in lines if one.session_id is None or one.session_id in seen]
