"""Sign-in Online: contract B.2, B.3; and where the tenant is: A.1."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from chatops.demo.adapter import StandIn

CALLBACK = "http://127.0.0.1:8000/callback/"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636's own pair
CLAIM = "http://schemes.superoffice.net/identity/"
CLIENT = {"client_id": "chatops-demo", "client_secret": "chatops-demo-secret"}
ASKED = {
    "client_id": "chatops-demo", "scope": "openid", "redirect_uri": CALLBACK,
    "response_type": "code", "state": "s1", "nonce": "n1", "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}  # fmt: skip


def sign_in(office: StandIn, user: str = "mia", **changed: str) -> requests.Response:
    """The form, filled in."""
    form = {**ASKED, "user": user, "password": f"{user}-demo", **changed}
    url = f"{office.origin}/login/common/oauth/authorize"
    return requests.post(url, data=form, allow_redirects=False, timeout=5)


def code_of(answer: requests.Response) -> str:
    """The code in the redirect."""
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def tokens(office: StandIn, **form: str) -> requests.Response:
    """The token endpoint."""
    url = f"{office.origin}/login/common/oauth/tokens"
    return requests.post(url, data={**CLIENT, **form}, timeout=5)


def exchange(office: StandIn, code: str, /, **changed: str) -> requests.Response:
    """The code for tokens."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER, **changed}  # fmt: skip
    return tokens(office, **form)


def verified(office: StandIn, token: str, audience: str) -> dict[str, Any]:
    """The claims, checked against the published key."""
    keys = requests.get(f"{office.origin}/login/.well-known/jwks", timeout=5).json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], audience=audience)
    return claims


def test_a_code_becomes_tokens_that_work(office: StandIn) -> None:
    answer = sign_in(office)
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["state"] == ["s1"]
    given = exchange(office, code_of(answer)).json()
    claims = verified(office, given["id_token"], "chatops-demo")
    me = requests.get(
        f"{office.url}/v1/User/currentPrincipal",
        headers={"Authorization": f"Bearer {given['access_token']}"},
        timeout=5,
    ).json()
    assert (claims["iss"], claims["nonce"]) == (office.origin, "n1")
    assert (claims[f"{CLAIM}ctx"], claims[f"{CLAIM}associateid"]) == ("Cust12345", "17")
    assert claims[f"{CLAIM}webapi_url"] == f"{office.origin}/Cust12345/api/"
    assert me["AssociateId"] == 17
    assert given["expires_in"] == 3600


def test_the_page_asks_before_it_redirects(office: StandIn) -> None:
    url = f"{office.origin}/login/Cust12345/oauth/authorize"
    page = requests.get(url, params=ASKED, timeout=5)
    wrong = sign_in(office, password="nonsense")
    assert page.status_code == wrong.status_code == 200
    assert 'name="code_challenge"' in page.text
    assert "wrong" in wrong.text


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://evil.example/"},
        {"response_type": "token"},
        {"scope": "profile"},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_request_that_is_not_registered_gets_no_redirect(
    office: StandIn, changed: dict[str, str]
) -> None:
    answer = sign_in(office, **changed)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "x" * 43},
        {"redirect_uri": "http://127.0.0.1:8000/other/"},
        {"client_secret": "wrong"},
        {"code": "made-up"},
        {"grant_type": "password"},
    ],
)
def test_an_exchange_that_does_not_fit_is_refused(office: StandIn, changed: dict[str, str]) -> None:
    assert exchange(office, code_of(sign_in(office)), **changed).status_code == 400


def test_a_code_is_good_once(office: StandIn) -> None:
    code = code_of(sign_in(office))
    assert exchange(office, code).status_code == 200
    assert exchange(office, code).json()["error"] == "invalid_grant"


def test_refreshing_keeps_the_refresh_token_unless_it_rotates(office: StandIn) -> None:
    old = exchange(office, code_of(sign_in(office))).json()["refresh_token"]
    again = tokens(office, grant_type="refresh_token", refresh_token=old).json()
    assert "refresh_token" not in again
    assert again["access_token"].startswith("8A:Cust12345.")
    office.options(rotate_refresh_tokens=True)
    new = tokens(office, grant_type="refresh_token", refresh_token=old).json()["refresh_token"]
    assert tokens(office, grant_type="refresh_token", refresh_token=old).status_code == 400
    assert tokens(office, grant_type="refresh_token", refresh_token=new).status_code == 200
    assert office.control("GET", "app")["refreshes"] == 4


def test_a_revoked_refresh_token_is_refused(office: StandIn) -> None:
    token = office.credentials("mia")["refresh_token"]
    office.control("POST", "revoke", user="mia")
    answer = tokens(office, grant_type="refresh_token", refresh_token=token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def system_call(office: StandIn, at: datetime, *, forged: bool = False) -> dict[str, Any]:
    """B.3, steps 2 and 3."""
    app = office.control("GET", "app")
    key = serialization.load_pem_private_key(app["private_key"].encode(), password=None)
    if forged:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert isinstance(key, rsa.RSAPrivateKey)
    data = f"{app['system_token']}.{at:%Y%m%d%H%M}"
    signed = base64.b64encode(key.sign(data.encode(), padding.PKCS1v15(), hashes.SHA256()))
    body = {
        "SignedSystemToken": f"{data}.{signed.decode()}", "ReturnTokenType": "JWT",
        "ApplicationToken": app["client_secret"], "ContextIdentifier": "Cust12345",
    }  # fmt: skip
    url = f"{office.origin}/Login/api/PartnerSystemUser/Authenticate"
    answer: dict[str, Any] = requests.post(url, json=body, timeout=5).json()
    return answer


def test_the_system_user_gets_a_ticket(office: StandIn) -> None:
    answer = system_call(office, datetime.now(UTC))
    claims = verified(office, answer["Token"], "spn:1234567890")
    me = requests.get(
        f"{office.url}/v1/User/currentPrincipal",
        headers={
            "Authorization": f"SOTicket {claims[f'{CLAIM}ticket']}",
            "SO-AppToken": "chatops-demo-secret",
        },
        timeout=5,
    ).json()
    assert (answer["IsSuccessful"], claims["iss"]) == (True, "SuperOffice AS")
    assert me["UserType"] == "SystemAssociate"


def test_old_or_forged_system_tokens_are_refused(office: StandIn) -> None:
    old = system_call(office, datetime.now(UTC) - timedelta(hours=2))
    forged = system_call(office, datetime.now(UTC), forged=True)
    assert (old["IsSuccessful"], old["ErrorMessage"]) == (False, "6 InvalidTimestamp")
    assert (forged["IsSuccessful"], forged["ErrorMessage"]) == (False, "7 InvalidSignature")


def test_discovery_names_what_exists(office: StandIn) -> None:
    url = f"{office.origin}/login/.well-known/openid-configuration"
    document = requests.get(url, timeout=5).json()
    assert document["issuer"] == office.origin
    assert "userinfo_endpoint" not in document
    for name in ("jwks_uri", "end_session_endpoint", "authorization_endpoint"):
        assert requests.get(document[name], params=ASKED, timeout=5).status_code == 200


def state(office: StandIn, tenant: str = "Cust12345") -> dict[str, Any]:
    """The tenant's state, as the sign-in host tells it."""
    answer: dict[str, Any] = requests.get(f"{office.origin}/api/state/{tenant}", timeout=5).json()
    return answer


def test_the_tenant_moves_and_the_old_host_says_421(office: StandIn) -> None:
    basic = ("mia", "mia-demo")
    before = state(office)["Api"]
    moved = urlsplit(office.listen()).netloc
    office.control("POST", "move", host=moved)
    old = requests.get(f"{before}/v1/User/currentPrincipal", auth=basic, timeout=5)
    now = state(office)["Api"]
    new = requests.get(f"{now}/v1/User/currentPrincipal", auth=basic, timeout=5)
    assert before == f"{office.origin}/Cust12345/api"
    assert now == f"http://{moved}/Cust12345/api"
    assert (old.status_code, new.status_code) == (421, 200)


def test_states_of_the_tenant(office: StandIn) -> None:
    running = state(office)
    office.options(tenant_state="OfflineMaintenance")
    closed = state(office)
    assert (running["State"], running["IsRunning"]) == ("Running", True)
    assert (closed["State"], closed["IsRunning"]) == ("OfflineMaintenance", False)
    assert len(running["ValidUntil"].partition(".")[2]) == 8
    assert state(office, "Cust99999")["IsRunning"] is False
