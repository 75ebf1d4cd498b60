"""Where the tenant is, and what happens when it moves or closes."""

from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.remote import tenant, wiring
from chatops.remote.gate import GateClosed
from chatops.remote.models import TenantState
from chatops.superoffice import errors
from chatops.sync import health
from chatops.sync.models import Cursor
from tests.processes import apart

pytestmark = pytest.mark.django_db


def ask() -> None:
    wiring.service_client().associates.current_principal()


def asked_for_state(office: StandIn) -> int:
    rows = office.journal(kind="request")
    return sum("/api/state/" in row["path"] for row in rows)


def test_the_sign_in_host_is_asked_once_until_its_answer_ends(online: StandIn) -> None:
    for _ in range(3):
        ask()
    assert asked_for_state(online) == 1
    TenantState.objects.update(valid_until=timezone.now() - timedelta(seconds=1))
    ask()
    assert asked_for_state(online) == 2


def test_a_tenant_that_moved_is_followed_without_a_person(online: StandIn) -> None:
    ask()
    moved = online.listen()
    online.control("POST", "move", host=urlsplit(moved).netloc)
    ask()
    assert urlsplit(tenant.api_url()).netloc == urlsplit(moved).netloc
    ask()
    assert asked_for_state(online) == 2


def test_a_move_to_a_host_that_is_not_allowed_is_refused_and_nothing_goes_there(
    online: StandIn,
) -> None:
    ask()
    online.control("POST", "move", host="thief.example")
    with pytest.raises(errors.HostNotAllowed):
        ask()
    assert "thief" not in TenantState.objects.get().api_url


@pytest.mark.parametrize("state", ["OfflineMaintenance", "Suspended", "SomethingNew"])
def test_a_closed_tenant_is_left_alone_and_its_state_is_told(online: StandIn, state: str) -> None:
    online.options(tenant_state=state)
    before = len(online.journal(kind="request"))
    for _ in range(3):
        with pytest.raises(GateClosed, match=state) as closed:
            ask()
        assert closed.value.retry_after
    assert len(online.journal(kind="request")) == before + 1


def test_a_closed_tenant_is_shown_as_what_it_is_and_no_longer_once_it_is_open(
    online: StandIn,
) -> None:
    ask()
    Cursor.objects.create(name=health.OPEN, due_at=timezone.now(), ok_at=timezone.now())
    assert not health.freshness().is_stale
    online.options(tenant_state="OfflineMaintenance")
    TenantState.objects.update(valid_until=timezone.now())
    with pytest.raises(GateClosed):
        ask()
    assert health.freshness().reason == "SuperOffice is closed for maintenance, usually for minutes"
    assert health.freshness().is_stale
    online.options(tenant_state="Running")
    TenantState.objects.update(valid_until=timezone.now())
    ask()
    assert not health.freshness().is_stale


def test_a_tenant_that_was_closed_before_the_clock_was_set_back_is_asked_about_again(
    online: StandIn,
) -> None:
    online.options(tenant_state="OfflineMaintenance")
    with pytest.raises(GateClosed):
        ask()
    TenantState.objects.update(
        valid_until=timezone.now() + timedelta(hours=2),
        checked_at=timezone.now() + timedelta(hours=2),
    )
    with pytest.raises(GateClosed) as closed:
        ask()
    assert (closed.value.retry_after or 0.0) <= 60
    online.options(tenant_state="Running")
    TenantState.objects.update(valid_until=timezone.now() + timedelta(hours=2))
    ask()


def test_maintenance_during_which_the_api_is_open_changes_nothing(online: StandIn) -> None:
    online.options(tenant_state="OnlineMaintenance")
    ask()


def test_a_sign_in_host_that_fails_keeps_what_is_known_and_is_not_asked_on_every_call(
    online: StandIn,
) -> None:
    ask()
    TenantState.objects.update(valid_until=timezone.now() - timedelta(seconds=1))
    online.fault("status", path="/api/state/", status=404)
    for _ in range(3):
        ask()
    assert asked_for_state(online) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [True, False], ids=["an old address is known", "no address"])
def test_who_waited_while_the_sign_in_host_failed_does_not_ask_it_again(
    online: StandIn, known: bool
) -> None:
    if known:
        ask()
        TenantState.objects.update(valid_until=timezone.now() - timedelta(seconds=1))
    before = asked_for_state(online)
    online.fault("late", path="/api/state/", hold=0.5)

    def find() -> None:
        with suppress(errors.Unreachable):
            tenant.api_url()

    for thread in [apart(find) for _ in range(6)]:
        thread.join()
    assert asked_for_state(online) == before + 3  # the tries of one question


@pytest.mark.parametrize("kind", ["drop_before", "html", "all404"])
def test_without_an_address_a_call_counts_as_never_sent(online: StandIn, kind: str) -> None:
    online.fault(kind, path="/api/state/")
    with pytest.raises(errors.NotSent):
        ask()


def test_only_configured_and_listed_hosts_may_be_called(settings: Settings) -> None:
    settings.SUPEROFFICE_TENANT = "Cust12345"
    settings.SUPEROFFICE_LOGIN_URL = "https://online.superoffice.com"
    settings.SUPEROFFICE_API_URL = ""
    settings.SUPEROFFICE_ALLOWED_HOSTS = [".superoffice.com", "crm.example.com"]
    assert tenant.host_is_allowed("online3.superoffice.com")
    assert tenant.host_is_allowed("crm.example.com")
    for host in ("superoffice.com.example", "evilsuperoffice.com", "127.0.0.1", "example.com"):
        assert not tenant.host_is_allowed(host)
