"""Who calls: a program with its token, or a person with the console's session.

Both give `request.auth` the Caller that decides everything, made once for a request.
"""

from django.contrib.auth.models import User
from django.http import HttpRequest
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from chatops.actions import tokens
from chatops.actions.callers import Caller, caller_of

CHALLENGE = 'Bearer realm="chatops"'
SOURCE = "api"


def is_program(request: HttpRequest | Request) -> bool:
    """Whether a request brings a token, which decides alone: the console's session is not asked."""
    scheme: str = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[0]
    return scheme.lower() == "bearer"


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <token>`."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        if "HTTP_AUTHORIZATION" not in request.META:
            return None
        if not is_program(request):
            # Not ignored: whoever names themselves is never taken for the session's person.
            raise exceptions.AuthenticationFailed("Send `Authorization: Bearer <token>`.")
        token = tokens.find(request.META["HTTP_AUTHORIZATION"].partition(" ")[2].strip())
        if token is None:
            raise exceptions.AuthenticationFailed("The token is unknown, revoked or expired.")
        request_id = getattr(request, "request_id", "")
        return token.owner, caller_of(
            token.owner, token=token, source=SOURCE, request_id=request_id
        )

    def authenticate_header(self, _request: Request) -> str:
        return CHALLENGE


class ConsoleAuthentication(authentication.SessionAuthentication):
    """The console's session; what changes something needs its CSRF token too."""

    def authenticate(self, request: Request) -> tuple[User, Caller] | None:
        found = super().authenticate(request)
        if found is None:
            return None
        user: User = found[0]
        request_id = getattr(request, "request_id", "")
        return user, caller_of(user, source=SOURCE, request_id=request_id)


def caller_behind(request: Request) -> Caller:
    """The caller of an authenticated request."""
    caller = request.auth
    if not isinstance(caller, Caller):
        raise exceptions.NotAuthenticated
    return caller
