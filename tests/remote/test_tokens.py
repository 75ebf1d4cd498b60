"""Tokens that run out, are revoked, and are renewed by one process for all."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.remote import credentials, wiring
from chatops.remote.models import Credential
from chatops.superoffice import errors
from tests.remote.conftest import Together

pytestmark = pytest.mark.django_db


def ask() -> int:
    """Who the service is at SuperOffice."""
    return wiring.service_client().associates.current_principal().associate_id


def service() -> Credential:
    return Credential.objects.get(name=Credential.SERVICE)


def refreshes(office: StandIn) -> int:
    return office.door.identity.refreshes


def test_ten_processes_that_need_a_token_at_once_cost_one_refresh(
    online: StandIn, together: Together
) -> None:
    found = together(10, ask)
    assert set(found) == {online.people["integration"].id}
    assert refreshes(online) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_ten_processes_whose_token_is_refused_at_once_cost_one_refresh(
    online: StandIn, together: Together, status: int
) -> None:
    ask()
    online.options(expired_status=status)
    online.door.identity.access_tokens.clear()
    Credential.objects.update(renewed_at=timezone.now() - timedelta(minutes=1))
    assert set(together(10, ask)) == {online.people["integration"].id}
    assert refreshes(online) == 2


def test_tokens_that_live_five_seconds_are_used_for_four(online: StandIn) -> None:
    online.options(token_life=5)
    began = timezone.now()
    ask()
    life = service().token_expires_at
    assert life is not None
    assert began + timedelta(seconds=3.5) < life <= timezone.now() + timedelta(seconds=4)
    ask()
    assert refreshes(online) == 1


def test_reading_goes_on_over_many_short_lives(online: StandIn, together: Together) -> None:
    online.options(token_life=2)

    def read_on() -> int:
        until = time.monotonic() + 3.5
        while time.monotonic() < until:
            ask()
        return 1

    assert together(3, read_on) == [1, 1, 1]
    assert refreshes(online) <= 4


def test_a_revoked_refresh_token_is_told_to_a_person_and_asked_about_once(online: StandIn) -> None:
    ask()
    online.control("POST", "revoke")
    Credential.objects.update(renewed_at=None)
    for _ in range(5):
        with pytest.raises(errors.CredentialsMissing) as missing:
            ask()
        assert "linked again" in missing.value.detail
    assert refreshes(online) == 2
    assert service().broken_at is not None


def test_a_refresh_token_configured_anew_heals_what_was_revoked(
    online: StandIn, settings: Settings
) -> None:
    online.control("POST", "revoke")
    with pytest.raises(errors.CredentialsMissing):
        ask()
    settings.SUPEROFFICE_REFRESH_TOKEN = online.credentials("integration")["refresh_token"]
    assert ask() == online.people["integration"].id


def test_a_rotated_refresh_token_is_kept(online: StandIn) -> None:
    online.options(rotate_refresh_tokens=True, token_life=1)
    ask()
    time.sleep(0.9)
    ask()
    assert refreshes(online) == 2
    assert not service().broken_at


@pytest.mark.parametrize("status", [429, 500, 503, 404])
def test_a_sign_in_host_in_trouble_breaks_no_account(online: StandIn, status: int) -> None:
    online.fault("status", path="oauth/tokens", status=status)
    with pytest.raises(errors.SuperOfficeError):
        ask()
    assert not service().broken_at
    online.clear_faults()
    assert ask() == online.people["integration"].id


def test_a_token_refused_right_after_it_was_made_is_not_renewed_in_a_storm(online: StandIn) -> None:
    ask()
    online.fault("status", path="currentPrincipal", status=401)
    for _ in range(10):
        with pytest.raises(errors.Unauthorized):
            ask()
    assert refreshes(online) == 1


def test_a_renewer_that_died_is_waited_for_no_longer_than_its_lease(
    online: StandIn,
) -> None:
    credentials.service_auth()
    Credential.objects.update(renewing_until=timezone.now() + timedelta(seconds=0.3))
    began = time.monotonic()
    ask()
    assert 0.2 < time.monotonic() - began < 2.0


def test_a_lease_from_before_the_clock_was_set_back_is_not_waited_for(online: StandIn) -> None:
    credentials.service_auth()
    Credential.objects.update(renewing_until=timezone.now() + timedelta(hours=2))
    began = time.monotonic()
    ask()
    assert time.monotonic() - began < 1.0


def test_the_system_user_reads_by_a_ticket_that_is_made_when_it_dies(
    online: StandIn, settings: Settings
) -> None:
    settings.SUPEROFFICE_AUTH = "system"
    system = ask()
    online.door.identity.tickets.clear()
    Credential.objects.update(renewed_at=None)
    assert ask() == system


def test_a_dead_ticket_says_so(superoffice: StandIn, settings: Settings) -> None:
    settings.SUPEROFFICE_AUTH = "ticket"
    settings.SUPEROFFICE_TICKET = superoffice.credentials("integration")["ticket"]
    ask()
    superoffice.control("POST", "revoke")
    with pytest.raises(errors.Unauthorized):
        ask()
