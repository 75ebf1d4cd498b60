"""Where a tenant of SuperOffice Online lives, and whether it is up (contract A.1).

The API host moves. The sign-in host always knows: ask it, keep the answer until `valid_until`, and
ask again after a 421.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from chatops.superoffice.entities.carrier import read_text
from chatops.superoffice.errors import UnreadableAnswer
from chatops.superoffice.times import parse_time
from chatops.superoffice.transport import Transport


class State(StrEnum):
    """What a tenant can be in; 7 and 9 are not listed by the vendor."""

    UNKNOWN = "Unknown"
    PROVISIONING = "Provisioning"
    RUNNING = "Running"
    DELETED = "Deleted"
    SUSPENDED = "Suspended"
    ONLINE_MAINTENANCE = "OnlineMaintenance"
    OFFLINE_MAINTENANCE = "OfflineMaintenance"
    PROVISIONING_FAILED = "ProvisioningFailed"
    DELETING = "Deleting"
    DELETE_FAILED = "DeleteFailed"
    MIGRATION_PENDING = "MigrationPending"


_NUMBERS = {
    0: State.UNKNOWN,
    1: State.PROVISIONING,
    2: State.RUNNING,
    3: State.DELETED,
    4: State.SUSPENDED,
    5: State.ONLINE_MAINTENANCE,
    6: State.OFFLINE_MAINTENANCE,
    8: State.PROVISIONING_FAILED,
    10: State.DELETING,
    11: State.DELETE_FAILED,
    12: State.MIGRATION_PENDING,
}
#: States in which the API is open.
RUNNING = frozenset({State.RUNNING, State.ONLINE_MAINTENANCE})
#: States that waiting does not end.
GONE = frozenset({State.DELETED, State.DELETING, State.DELETE_FAILED})


@dataclass(frozen=True, slots=True)
class TenantState:
    """What the sign-in host said about a tenant."""

    tenant: str
    #: Base for REST calls, without a slash at the end and without `/v1`; empty when not told.
    api_url: str
    #: The state's name; a name or number we do not know as the text it came in.
    state: str
    #: Whether the API may be called. An unknown state is not running.
    is_running: bool
    #: Ask again after this moment; None when not told.
    valid_until: datetime | None
    version: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "TenantState":
        """The state in a parsed answer. The state's word decides; the flag only may say no."""
        state = _state(data.get("State"))
        return cls(
            tenant=read_text(data.get("ContextIdentifier")),
            api_url=normal_api_url(read_text(data.get("Api"))),
            state=state,
            is_running=state in RUNNING and data.get("IsRunning") is not False,
            valid_until=parse_time(data.get("ValidUntil")),
            version=read_text(data.get("Version")),
        )


def fetch(login: Transport, tenant: str, *, deadline: float | None = None) -> TenantState:
    """Ask the sign-in host. `login` is a transport to it, without credentials.

    UnreadableAnswer when the answer is about another tenant: its address must not get our calls.
    """
    answer = login.send("GET", f"/api/state/{quote(tenant, safe='')}", deadline=deadline)
    if not isinstance(answer, dict):
        raise UnreadableAnswer("The sign-in host's answer is not a tenant state.")
    state = TenantState.from_json(answer)
    if state.tenant.lower() != tenant.lower():
        raise UnreadableAnswer("The sign-in host answered about another tenant.")
    return state


def normal_api_url(url: str) -> str:
    """An API address as `Transport` takes it: no slash at the end, no `/v1`."""
    return url.strip().rstrip("/").removesuffix("/v1").rstrip("/")


def _state(value: Any) -> str:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(_NUMBERS.get(value, value))
    return read_text(value) or str(State.UNKNOWN)
