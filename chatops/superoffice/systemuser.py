"""The system user of SuperOffice Online: reads everything, acts for nobody (contract B.3)."""

import base64
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from chatops.superoffice import idtokens
from chatops.superoffice.entities.carrier import read_text
from chatops.superoffice.errors import CredentialsMissing, UnreadableAnswer, refusal
from chatops.superoffice.transport import Transport

AUTHENTICATE = "/Login/api/PartnerSystemUser/Authenticate"


def sign_system_token(system_token: str, private_key: str, *, now: datetime | None = None) -> str:
    """`token.yyyyMMddHHmm.signature`, signed with the app's private key (PEM, or the vendor's XML
    turned into PEM). Old timestamps are refused: use it at once.

    CredentialsMissing when the key cannot be read or is not RSA.
    """
    try:
        key = serialization.load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise CredentialsMissing("The private key cannot be read: PEM is expected.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise CredentialsMissing("The private key is not an RSA key.")
    data = f"{system_token}.{(now or datetime.now(UTC)).astimezone(UTC):%Y%m%d%H%M}"
    signature = key.sign(data.encode("utf-8"), padding.PKCS1v15(), hashes.SHA256())
    return f"{data}.{base64.b64encode(signature).decode('ascii')}"


def authenticate_system_user(
    login: Transport,
    *,
    system_token: str,
    private_key: str,
    client_secret: str,
    tenant: str,
    serial: str | None = None,
    deadline: float | None = None,
) -> str:
    """A ticket for `SoTicket` with the client secret as app token. It lives six hours, sliding:
    cache it, and fetch a new one on 401, never per call.

    `login` is a transport to the sign-in host, without credentials. Refused when SuperOffice says
    no, UnreadableAnswer when its token must not be believed.
    """
    answer = login.send(
        "POST",
        AUTHENTICATE,
        json={
            "SignedSystemToken": sign_system_token(system_token, private_key),
            "ApplicationToken": client_secret,
            "ContextIdentifier": tenant,
            "ReturnTokenType": "JWT",
        },
        idempotent=True,  # a second ticket does no harm
        tries=2,
        deadline=deadline,
    )
    if not isinstance(answer, dict):
        raise UnreadableAnswer("The sign-in host's answer is not an object.")
    token = read_text(answer.get("Token"))
    if answer.get("IsSuccessful") is not True or not token:
        said = read_text(answer.get("ErrorMessage"))[:200].replace(client_secret, "…")
        raise refusal(f"The system user was not signed in. {said}".strip(), status=401)
    keys = idtokens.fetch_keys(login, deadline=deadline)
    try:
        return idtokens.system_ticket(token, keys=keys, serial=serial)
    except idtokens.InvalidToken as error:
        raise UnreadableAnswer(str(error)) from error
