"""Where a tenant lives, and whether it is up (contract A.1)."""

from datetime import UTC, datetime

import pytest

from chatops.superoffice import tenant
from chatops.superoffice.errors import UnreadableAnswer
from chatops.superoffice.transport import Transport
from tests.superoffice.conftest import Connect
from tests.superoffice.wires import Wire, answer, serving


def login(connect: Connect, wire: Wire) -> Transport:
    """A transport to a sign-in host."""
    return connect(wire.url.removesuffix("/api"), auth=None)


RUNNING = {
    "ContextIdentifier": "Cust12345",
    "Endpoint": "https://online2.superoffice.com/Cust12345",
    "State": "Running",
    "IsRunning": True,
    "ValidUntil": "2026-03-02T09:52:01.9342965Z",
    "Api": "https://online2.superoffice.com/Cust12345/api",
    "Version": "Release_11.10_2026.02.24-02",
}


def test_the_tenant_state_is_asked_without_credentials(connect: Connect) -> None:
    with serving(answer(RUNNING)) as wire:
        state = tenant.fetch(login(connect, wire), "Cust12345")
        assert wire.asked[0].target == "/api/state/Cust12345"
        assert "authorization" not in wire.asked[0].headers
        assert state.api_url == "https://online2.superoffice.com/Cust12345/api"
        assert state.is_running
        assert state.valid_until == datetime(2026, 3, 2, 9, 52, 1, 934296, UTC)


def test_an_answer_about_another_tenant_is_not_taken(connect: Connect) -> None:
    with serving(answer(RUNNING)) as wire, pytest.raises(UnreadableAnswer):
        tenant.fetch(login(connect, wire), "Cust99999")


@pytest.mark.parametrize(
    ("state", "flag", "name", "running"),
    [
        ("Running", True, "Running", True),
        (2, True, "Running", True),
        ("5", True, "OnlineMaintenance", True),
        ("Running", None, "Running", True),
        ("Running", False, "Running", False),
        ("OfflineMaintenance", False, "OfflineMaintenance", False),
        (6, True, "OfflineMaintenance", False),
        (7, True, "7", False),
        ("Dreaming", True, "Dreaming", False),
        (None, True, "Unknown", False),
    ],
)
def test_states_are_known_by_name_and_number(
    state: object, flag: object, name: str, running: bool
) -> None:
    read = tenant.TenantState.from_json(RUNNING | {"State": state, "IsRunning": flag})
    assert (read.state, read.is_running) == (name, running)


@pytest.mark.parametrize(
    "url", ["https://x/Cust1/api", "https://x/Cust1/api/", " https://x/Cust1/api/v1/ "]
)
def test_api_addresses_are_normalised(url: str) -> None:
    assert tenant.normal_api_url(url) == "https://x/Cust1/api"
