"""Where the tenant's API is: fixed by a setting, or told by SuperOffice Online's sign-in host.

The answer of the sign-in host is shared by all processes and kept until its `ValidUntil`; a 421
(wrong host, contract A.1) asks again at once and repeats the call there, because what was
misdirected was certainly not applied.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Unpack
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from chatops.remote import hushed
from chatops.remote.gate import GateClosed, SignInGate
from chatops.remote.models import TenantState
from chatops.superoffice import addresses, errors, tenant, transport
from chatops.superoffice.transport import Options, Transport

#: Where the sign-in host names no end, and while the tenant is closed: ask again after this.
ASK_AGAIN = timedelta(minutes=1)
_asking = threading.Lock()


@dataclass(slots=True)
class _Failure:
    """What asking failed with last, while nothing was known: those who waited are told the same."""

    #: On the monotonic clock.
    at: float = float("-inf")
    detail: str = ""


_failure = _Failure()


def login_transport() -> Transport:
    """The way to the sign-in host, without credentials."""
    return Transport(
        settings.SUPEROFFICE_LOGIN_URL,
        None,
        timeouts=transport.Timeouts(total_read=10.0, total_write=15.0),
        gate=SignInGate(),
        allowed_hosts=host_is_allowed,
        backoff=[settings.REMOTE_BACKOFF_SECONDS],
        hush=hushed.configured(),
    )


def host_is_allowed(host: str) -> bool:
    """Whether calls may go to a host: configured, loopback where that is configured, or listed."""
    login = _host(settings.SUPEROFFICE_LOGIN_URL)
    if host in (_host(settings.SUPEROFFICE_API_URL), login):
        return True
    if not settings.SUPEROFFICE_TENANT:
        return False
    listed = any(
        host == name.lstrip(".") or (name.startswith(".") and host.endswith(name))
        for name in settings.SUPEROFFICE_ALLOWED_HOSTS
    )
    return listed or (addresses.is_loopback(host) and addresses.is_loopback(login))


@lru_cache(maxsize=16)
def _host(address: str) -> str:
    return urlsplit(address).hostname or ""


def api_url() -> str:
    """The base for calls. Raises a NotSent: closed for maintenance, unknown, or not allowed."""
    if not settings.SUPEROFFICE_TENANT:
        return str(settings.SUPEROFFICE_API_URL)
    row = _known()
    if row is None or _has_ended(row):
        row = ask(instead_of=row)
    if not row.is_running:
        raise GateClosed(
            f"SuperOffice says that the tenant is not available now ({row.state}).",
            retry_after=max((row.valid_until - timezone.now()).total_seconds(), 1.0),
        )
    return row.api_url


def _has_ended(row: TenantState) -> bool:
    """Whether to ask again. A closed tenant is never left alone for long: what says so is from
    before the clock was set back."""
    now = timezone.now()
    disbelieved = not row.is_running and row.valid_until > now + 2 * ASK_AGAIN
    return row.valid_until <= now or disbelieved


def closed() -> TenantState | None:
    """The tenant's state when SuperOffice last said that it is closed; None while it is open, or
    where the address is fixed. No call."""
    row = _known() if settings.SUPEROFFICE_TENANT else None
    return row if row and not row.is_running else None


def _known() -> TenantState | None:
    return TenantState.objects.filter(tenant=settings.SUPEROFFICE_TENANT).first()


def ask(*, instead_of: TenantState | None = None) -> TenantState:
    """Ask the sign-in host and keep the answer; whoever waited takes what the one before found.

    A failure keeps what was known for a while longer. Raises Unreachable when nothing was known,
    HostNotAllowed when the tenant is said to be where calls may not go.
    """
    came = time.monotonic()
    with _asking:
        row = _known()
        if row and (instead_of is None or _answer(row) != _answer(instead_of)):
            return row
        if row is None and _failure.at > came:
            raise errors.Unreachable(_failure.detail)
        try:
            found = tenant.fetch(login_transport(), settings.SUPEROFFICE_TENANT)
        except errors.SuperOfficeError as error:
            if row is None:
                detail = f"It is not known where the SuperOffice tenant is: {error.detail}"
                _failure.at, _failure.detail = time.monotonic(), detail
                # Whatever the sign-in host said: the call itself has not been sent anywhere.
                raise errors.Unreachable(detail) from error
            row.valid_until = timezone.now() + ASK_AGAIN
            row.save(update_fields=["valid_until"])
            return row
        if found.is_running:
            addresses.check(found.api_url, host_is_allowed)
        return _keep(found)


def _answer(row: TenantState) -> tuple[datetime, datetime]:
    """What tells one answer from the next; after a failure the same one is kept for longer."""
    return row.checked_at, row.valid_until


def _keep(found: tenant.TenantState) -> TenantState:
    now = timezone.now()
    until = found.valid_until if found.valid_until and found.valid_until > now else None
    row, _ = TenantState.objects.update_or_create(
        tenant=settings.SUPEROFFICE_TENANT,
        defaults={
            "api_url": found.api_url,
            "state": found.state[:32],
            "is_running": found.is_running,
            "valid_until": (until if found.is_running else None) or now + ASK_AGAIN,
            "checked_at": now,
        },
    )
    return row


class FollowingTransport(Transport):
    """A transport that follows the tenant when it moves."""

    def send(self, method: str, path: str, **options: Unpack[Options]) -> Any:
        self._settle()
        try:
            return super().send(method, path, **options)
        except errors.Misdirected:
            if not self._moved():
                raise
        return super().send(method, path, **options)

    def send_raw(self, method: str, path: str, **options: Unpack[Options]) -> bytes | None:
        self._settle()
        try:
            return super().send_raw(method, path, **options)
        except errors.Misdirected:
            if not self._moved():
                raise
        return super().send_raw(method, path, **options)

    def read_ahead(self, path: str, **options: Unpack[Options]) -> Callable[[], bytes | None]:
        self._settle()
        begun = super().read_ahead(path, **options)

        def answer() -> bytes | None:
            try:
                return begun()
            except errors.Misdirected:
                return self.send_raw("GET", path, **options)

        return answer

    def _settle(self) -> None:
        if settings.SUPEROFFICE_TENANT:
            self.base_url = api_url()

    def _moved(self) -> bool:
        if not settings.SUPEROFFICE_TENANT:
            return False
        before, row = self.base_url, _known()
        if row is None or row.api_url == before:
            row = ask(instead_of=row)
        self.base_url = row.api_url
        return self.base_url != before
