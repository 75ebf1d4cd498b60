"""Credentials that sign a request, as `requests` AuthBase classes (contract B.1).

A credential's secret never shows in its `repr`. Where the secret is a token that runs out, hand
over a `TokenSource` in a `RenewableBearer` or `RenewableTicket`: after a 401 or 403 the transport
asks it once for a new token and repeats the call once.
"""

import base64
from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol, runtime_checkable

from requests import PreparedRequest
from requests.auth import AuthBase

from chatops.superoffice.errors import CredentialsMissing

AUTHORIZATION = "Authorization"
APP_TOKEN = "SO-AppToken"  # noqa: S105 - the name of the header
XSRF = "X-XSRF-TOKEN"

Secret = str | Callable[[], str]


class TokenSource(Protocol):
    """Where a token that runs out comes from. Both methods may raise a `SuperOfficeError`."""

    def current(self) -> str:
        """The token to use now; obtained first if there is none."""
        ...

    def renew(self, stale: str) -> str:
        """A token other than `stale`, which SuperOffice no longer takes.

        Several threads may report the same stale token: one renews, the others get its result.
        """
        ...


@runtime_checkable
class Renewable(Protocol):
    """A credential that can be made good again after a 401 or 403."""

    def renew(self, refused: PreparedRequest) -> bool:
        """Replace the token that `refused` carried; whether there is another one now."""
        ...


class Credential(AuthBase):
    """What all credentials share: a scheme's name, and a `repr` that tells nothing else."""

    scheme: ClassVar[str] = ""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Basic(Credential):
    """User and password; onsite only (`AuthorizeWithUsername`). Sent as UTF-8."""

    scheme = "Basic"

    def __init__(self, user: str, password: str) -> None:
        self.user = user
        self._password = password

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        if not self.user:
            raise CredentialsMissing("No SuperOffice user name is set.")
        pair = f"{self.user}:{self._password}".encode()
        r.headers[AUTHORIZATION] = f"{self.scheme} {base64.b64encode(pair).decode('ascii')}"
        return r


class Bearer(Credential):
    """An access token of SuperOffice Online; a string, or a callable that returns it."""

    scheme = "Bearer"

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers[AUTHORIZATION] = f"{self.scheme} {sendable(self._token)}"
        return r


class SoTicket(Credential):
    """A ticket (`7T:…`), sent as it is. Online the app token goes with it and is required."""

    scheme = "SOTicket"

    def __init__(self, ticket: Secret, app_token: str | None = None) -> None:
        self._ticket = ticket
        self._app_token = app_token

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers[AUTHORIZATION] = f"{self.scheme} {sendable(self._ticket)}"
        if self._app_token:
            r.headers[APP_TOKEN] = sendable(self._app_token)
        return r


class SessionCookie(Credential):
    """A browser session of SuperOffice's own web client: cookies, and the XSRF token.

    The contract (B.1) says that this is not for us; it is here because the ordered pages name the
    header, and because a web panel that runs inside SuperOffice has nothing else.
    """

    scheme = "Cookie"

    def __init__(self, cookies: Mapping[str, str], xsrf: str) -> None:
        self._cookies = dict(cookies)
        self._xsrf = xsrf

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["Cookie"] = "; ".join(
            f"{name}={sendable(value)}" for name, value in self._cookies.items()
        )
        r.headers[XSRF] = sendable(self._xsrf)
        return r


class RenewableBearer(Bearer):
    """An access token from a source that can make a new one."""

    def __init__(self, source: TokenSource) -> None:
        super().__init__(source.current)
        self._source = source

    def renew(self, refused: PreparedRequest) -> bool:
        """Have the source replace the token that was refused."""
        return _renew(self._source, refused)


class RenewableTicket(SoTicket):
    """A ticket from a source that can make a new one (the system user, contract B.3)."""

    def __init__(self, source: TokenSource, app_token: str | None = None) -> None:
        super().__init__(source.current, app_token)
        self._source = source

    def renew(self, refused: PreparedRequest) -> bool:
        """Have the source replace the ticket that was refused."""
        return _renew(self._source, refused)


def _renew(source: TokenSource, refused: PreparedRequest) -> bool:
    stale = str(refused.headers.get(AUTHORIZATION, "")).partition(" ")[2]
    return source.renew(stale) != stale


def sendable(secret: Secret) -> str:
    """The secret as a header can carry it.

    Raises CredentialsMissing when it is empty or has characters that could end the header.
    """
    value = secret() if callable(secret) else secret
    if not value:
        raise CredentialsMissing("No SuperOffice credential is stored for this account.")
    if not (value.isascii() and value.isprintable()):
        raise CredentialsMissing("The stored SuperOffice credential cannot be sent in a header.")
    return value
