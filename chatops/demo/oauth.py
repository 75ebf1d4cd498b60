"""Sign-in as SuperOffice Online offers it: contract B.2 and B.3.

Authorization code with PKCE, refresh, id tokens, discovery, keys, and the system user's exchange.
The sign-in page is a plain form; for tests, POSTing it is enough.
"""

import base64
import calendar
import hashlib
import html
import re
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from chatops.demo.identity import CLIENT_ID, CLIENT_SECRET, TENANT, Identity
from chatops.demo.keys import Keys
from chatops.demo.records import Associate
from chatops.demo.wire import (
    JSONDict,
    WireRequest,
    WireResponse,
    html_response,
    json_response,
)

AUTHORIZE = re.compile(r"^/login/(?:common|cust12345)/oauth/authorize$", re.IGNORECASE)
TOKENS = re.compile(r"^/login/(?:common|cust12345)/oauth/tokens$", re.IGNORECASE)
CLAIM = "http://schemes.superoffice.net/identity/"
CODE_LIFE = 600.0  # seconds (B.2)
ID_TOKEN_LIFE = 300  # seconds
SYSTEM_TOKEN = "chatops-demo-a1b2c3d4e5"  # noqa: S105 (of the demo, meant to be known)
SERIAL = "1234567890"
TIMESTAMP_LIFE = 15 * 60.0  # seconds a signed system token is accepted


@dataclass(slots=True)
class Code:
    """An authorization code; it is good for one exchange."""

    user: str
    redirect_uri: str
    challenge: str
    nonce: str
    expires: float


@dataclass
class SignIn:
    """The sign-in host. `redirect_uris` empty means any address on this machine is registered."""

    identity: Identity
    keys: Keys = field(default_factory=Keys)
    codes: dict[str, Code] = field(default_factory=dict)
    redirect_uris: list[str] = field(default_factory=list)

    def registered(self) -> JSONDict:
        """What the developer portal would tell about the app."""
        return {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "tenant": TENANT,
            "system_token": SYSTEM_TOKEN,
        }

    def answer(self, request: WireRequest) -> WireResponse | None:
        """The answer of the sign-in host, None for paths that are not its own."""
        path = request.path.lower().rstrip("/")
        if AUTHORIZE.match(path):
            return self._authorize(request)
        if TOKENS.match(path):
            return self._tokens(request)
        if path == "/login/.well-known/openid-configuration":
            return json_response(discovery(issuer(request)))
        if path == "/login/.well-known/jwks":
            return json_response(self.keys.jwks())
        if path == "/login/common/oauth/revocation":
            self.identity.refresh_tokens.pop(request.form.get("token", ""), None)
            return json_response({})
        if path == "/login/logout":
            return html_response("<h1>Signed out</h1>")
        if path == "/login/api/partnersystemuser/authenticate":
            return self._system_user(request)
        return None

    def _authorize(self, request: WireRequest) -> WireResponse:
        asked = {**request.params, **(request.form if request.method == "POST" else {})}
        problem = self._refusal(asked)
        if problem:
            return html_response(f"<h1>Sign-in failed</h1><p>{problem}</p>", 400)
        people = self.identity.office.people.values()
        who = next((p for p in people if p.user == asked.get("user")), None)
        if request.method != "POST" or who is None or who.password != asked.get("password"):
            return html_response(sign_in_page(asked, failed=request.method == "POST"))
        code = secrets.token_urlsafe(24)
        challenge = asked.get("code_challenge", "")
        self.codes[code] = Code(
            who.user,
            asked["redirect_uri"],
            challenge,
            asked.get("nonce", ""),
            time.monotonic() + CODE_LIFE,
        )
        query = urlencode({"code": code, "state": asked.get("state", "")})
        joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
        return WireResponse(302, headers={"Location": f"{asked['redirect_uri']}{joint}{query}"})

    def _refusal(self, asked: dict[str, str]) -> str:
        """Why the request is not to be trusted with a redirect; empty if it is."""
        target = asked.get("redirect_uri", "")
        local = urlsplit(target).hostname in ("127.0.0.1", "localhost", "::1", "testserver")
        if asked.get("client_id") != CLIENT_ID:
            return "The application is not known"
        if target not in self.redirect_uris and (self.redirect_uris or not local):
            return "2 InvalidRedirectUrl"
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", ""):
            return "response_type must be code and scope openid"
        if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
            return "code_challenge_method must be S256"
        return ""

    def _tokens(self, request: WireRequest) -> WireResponse:
        asked = {**request.params, **request.form}
        if request.method != "POST":
            return json_response({"error": "invalid_request"}, 405)
        client = (asked.get("client_id"), asked.get("client_secret"))
        if client != (CLIENT_ID, CLIENT_SECRET):
            return json_response({"error": "invalid_client"}, 400)
        if asked.get("grant_type") == "authorization_code":
            return self._exchange(asked, issuer(request))
        if asked.get("grant_type") == "refresh_token":
            return self._refresh(asked, issuer(request))
        return json_response({"error": "unsupported_grant_type"}, 400)

    def _exchange(self, asked: dict[str, str], iss: str) -> WireResponse:
        code = self.codes.pop(asked.get("code", ""), None)
        good = (
            code is not None
            and code.expires > time.monotonic()
            and code.redirect_uri == asked.get("redirect_uri")
            and (not code.challenge or code.challenge == challenge(asked.get("code_verifier", "")))
        )
        if code is None or not good:
            return json_response({"error": "invalid_grant"}, 400)
        tokens = self._answer(code.user, iss, code.nonce)
        return json_response(
            {**tokens, "refresh_token": self.identity.new_refresh_token(code.user)}
        )

    def _refresh(self, asked: dict[str, str], iss: str) -> WireResponse:
        self.identity.refreshes += 1
        old = asked.get("refresh_token", "")
        user = self.identity.refresh_tokens.get(old)
        if user is None:
            return json_response(
                {"error": "invalid_grant", "error_description": "The token was revoked"}, 400
            )
        tokens = self._answer(user, iss, "")
        if self.identity.office.options.rotate_refresh_tokens:
            del self.identity.refresh_tokens[old]
            tokens["refresh_token"] = self.identity.new_refresh_token(user)
        return json_response(tokens)

    def _answer(self, user: str, iss: str, nonce: str) -> JSONDict:
        life = int(self.identity.office.options.token_life)
        person = self.identity.office.associate(user)
        return {
            "token_type": "Bearer",
            "access_token": self.identity.new_access_token(user),
            "expires_in": life,
            "id_token": self.id_token(person, iss, nonce),
        }

    def id_token(self, person: Associate, iss: str, nonce: str) -> str:
        """The RS256 id token with the claims of B.2."""
        now = int(self.identity.office.now().timestamp())
        claims = {
            "iss": iss,
            "aud": CLIENT_ID,
            "sub": person.email,
            "iat": now,
            "nbf": now - 5,
            "exp": now + ID_TOKEN_LIFE,
            **({"nonce": nonce} if nonce else {}),
        }
        ours = {
            "ctx": TENANT,
            "webapi_url": f"{iss}/{TENANT}/api/",
            "netserver_url": f"{iss}/{TENANT}/Remote/Services88/",
            "associateid": str(person.id),
            "email": person.email,
            "upn": person.email,
            "so_primary_email_address": person.email,
            "initials": person.initials,
            "company_name": "Fjord & Fjell AS",
            "serial": SERIAL,
            "is_administrator": "True" if person.is_system else "False",
            "identityprovider": "superid",
            **({"system_token": SYSTEM_TOKEN} if person.is_system else {}),
        }
        return self.keys.jwt({**claims, **{f"{CLAIM}{k}": v for k, v in ours.items()}})

    def _system_user(self, request: WireRequest) -> WireResponse:
        """B.3, step 3: the signed system user token becomes a JWT that holds a ticket."""
        asked = request.json()
        problem = self._system_problem(asked if isinstance(asked, dict) else {})
        if problem:
            return json_response({"IsSuccessful": False, "Token": None, "ErrorMessage": problem})
        system = next(p for p in self.identity.office.people.values() if p.is_system)
        now = int(self.identity.office.now().timestamp())
        ticket = self.identity.new_ticket(system.user, needs_app_token=True)
        token = self.keys.jwt(
            {
                "iss": "SuperOffice AS",
                "aud": f"spn:{SERIAL}",
                "nbf": now - 5,
                "iat": now,
                "exp": now + ID_TOKEN_LIFE,
                f"{CLAIM}ticket": ticket,
                f"{CLAIM}ctx": TENANT,
            }
        )
        return json_response({"IsSuccessful": True, "Token": token, "ErrorMessage": None})

    def _system_problem(self, asked: JSONDict) -> str:
        data, _, signed = str(asked.get("SignedSystemToken", "")).rpartition(".")
        token, _, minute = data.rpartition(".")
        if asked.get("ApplicationToken") != CLIENT_SECRET or token != SYSTEM_TOKEN:
            return "Application or system user token is not known"
        if str(asked.get("ContextIdentifier")).lower() != TENANT.lower():
            return "The tenant is not known"
        if not self.keys.app_signed(data, signed):
            return "7 InvalidSignature"
        try:
            at = time.strptime(minute, "%Y%m%d%H%M")
        except ValueError:
            return "6 InvalidTimestamp"
        age = self.identity.office.now().timestamp() - calendar.timegm(at)
        return "" if abs(age) < TIMESTAMP_LIFE else "6 InvalidTimestamp"


def issuer(request: WireRequest) -> str:
    """The sign-in host's own address."""
    return f"http://{request.header('host') or 'localhost'}"


def challenge(verifier: str) -> str:
    """S256 of RFC 7636."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def discovery(iss: str) -> JSONDict:
    """The discovery document; no userinfo, as in B.2."""
    return {
        "issuer": iss,
        "authorization_endpoint": f"{iss}/login/common/oauth/authorize",
        "token_endpoint": f"{iss}/login/common/oauth/tokens",
        "jwks_uri": f"{iss}/login/.well-known/jwks",
        "end_session_endpoint": f"{iss}/login/logout",
        "revocation_endpoint": f"{iss}/login/common/oauth/revocation",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["plain", "S256"],
    }


def sign_in_page(asked: dict[str, str], *, failed: bool) -> str:
    """A form that asks who it is and passes everything else on."""
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(k)}" value="{html.escape(v)}">'
        for k, v in asked.items()
        if k not in ("user", "password")
    )
    hint = html.escape(asked.get("login_hint", asked.get("user", "")))
    wrong = "<p>The user name or password is wrong.</p>" if failed else ""
    return (
        "<!doctype html><title>Sign in (stand-in)</title><h1>Sign in</h1>"
        f"<p>This is the stand-in, not SuperOffice.</p>{wrong}<form method='post'>{hidden}"
        f"<p><label>User <input name='user' value='{hint}' autofocus></label>"
        "<p><label>Password <input name='password' type='password'></label>"
        "<p><button>Sign in</button></form>"
    )
