"""Signing in at SuperOffice Online: a person links their account by it, or enters by it.

OpenID Connect, authorization code with PKCE (contract, B.2). Two steps with the person's browser in
between, and no request object in either: `begin` says where to send the browser and what to keep in
the session, `finish` takes what was kept and what the browser brought back. The client library does
the whole exchange, so django-allauth is not used: it would bring tables and pages of its own for
what is one link between a user and an associate here.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User

from chatops.remote import linking, tenant
from chatops.remote.linking import LinkRefused
from chatops.remote.models import Agent, Credential
from chatops.superoffice import errors, oauth

#: A sign-in that takes longer is begun anew: SuperOffice's code lives as long. Seconds.
LONGEST = 600.0
KEPT = ("state", "nonce", "verifier", "redirect_uri")


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what `finish` needs: plain values for the session."""

    url: str
    kept: dict[str, str]


def is_offered() -> bool:
    """Whether this installation can sign people in: Online, with an application of its own."""
    return bool(settings.SUPEROFFICE_TENANT and settings.SUPEROFFICE_CLIENT_ID)


def begin(*, redirect_uri: str, login_hint: str = "") -> Begun:
    """Begin a sign-in; `redirect_uri` is our absolute address, exactly as registered.

    Raises LinkRefused where it is not offered.
    """
    if not is_offered():
        raise LinkRefused("Signing in at SuperOffice is not set up here.")
    kept = {
        "state": secrets.token_urlsafe(32),
        "nonce": secrets.token_urlsafe(32),
        "verifier": oauth.make_verifier(),
        "redirect_uri": redirect_uri,
        "begun": str(time.time()),
    }
    url = oauth.authorize_url(
        settings.SUPEROFFICE_LOGIN_URL,
        client_id=settings.SUPEROFFICE_CLIENT_ID,
        tenant=settings.SUPEROFFICE_TENANT,
        login_hint=login_hint or None,
        **{name: kept[name] for name in KEPT},
    )
    return Begun(url, kept)


def finish(user: User | None, kept: Mapping[str, str], query: Mapping[str, str]) -> Agent:
    """Finish a sign-in; the linked agent, whose `user` is the one to log in.

    `user` is who links their account; None when somebody enters by SuperOffice, who must be linked
    already: nobody gets a user here by signing in there. `kept` is used once: take it out of the
    session before. Raises LinkRefused with a sentence for the person.
    """
    tokens = _exchanged(kept, query)
    claims = _verified(tokens, kept)
    if user is None:
        user = _user_of(claims.associate_id)
    elif (held := Agent.objects.filter(associate_id=claims.associate_id).first()) and (
        held.user_id != user.pk
    ):
        raise LinkRefused(linking.TAKEN)
    if not tokens.refresh_token:
        raise LinkRefused("SuperOffice gave no lasting permission. Begin the sign-in again.")
    return linking.link(
        user,
        Credential.Scheme.BEARER,
        {"refresh_token": tokens.refresh_token},
        associate_id=claims.associate_id,
    )


def _exchanged(kept: Mapping[str, str], query: Mapping[str, str]) -> oauth.Tokens:
    """The tokens for the code that the browser brought, if it is the browser that we sent."""
    if not all(kept.get(name) for name in (*KEPT, "begun")):
        raise LinkRefused("This sign-in was not begun here, or was finished already.")
    # As bytes: the comparison raises on texts beyond ASCII.
    brought = query.get("state", "").encode("utf-8", "surrogatepass")
    if not secrets.compare_digest(brought, kept["state"].encode()):
        raise LinkRefused("This sign-in does not belong to this browser. Begin it again.")
    if not 0 <= time.time() - float(kept["begun"]) <= LONGEST:
        raise LinkRefused("The sign-in took too long. Begin it again.")
    if not query.get("code"):
        raise LinkRefused("SuperOffice did not sign you in, or you did not agree.")
    try:
        return oauth.exchange_code(
            tenant.login_transport(),
            client_id=settings.SUPEROFFICE_CLIENT_ID,
            client_secret=settings.SUPEROFFICE_CLIENT_SECRET,
            code=query["code"],
            redirect_uri=kept["redirect_uri"],
            verifier=kept["verifier"],
        )
    except errors.Refused as error:
        raise LinkRefused("SuperOffice did not accept this sign-in. Begin it again.") from error
    except errors.SuperOfficeError as error:
        raise LinkRefused("SuperOffice's sign-in does not answer. Try again shortly.") from error


def _verified(tokens: oauth.Tokens, kept: Mapping[str, str]) -> oauth.Claims:
    """Who signed in, as the id token says; it is checked here and not kept."""
    try:
        return oauth.verify_id_token(
            tokens.id_token or "",
            keys=oauth.fetch_keys(tenant.login_transport()),
            issuer=settings.SUPEROFFICE_LOGIN_URL.rstrip("/"),
            client_id=settings.SUPEROFFICE_CLIENT_ID,
            nonce=kept["nonce"],
            tenant=settings.SUPEROFFICE_TENANT,
        )
    except oauth.InvalidToken as error:
        raise LinkRefused(f"SuperOffice's answer cannot be believed: {error}") from error
    except errors.SuperOfficeError as error:
        raise LinkRefused("SuperOffice's sign-in does not answer. Try again shortly.") from error


def _user_of(associate_id: int) -> User:
    agent = Agent.objects.select_related("user").filter(associate_id=associate_id).first()
    if agent is None:
        raise LinkRefused(
            "Your SuperOffice account is not linked to anybody here. Sign in with your password "
            "first, then link it under “My SuperOffice account”."
        )
    user: User = agent.user
    if not user.is_active:
        raise LinkRefused("Your user here is switched off.")
    return user
