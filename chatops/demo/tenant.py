"""Where the tenant is: the state endpoint, and moves to another host (contract A.1)."""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from chatops.demo.errors import Answer
from chatops.demo.identity import TENANT
from chatops.demo.office import Office
from chatops.demo.wire import JSONDict, WireRequest, WireResponse, json_response

STATE = re.compile(r"^/api/state/(?P<tenant>[^/]+)/?$", re.IGNORECASE)
OPEN_STATES = ("Running", "OnlineMaintenance")


@dataclass(slots=True)
class Tenant:
    """`host` is where the API is now, as `name:port`; empty: wherever the caller came."""

    host: str = ""
    moves: list[str] = field(default_factory=list)

    def move(self, host: str) -> None:
        """From now on every other host answers 421."""
        self.moves.append(host)
        self.host = host

    def check_host(self, request: WireRequest) -> None:
        """Raises `Answer` 421 on a host that the tenant has left."""
        if self.host and request.header("host").lower() != self.host.lower():
            raise Answer(421, "MisdirectedRequest", "Wrong subdomain")


def answer(tenant: Tenant, office: Office, request: WireRequest) -> WireResponse | None:
    """The tenant's state; no sign-in is needed. None for other paths."""
    found = STATE.match(request.path)
    if found is None or request.method != "GET":
        return None
    if found["tenant"].lower() != TENANT.lower():
        return json_response(
            {"ContextIdentifier": found["tenant"], "State": "Unknown", "IsRunning": False}
        )
    return json_response(state(tenant, office, request))


def state(tenant: Tenant, office: Office, request: WireRequest) -> JSONDict:
    """The document of A.1, `Api` without a trailing slash."""
    host = tenant.host or request.header("host")
    until = office.now() + timedelta(seconds=office.options.valid_for)
    return {
        "ContextIdentifier": TENANT,
        "Endpoint": f"http://{host}/{TENANT}",
        "State": office.options.tenant_state,
        "IsRunning": office.options.tenant_state in OPEN_STATES,
        "ValidUntil": f"{until:%Y-%m-%dT%H:%M:%S.%f}5Z",
        "Api": f"http://{host}/{TENANT}/api",
        "Version": "Release_11.10_2026.02.24-02",
    }
