"""Who is calling: contract B. Basic, SoTicket, Bearer, or a session cookie with its XSRF value."""

import base64
import binascii
import secrets
import time
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from chatops.demo.errors import Answer
from chatops.demo.office import Office
from chatops.demo.records import Associate
from chatops.demo.wire import WireRequest

CLIENT_ID = "chatops-demo"
CLIENT_SECRET = "chatops-demo-secret"  # noqa: S105 (of the demo, meant to be known)
TENANT = "Cust12345"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated associate, and by which credential (for the journal, never the secret)."""

    person: Associate
    credential: str


@dataclass(slots=True)
class Ticket:
    """A 7T ticket: valid for some time after its last use (B.3). Times are monotonic seconds."""

    user: str
    needs_app_token: bool
    used: float


@dataclass(slots=True)
class Grant:
    """An access token until it expires, or a refresh token until it is revoked (B.2)."""

    user: str
    expires: float


@dataclass(slots=True)
class Identity:
    """Every credential that was given out."""

    office: Office
    tickets: dict[str, Ticket] = field(default_factory=dict)
    access_tokens: dict[str, Grant] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, tuple[str, str]] = field(default_factory=dict)  # cookie: user, XSRF value
    refreshes: int = 0  # how many refreshes were asked for: a storm can be counted

    def caller(self, request: WireRequest) -> Caller:
        """Who it is. Raises `Answer` 401 (or 403, by switch, for an expired access token)."""
        authorization = request.header("authorization")
        if not authorization:
            return self._cookie(request)
        scheme, _, value = authorization.partition(" ")
        schemes = {"basic": self._basic, "soticket": self._ticket, "bearer": self._bearer}
        if scheme.lower() not in schemes:
            raise unauthorized("The authentication scheme is not supported")
        return schemes[scheme.lower()](value.strip(), request)

    def _person(self, user: str, scheme: str) -> Caller:
        for person in self.office.people.values():
            if person.user.lower() == user.lower() and not person.deleted:
                return Caller(person, f"{scheme} {person.user}")
        raise unauthorized("The user is not known")

    def _basic(self, value: str, request: WireRequest) -> Caller:
        try:
            given = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise unauthorized("The credentials are not readable") from error
        if given.startswith("7T:"):  # a ticket as the user name, with an empty password (B.4)
            return self._ticket(given.removesuffix(":"), request)
        user, _, password = given.partition(":")
        caller = self._person(user, "Basic")
        if not secrets.compare_digest(caller.person.password.encode(), password.encode()):
            raise unauthorized("The user name or password is wrong")
        return caller

    def _ticket(self, value: str, request: WireRequest) -> Caller:
        ticket = self.tickets.get(value)
        if ticket is None or time.monotonic() - ticket.used > self.office.options.ticket_life:
            raise unauthorized("The ticket is not valid")
        if ticket.needs_app_token and request.header("so-apptoken") != CLIENT_SECRET:
            raise unauthorized("SO-AppToken is missing or wrong")
        ticket.used = time.monotonic()
        return self._person(ticket.user, "SOTicket")

    def _bearer(self, value: str, request: WireRequest) -> Caller:
        grant = self.access_tokens.get(value)
        if grant is None:
            raise unauthorized("The access token is not valid")
        if grant.expires < time.monotonic():
            raise Answer(
                self.office.options.expired_status,
                "SoAuthenticationException",
                "The access token has expired",
            )
        return self._person(grant.user, "Bearer")

    def _cookie(self, request: WireRequest) -> Caller:
        try:
            jar = SimpleCookie(request.header("cookie"))
        except CookieError as error:
            raise unauthorized("The cookie is not readable") from error
        session, echoed = jar.get("SoSession"), jar.get("XSRF-TOKEN")
        user, xsrf = self.cookies.get(session.value if session else "", ("", ""))
        given = request.header("x-xsrf-token")
        if not user or given != xsrf or not echoed or echoed.value != xsrf:
            raise unauthorized("Authorization, or a session with X-XSRF-TOKEN, is required")
        return self._person(user, "Cookie")

    def new_ticket(self, user: str, *, needs_app_token: bool = False) -> str:
        """A ticket; one that came from Online needs the app token beside it (B.1)."""
        ticket = f"7T:{secrets.token_urlsafe(24)}"
        self.tickets[ticket] = Ticket(user, needs_app_token, time.monotonic())
        return ticket

    def new_access_token(self, user: str) -> str:
        """An opaque access token (B.2)."""
        token = f"8A:{TENANT}.{secrets.token_urlsafe(24)}=="
        self.access_tokens[token] = Grant(user, time.monotonic() + self.office.options.token_life)
        return token

    def new_refresh_token(self, user: str) -> str:
        """A refresh token; it has no end."""
        token = secrets.token_urlsafe(24)
        self.refresh_tokens[token] = user
        return token

    def new_cookie(self, user: str) -> tuple[str, str]:
        """A browser session: the cookie's value and the XSRF value."""
        cookie, xsrf = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.cookies[cookie] = (user, xsrf)
        return cookie, xsrf

    def revoke(self, user: str) -> None:
        """Everything that was given out to the user (or to everybody, for an empty name) dies."""
        for tokens in (self.tickets, self.access_tokens):
            for token in [t for t, grant in tokens.items() if user in ("", grant.user)]:
                del tokens[token]
        for token in [t for t, owner in self.refresh_tokens.items() if user in ("", owner)]:
            del self.refresh_tokens[token]
        for cookie in [c for c, (owner, _) in self.cookies.items() if user in ("", owner)]:
            del self.cookies[cookie]


def unauthorized(message: str) -> Answer:
    """401 with the error object."""
    return Answer(401, "SoAuthenticationException", message)
