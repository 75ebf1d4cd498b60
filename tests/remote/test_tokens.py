"""Tokens that run out, are revoked, and are renewed by one process for all."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Thread

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.remote import credentials, gate, linking, wiring
from chatops.remote.models import Agent, Credential, Gate
from chatops.superoffice import errors
from tests.conftest import MakePerson, Person
from tests.processes import apart
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


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_that_the_sign_in_host_asks_for_is_obeyed_by_every_process(
    online: StandIn, together: Together, status: int
) -> None:
    ask()
    Credential.objects.update(token_expires_at=timezone.now())
    online.fault("status", path="oauth/tokens", status=status, headers={"Retry-After": "600"})

    def told_to_wait() -> float | None:
        with pytest.raises(errors.Unreachable) as paused:
            ask()
        return paused.value.retry_after

    with suppress(errors.SuperOfficeError):
        ask()
    asked = len(online.journal(kind="request"))
    assert all(500 < seconds <= 600 for seconds in together(3, told_to_wait))
    assert len(online.journal(kind="request")) == asked
    online.clear_faults()
    Gate.objects.filter(pk=gate.SIGN_IN).update(not_before=time.time())  # ten minutes later
    ask()


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


def link(person: Person, office: StandIn, account: str) -> None:
    """The person signs in at SuperOffice with this account."""
    token = office.credentials(account)["refresh_token"]
    linking.link(person.user, "bearer", {"refresh_token": token})


def who(person: Person) -> int:
    """Who SuperOffice says that calls in this person's name come from."""
    agent = Agent.objects.select_related("credential").get(user=person.user)
    return wiring.client_for(agent).associates.current_principal().associate_id


def begin_a_slow_renewal(office: StandIn, call: Callable[[], object]) -> Thread:
    """Make a call for which a token is renewed: it has been asked for, and takes two seconds."""
    office.fault("slow", path="oauth/tokens", seconds=2.0, times=1)

    def quietly() -> None:
        with suppress(errors.SuperOfficeError):
            call()

    renewing = apart(quietly)
    while not office.control("GET", "faults")["rules"][0]["hit"]:
        assert renewing.is_alive(), "no token was asked for"
        time.sleep(0.02)
    return renewing


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("revoked", [False, True], ids=["it works", "it is refused"])
def test_a_slow_renewal_for_the_old_account_does_not_touch_what_was_linked_meanwhile(
    online: StandIn, person: MakePerson, revoked: bool
) -> None:
    somebody = person("somebody", "agent", link=False)
    link(somebody, online, "mia")
    Credential.objects.filter(name__startswith="agent:").update(token_expires_at=timezone.now())
    if revoked:
        online.control("POST", "revoke", user="mia")
    renewing = begin_a_slow_renewal(online, lambda: who(somebody))
    link(somebody, online, "ola")
    renewing.join()
    assert who(somebody) == online.people["ola"].id
    assert somebody.agent.credential.broken_at is None


@pytest.mark.django_db(transaction=True)
def test_a_late_refusal_of_what_was_configured_before_does_not_break_what_is_configured_now(
    online: StandIn, settings: Settings
) -> None:
    ask()
    Credential.objects.update(token_expires_at=timezone.now())
    online.control("POST", "revoke")
    renewing = begin_a_slow_renewal(online, ask)
    settings.SUPEROFFICE_REFRESH_TOKEN = online.credentials("integration")["refresh_token"]
    ask()
    renewing.join()
    assert service().broken_at is None


def test_the_system_user_reads_by_a_ticket_that_is_made_when_it_dies(
    online: StandIn, settings: Settings
) -> None:
    settings.SUPEROFFICE_AUTH = "system"
    system = ask()
    online.door.identity.tickets.clear()
    Credential.objects.update(renewed_at=None)
    assert ask() == system


def tried_to_sign_in(office: StandIn) -> int:
    rows = office.journal(kind="request")
    return sum("authenticate" in row["path"].lower() for row in rows)


@pytest.mark.parametrize(
    "broken_since",
    [timedelta(minutes=5), timedelta(hours=-2)],
    ids=["five minutes", "a time that the clock was set back from"],
)
def test_a_service_refused_while_a_clock_was_wrong_reads_again_by_itself(
    online: StandIn, settings: Settings, broken_since: timedelta
) -> None:
    settings.SUPEROFFICE_AUTH = "system"
    online.control("POST", "clock", skew=7200)
    for _ in range(3):
        with pytest.raises(errors.CredentialsMissing):
            ask()
    assert tried_to_sign_in(online) == 1
    online.control("POST", "clock", skew=0)
    Credential.objects.update(broken_at=timezone.now() - broken_since)
    ask()
    assert (service().broken_at, service().broken_because) == (None, "")


def test_a_service_that_stays_refused_is_tried_again_by_one_process_of_many(
    online: StandIn, together: Together
) -> None:
    online.control("POST", "revoke")
    with pytest.raises(errors.CredentialsMissing):
        ask()
    Credential.objects.update(broken_at=timezone.now() - timedelta(minutes=6))
    assert all("CredentialsMissing" in said for said in together(6, ask))
    assert refreshes(online) == 2


def test_a_persons_account_stays_broken_until_it_is_linked_again(
    online: StandIn, person: MakePerson
) -> None:
    somebody = person("somebody", "agent", link=False)
    link(somebody, online, "mia")
    Credential.objects.update(token_expires_at=None, broken_at=timezone.now() - timedelta(days=1))
    before = refreshes(online)
    with pytest.raises(errors.CredentialsMissing):
        who(somebody)
    assert refreshes(online) == before


def test_a_token_that_died_while_the_sign_in_host_was_silent_breaks_no_account(
    online: StandIn, person: MakePerson
) -> None:
    somebody = person("somebody", "agent", link=False)
    link(somebody, online, "mia")
    online.door.identity.access_tokens.clear()
    Credential.objects.update(renewed_at=timezone.now() - timedelta(minutes=1))
    online.fault("status", path="oauth/tokens", status=503)
    agent = Agent.objects.select_related("credential").get(user=somebody.user)
    assert linking.doubt(agent)
    online.clear_faults()
    assert who(somebody) == online.people["mia"].id


def test_a_dead_ticket_says_so(superoffice: StandIn, settings: Settings) -> None:
    settings.SUPEROFFICE_AUTH = "ticket"
    settings.SUPEROFFICE_TICKET = superoffice.credentials("integration")["ticket"]
    ask()
    superoffice.control("POST", "revoke")
    with pytest.raises(errors.Unauthorized):
        ask()
