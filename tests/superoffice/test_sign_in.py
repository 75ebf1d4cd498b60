"""Signing in Online, tenant state, and the system user (contract A.1, B.2, B.3)."""

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from chatops.superoffice import oauth
from chatops.superoffice.errors import (
    CredentialsMissing,
    OutcomeUnknown,
    Refused,
    UnreadableAnswer,
)
from chatops.superoffice.idtokens import IDENTITY, InvalidToken, verify_id_token
from chatops.superoffice.transport import Transport
from tests.superoffice.conftest import Connect
from tests.superoffice.wires import Asked, Wire, answer, hang_up, serving

ISSUER = "https://online.superoffice.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()


def public(*keys: rsa.RSAPrivateKey) -> dict[str, Any]:
    """A key set as the sign-in host publishes it."""
    found = []
    for number, key in enumerate(keys):
        described = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        found.append(described | {"kid": f"k{number}", "use": "sig", "alg": "RS256"})
    return {"keys": found}


def signed(changes: dict[str, Any], *, key: rsa.RSAPrivateKey = KEY, kid: str | None = "k0") -> str:
    claims = {
        "iss": ISSUER,
        "aud": "app-1",
        "exp": time.time() + 300,
        "nbf": time.time() - 1,
        "nonce": "n-1",
        "sub": "mia@example.com",
        f"{IDENTITY}ctx": "Cust12345",
        f"{IDENTITY}associateid": "17",
        f"{IDENTITY}webapi_url": "https://online2.superoffice.com/Cust12345/api/",
        f"{IDENTITY}email": "mia@example.com",
        f"{IDENTITY}upn": "mia@superid.example",
        f"{IDENTITY}is_administrator": "True",
        f"{IDENTITY}system_token": "Chatops-abc",
        f"{IDENTITY}serial": "1234567890",
    }
    given = {k: v for k, v in (claims | changes).items() if v is not None}
    return jwt.encode(given, key, algorithm="RS256", headers={"kid": kid} if kid else None)


def verified(token: str, **changes: Any) -> oauth.Claims:
    expected = {"keys": public(KEY), "issuer": ISSUER, "client_id": "app-1", "nonce": "n-1"}
    return verify_id_token(token, **(expected | changes))


def login(connect: Connect, wire: Wire) -> Transport:
    """A transport to a sign-in host."""
    return connect(wire.url.removesuffix("/api"), auth=None)


# PKCE and the code


def test_the_challenge_is_the_one_of_the_rfc() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert oauth.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_are_long_enough_and_never_the_same() -> None:
    made = {oauth.make_verifier() for _ in range(50)}
    assert len(made) == 50
    letters = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
    assert all(43 <= len(verifier) <= 128 and set(verifier) <= letters for verifier in made)


def test_the_authorize_address_says_all_that_is_needed() -> None:
    url = oauth.authorize_url(
        f"{ISSUER}/",
        client_id="app-1",
        redirect_uri="https://chatops.example/oidc/callback",
        state="s",
        nonce="n",
        verifier="v" * 43,
        tenant="Cust12345",
    )
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        f"{ISSUER}/login/common/oauth/authorize"
    )
    assert dict(parse_qsl(parts.query)) == {
        "client_id": "app-1",
        "scope": "openid",
        "redirect_uri": "https://chatops.example/oidc/callback",
        "response_type": "code",
        "state": "s",
        "nonce": "n",
        "code_challenge": oauth.challenge("v" * 43),
        "code_challenge_method": "S256",
        "acr_values": "tenant:Cust12345",
    }


def test_a_code_is_exchanged_once_in_the_body(connect: Connect) -> None:
    given = {"access_token": "8A:x", "expires_in": 3600, "refresh_token": "r", "id_token": "i"}
    with serving(answer(given)) as wire:
        tokens = oauth.exchange_code(
            login(connect, wire),
            client_id="app-1",
            client_secret="hush",
            code="c",
            redirect_uri="https://chatops.example/cb",
            verifier="v",
        )
        assert tokens == oauth.Tokens("8A:x", 3600, "r", "i")
        asked = wire.asked[0]
        assert asked.target == "/login/common/oauth/tokens"
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        assert parse_qs(asked.body.decode())["code_verifier"] == ["v"]
        assert parse_qs(asked.body.decode())["grant_type"] == ["authorization_code"]
        assert "authorization" not in asked.headers
    with serving(hang_up) as wire:
        with pytest.raises(OutcomeUnknown):
            oauth.exchange_code(
                login(connect, wire),
                client_id="app-1",
                client_secret="hush",
                code="c",
                redirect_uri="x",
                verifier="v",
            )
        assert len(wire.asked) == 1


def refreshed(connect: Connect, wire: Wire) -> oauth.Tokens:
    return oauth.refresh(
        login(connect, wire), client_id="app-1", client_secret="hush", refresh_token="r-1"
    )


def test_refreshing_is_tried_twice_and_keeps_the_old_refresh_token(connect: Connect) -> None:
    with serving(hang_up, answer({"access_token": "8A:new"})) as wire:
        tokens = refreshed(connect, wire)
        assert (tokens.access_token, tokens.refresh_token) == ("8A:new", None)
        assert tokens.expires_in == 20 * 60  # not told: the shorter life
        assert len(wire.asked) == 2


def test_a_revoked_refresh_token_is_final(connect: Connect) -> None:
    said = {"error": "invalid_grant", "error_description": "consent withdrawn"}
    with serving(answer(said, status=400)) as wire:
        with pytest.raises(Refused) as refused:
            refreshed(connect, wire)
        assert refused.value.error_type == "invalid_grant"
        assert "consent withdrawn" in refused.value.detail
        assert len(wire.asked) == 1


def test_an_answer_without_a_token_is_unreadable(connect: Connect) -> None:
    with serving(answer({"expires_in": 1})) as wire, pytest.raises(UnreadableAnswer):
        refreshed(connect, wire)


def test_tokens_and_claims_do_not_show_their_secrets() -> None:
    shown = repr(oauth.Tokens("hush1", 1, "hush2", "hush3"))
    shown += repr(verified(signed({f"{IDENTITY}system_token": "hush4"})))
    assert "hush" not in shown


# Id tokens


def test_a_good_id_token_tells_who_signed_in() -> None:
    claims = verified(signed({}), tenant="cust12345")
    assert claims.associate_id == 17
    assert claims.tenant == "Cust12345"
    assert claims.webapi_url == "https://online2.superoffice.com/Cust12345/api"
    assert (claims.email, claims.upn) == ("mia@example.com", "mia@superid.example")
    assert claims.is_administrator
    assert claims.system_token == "Chatops-abc"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://online.superoffice.com.evil.example"},
        {"iss": None},
        {"aud": "app-2"},
        {"aud": None},
        {"exp": time.time() - 120},
        {"exp": None},
        {"nbf": time.time() + 86_400},
        {"nonce": "n-2"},
        {"nonce": None},
        {f"{IDENTITY}ctx": None},
        {f"{IDENTITY}associateid": None},
        {f"{IDENTITY}associateid": "0"},
    ],
)
def test_an_id_token_with_one_thing_wrong_is_not_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        verified(signed(changes))


def test_an_id_token_of_another_tenant_is_not_believed() -> None:
    with pytest.raises(InvalidToken):
        verified(signed({}), tenant="Cust99999")


def test_an_id_token_signed_by_somebody_else_is_not_believed() -> None:
    with pytest.raises(InvalidToken):
        verified(signed({}, key=OTHER_KEY))
    with pytest.raises(InvalidToken):
        verified(signed({}, key=OTHER_KEY, kid=None))


def test_an_unsigned_or_shared_secret_token_is_not_believed() -> None:
    claims = jwt.decode(signed({}), options={"verify_signature": False})
    none = jwt.encode(claims, "", algorithm="none")
    shared = jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": "k0"})
    for token in (none, shared, "", "a.b.c", "hush"):
        with pytest.raises(InvalidToken):
            verified(token)


def test_a_token_without_a_key_id_is_tried_with_every_key() -> None:
    assert verified(signed({}, kid=None), keys=public(OTHER_KEY, KEY)).associate_id == 17


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": "x"}])
def test_without_keys_nothing_is_believed(keys: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        verified(signed({}), keys=keys)


# The system user


def test_a_system_token_is_signed_with_its_minute() -> None:
    signed = oauth.sign_system_token(
        "Chatops-abc", PEM, now=datetime(2026, 3, 2, 9, 15, 59, tzinfo=UTC)
    )
    data, _, signature = signed.rpartition(".")
    assert data == "Chatops-abc.202603020915"
    KEY.public_key().verify(
        base64.b64decode(signature), data.encode(), padding.PKCS1v15(), hashes.SHA256()
    )


@pytest.mark.parametrize(
    "key",
    [
        "",
        "not a key",
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode(),
    ],
)
def test_a_key_that_cannot_sign_is_named_without_being_shown(key: str) -> None:
    with pytest.raises(CredentialsMissing) as missing:
        oauth.sign_system_token("Chatops-abc", key)
    assert not key or key not in missing.value.detail


def system_host(answered: dict[str, Any]) -> Any:
    def step(connection: Any, asked: Asked) -> bool:
        body = public(KEY) if asked.target.endswith("jwks") else answered
        return answer(body)(connection, asked)

    return step


def system_user(connect: Connect, wire: Wire, serial: str | None = "1234567890") -> str:
    return oauth.authenticate_system_user(
        login(connect, wire),
        system_token="Chatops-abc",
        private_key=PEM,
        client_secret="hush-hush",
        tenant="Cust12345",
        serial=serial,
    )


def system_jwt(**changes: Any) -> str:
    claims = {"iss": "SuperOffice AS", "aud": "spn:1234567890", "exp": time.time() + 300}
    claims[f"{IDENTITY}ticket"] = "7T:ticket"
    return jwt.encode(claims | changes, KEY, algorithm="RS256")


@pytest.mark.parametrize("serial", ["1234567890", None])
def test_the_system_user_gets_a_ticket(serial: str | None, connect: Connect) -> None:
    good = {"IsSuccessful": True, "Token": system_jwt()}
    with serving(system_host(good)) as wire:
        assert system_user(connect, wire, serial) == "7T:ticket"
        asked = wire.asked[0]
        assert asked.target == "/Login/api/PartnerSystemUser/Authenticate"
        assert asked.json["ApplicationToken"] == "hush-hush"
        assert asked.json["ReturnTokenType"] == "JWT"
        assert asked.json["SignedSystemToken"].startswith("Chatops-abc.")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": "spn:999"},
        {"aud": "app-1"},
        {"exp": 1},
        {f"{IDENTITY}ticket": ""},
    ],
)
def test_a_system_answer_with_one_thing_wrong_is_not_believed(
    changes: dict[str, Any], connect: Connect
) -> None:
    wrong = {"IsSuccessful": True, "Token": system_jwt(**changes)}
    with serving(system_host(wrong)) as wire, pytest.raises(UnreadableAnswer):
        system_user(connect, wire)


def test_a_system_user_that_is_refused_says_why_without_the_secret(connect: Connect) -> None:
    said = {"IsSuccessful": False, "ErrorMessage": "bad timestamp for hush-hush"}
    with serving(answer(said)) as wire:
        with pytest.raises(Refused) as refused:
            system_user(connect, wire)
        assert "bad timestamp" in refused.value.detail
        assert "hush" not in refused.value.detail
