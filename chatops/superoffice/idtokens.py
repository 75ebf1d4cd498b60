"""The JWTs of the sign-in host: checked, and read (contract B.2, B.3)."""

from dataclasses import dataclass, field
from typing import Any

import jwt

from chatops.superoffice.entities.carrier import read_bool, read_int, read_text
from chatops.superoffice.tenant import normal_api_url
from chatops.superoffice.transport import Transport

KEYS = "/login/.well-known/jwks"
#: Prefix of SuperOffice's own claims.
IDENTITY = "http://schemes.superoffice.net/identity/"
#: Clocks differ; id tokens live about five minutes. Seconds.
LEEWAY = 60
SYSTEM_ISSUER = "SuperOffice AS"


class InvalidToken(ValueError):
    """A JWT that must not be believed: signature, issuer, audience, time, nonce or tenant."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Who signed in."""

    #: Ties our user to `Associate.AssociateId`.
    associate_id: int
    #: E.g. `Cust12345`.
    tenant: str
    #: REST root, as `Transport` takes it.
    webapi_url: str
    email: str
    #: User principal name.
    upn: str
    name: str
    initials: str
    company_name: str
    is_administrator: bool
    #: Database serial number: the audience of system user tokens.
    serial: str
    #: Only when an administrator signs in: the system user token of this app and tenant.
    system_token: str | None = field(default=None, repr=False)


def fetch_keys(login: Transport, *, deadline: float | None = None) -> dict[str, Any]:
    """The public keys of the sign-in host, as a JSON Web Key Set."""
    answer = login.send("GET", KEYS, deadline=deadline)
    return answer if isinstance(answer, dict) else {}


def verify_id_token(
    token: str,
    *,
    keys: dict[str, Any],
    issuer: str,
    client_id: str,
    nonce: str,
    tenant: str | None = None,
) -> Claims:
    """The claims of an id token, if everything about it is right; InvalidToken otherwise.

    `issuer` is the sign-in host without a slash at the end; `tenant`, when given, must be the one
    the person signed in to.
    """
    data = _decoded(token, keys, issuer=issuer, audience=client_id, required=["exp", "iss", "aud"])
    if not nonce or data.get("nonce") != nonce:
        raise InvalidToken("The id token does not belong to this sign-in.")
    claims = _claims(data)
    if not claims.tenant or (tenant and claims.tenant.lower() != tenant.lower()):
        raise InvalidToken("The id token is for another tenant.")
    if claims.associate_id <= 0:
        raise InvalidToken("The id token names no associate.")
    return claims


def system_ticket(token: str, *, keys: dict[str, Any], serial: str | None = None) -> str:
    """The ticket in the JWT of a system user sign-in (B.3 step 4); InvalidToken otherwise.

    Without `serial` the audience only has to be some database (`spn:…`).
    """
    audience = f"spn:{serial}" if serial else None
    data = _decoded(token, keys, issuer=SYSTEM_ISSUER, audience=audience, required=["exp", "aud"])
    audiences = data.get("aud")
    named = audiences if isinstance(audiences, list) else [audiences]
    if not all(isinstance(name, str) and name.startswith("spn:") for name in named):
        raise InvalidToken("The system user's token is for something else.")
    ticket = read_text(data.get(f"{IDENTITY}ticket"))
    if not ticket:
        raise InvalidToken("The system user's token holds no ticket.")
    return ticket


def _decoded(
    token: str, keys: dict[str, Any], *, issuer: str, audience: str | None, required: list[str]
) -> dict[str, Any]:
    options: Any = {"require": required, "verify_aud": audience is not None}
    for key in _candidates(token, keys):
        try:
            return jwt.decode(
                token,
                key=key,
                algorithms=["RS256"],
                issuer=issuer,
                audience=audience,
                leeway=LEEWAY,
                options=options,
            )
        except jwt.InvalidSignatureError:
            continue  # a set holds the next key too while keys are changed over
        except jwt.InvalidTokenError as error:
            raise InvalidToken("The sign-in host's token is not valid.") from error
    raise InvalidToken("The token is not signed by the sign-in host.")


def _candidates(token: str, keys: dict[str, Any]) -> list[jwt.PyJWK]:
    """The keys that may have signed: the one the token names, or all where it names none."""
    try:
        wanted = jwt.get_unverified_header(token).get("kid")
        known = jwt.PyJWKSet.from_dict(keys).keys
    except (jwt.PyJWTError, AttributeError, TypeError, ValueError) as error:
        raise InvalidToken("The token or the keys cannot be read.") from error
    named = [key for key in known if wanted is not None and key.key_id == wanted]
    return named or known


def _claims(data: dict[str, Any]) -> Claims:
    def own(name: str) -> str:
        return read_text(data.get(f"{IDENTITY}{name}"))

    return Claims(
        associate_id=read_int(own("associateid")),
        tenant=own("ctx"),
        webapi_url=normal_api_url(own("webapi_url")),
        email=own("email") or own("so_primary_email_address"),
        upn=own("upn"),
        name=read_text(data.get("name")) or own("upn"),
        initials=own("initials"),
        company_name=own("company_name"),
        is_administrator=read_bool(own("is_administrator")),
        serial=own("serial"),
        system_token=own("system_token") or None,
    )
