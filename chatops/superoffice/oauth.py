"""Signing in at SuperOffice Online: authorization code with PKCE, and refreshing (contract B.2).

Checking the tokens is `idtokens`, the system user is `systemuser`; both are reachable from here.

All calls go to the sign-in host through a `Transport` whose base is that host, without credentials:
`https://online.superoffice.com`. What comes back are secrets; nothing here is logged.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from chatops.superoffice.entities.carrier import read_int, read_text
from chatops.superoffice.errors import UnreadableAnswer
from chatops.superoffice.idtokens import Claims, InvalidToken, fetch_keys, verify_id_token
from chatops.superoffice.systemuser import authenticate_system_user, sign_system_token
from chatops.superoffice.transport import Transport

__all__ = [
    "Claims",
    "InvalidToken",
    "Tokens",
    "authenticate_system_user",
    "authorize_url",
    "challenge",
    "discover",
    "exchange_code",
    "fetch_keys",
    "make_verifier",
    "refresh",
    "sign_system_token",
    "verify_id_token",
]

DISCOVERY = "/login/.well-known/openid-configuration"
AUTHORIZE = "/login/common/oauth/authorize"
TOKENS = "/login/common/oauth/tokens"
SCOPE = "openid"  # the only one; it covers every API
#: When an answer has no `expires_in`: the shorter of the two lifetimes the vendor names (L 27).
SHORTEST_LIFE = 20 * 60


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave. Its `repr` shows no token."""

    access_token: str = field(repr=False)
    #: Seconds from now; refresh early, and expect a 401 or 403 before.
    expires_in: int
    #: Set when a new one came: keep the newest seen (L 28).
    refresh_token: str | None = field(default=None, repr=False)
    #: To be validated at once and not kept.
    id_token: str | None = field(default=None, repr=False)


def make_verifier() -> str:
    """A PKCE verifier: 86 random characters of the allowed 43 to 128."""
    return secrets.token_urlsafe(64)


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier: BASE64URL(SHA256(verifier)) without padding."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def discover(login: Transport, *, deadline: float | None = None) -> dict[str, Any]:
    """The sign-in host's own description: its endpoints, also the ones for signing out."""
    return _object(login.send("GET", DISCOVERY, deadline=deadline))


def authorize_url(
    login_url: str,
    *,
    client_id: str,
    redirect_uri: str,
    state: str,
    nonce: str,
    verifier: str,
    tenant: str | None = None,
    login_hint: str | None = None,
) -> str:
    """Where to send a person's browser. `tenant` skips the tenant picker.

    The method is always named: SuperOffice's default is `plain`.
    """
    query = {
        "client_id": client_id,
        "scope": SCOPE,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
        "acr_values": f"tenant:{tenant}" if tenant else None,
        "login_hint": login_hint,
    }
    given = {name: value for name, value in query.items() if value}
    return f"{login_url.rstrip('/')}{AUTHORIZE}?{urlencode(given)}"


def exchange_code(
    login: Transport,
    *,
    client_id: str,
    client_secret: str,
    code: str,
    redirect_uri: str,
    verifier: str,
    deadline: float | None = None,
) -> Tokens:
    """Tokens for an authorization code, which lives ten minutes and works once: one try."""
    return _tokens(
        login,
        {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "client_secret": client_secret,
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        },
        tries=1,
        deadline=deadline,
    )


def refresh(
    login: Transport,
    *,
    client_id: str,
    client_secret: str,
    refresh_token: str,
    deadline: float | None = None,
) -> Tokens:
    """A new access token. Two tries (J.4): the refresh token stays good.

    Refused is final: consent was withdrawn, or the token was revoked.
    """
    return _tokens(
        login,
        {
            "grant_type": "refresh_token",
            "client_id": client_id,
            "client_secret": client_secret,
            "refresh_token": refresh_token,
        },
        tries=2,
        deadline=deadline,
    )


def _tokens(
    login: Transport, form: dict[str, str], *, tries: int, deadline: float | None
) -> Tokens:
    # in the body, never in the query: queries end up in logs
    answer = _object(
        login.send("POST", TOKENS, form=form, tries=tries, idempotent=True, deadline=deadline)
    )
    access_token = read_text(answer.get("access_token"))
    if not access_token:
        raise UnreadableAnswer("The sign-in host's answer holds no access token.")
    life = read_int(answer.get("expires_in"))
    return Tokens(
        access_token=access_token,
        expires_in=life if life > 0 else SHORTEST_LIFE,
        refresh_token=read_text(answer.get("refresh_token")) or None,
        id_token=read_text(answer.get("id_token")) or None,
    )


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise UnreadableAnswer("The sign-in host's answer is not an object.")
    return answer
