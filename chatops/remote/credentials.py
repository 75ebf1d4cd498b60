"""Stored credentials as what signs a request, and tokens renewed by one process for all.

A token that runs out is renewed under a lease in its row: of ten processes that see it run out,
one asks the sign-in host and nine wait for what it gets.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from chatops.remote import tenant
from chatops.remote.models import Credential
from chatops.superoffice import auth, errors, oauth, systemuser

Auth = auth.Credential
Scheme = Credential.Scheme

#: Renew this long before the end, so that no call goes out with a token about to die.
EARLY = timedelta(seconds=60)
#: A lease outlives the slowest renewal, and a dead renewer for no longer. Seconds.
LEASE = timedelta(seconds=30)
WAIT_FOR_OTHERS = 20.0
#: Tickets live six hours, sliding (contract, B.3).
TICKET_LIFE = timedelta(hours=6)
#: A token made less long ago is not renewed because it was refused.
JUST_MADE = timedelta(seconds=3)
#: Statuses of the sign-in host that only a person can do something about.
FINAL = frozenset({400, 401, 403})
#: After one of them the service is tried again all the same, this rarely.
TRIED_AGAIN = timedelta(minutes=5)
SIGN_IN_AGAIN = "SuperOffice no longer accepts this account's sign-in; it has to be linked again."


@dataclass(frozen=True, slots=True)
class Renewed:
    """A token and until when it may be used; a new refresh token, if one came."""

    token: str
    until: datetime
    refresh_token: str | None = None


def auth_of(credential: Credential) -> Auth:
    """What signs requests for a stored credential. Raises CredentialsMissing."""
    secret = json.loads(credential.secret or "{}")
    if credential.scheme == Scheme.BASIC:
        return auth.Basic(secret.get("user", ""), secret.get("password", ""))
    if credential.scheme == Scheme.TICKET:
        return auth.SoTicket(secret.get("ticket", ""), _app_token())
    if credential.scheme == Scheme.BEARER:
        return auth.RenewableBearer(StoredToken(credential.name, _refreshed))
    return auth.RenewableTicket(StoredToken(credential.name, _system_user), _app_token())


def _app_token() -> str | None:
    """What goes with a ticket: Online it is the client secret (contract, B.1)."""
    return settings.SUPEROFFICE_APP_TOKEN or settings.SUPEROFFICE_CLIENT_SECRET or None


def service_auth() -> Auth:
    """What signs the service identity's reads, from the settings. Raises CredentialsMissing."""
    scheme = settings.SUPEROFFICE_AUTH
    if scheme == Scheme.BASIC:
        return auth.Basic(settings.SUPEROFFICE_USER, settings.SUPEROFFICE_PASSWORD)
    if scheme == Scheme.TICKET:
        return auth.SoTicket(settings.SUPEROFFICE_TICKET, _app_token())
    if scheme not in (Scheme.BEARER, Scheme.SYSTEM):
        raise errors.CredentialsMissing("SUPEROFFICE_AUTH must be basic, ticket, bearer or system.")
    return auth_of(_service_row(scheme))


def _service_row(scheme: str) -> Credential:
    """The service's row. What was configured anew (after a revocation, say) replaces everything
    that came of the old; what only was renewed since stays."""
    configured = sha256(
        json.dumps(
            [
                settings.SUPEROFFICE_TENANT,
                settings.SUPEROFFICE_CLIENT_ID,
                settings.SUPEROFFICE_CLIENT_SECRET,
                settings.SUPEROFFICE_REFRESH_TOKEN,
                settings.SUPEROFFICE_SYSTEM_TOKEN,
                settings.SUPEROFFICE_PRIVATE_KEY,
            ]
        ).encode()
    ).hexdigest()
    secret = {"refresh_token": settings.SUPEROFFICE_REFRESH_TOKEN, "configured": configured}
    anew = {
        "scheme": scheme,
        "secret": json.dumps(secret),
        "token": "",
        "token_expires_at": None,
        "renewed_at": None,
        "renewing_until": None,  # whoever renews the old one has nothing to do with it any more
        "broken_at": None,
        "broken_because": "",
    }
    row, _ = Credential.objects.get_or_create(name=Credential.SERVICE, defaults=anew)
    if row.scheme != scheme or json.loads(row.secret or "{}").get("configured") != configured:
        row, _ = Credential.objects.update_or_create(name=Credential.SERVICE, defaults=anew)
    return row


class StoredToken:
    """A token kept in the credential's row (a TokenSource)."""

    def __init__(self, name: str, make: Callable[[Credential], Renewed]) -> None:
        self._name = name
        self._make = make

    def _row(self) -> Credential:
        row = Credential.objects.filter(name=self._name).first()
        if row is None:
            raise errors.CredentialsMissing("The SuperOffice account is not linked any more.")
        return row

    def current(self) -> str:
        """The token to use now, renewed first when it is about to end."""
        row = self._row()
        if row.token and row.token_expires_at and row.token_expires_at > timezone.now():
            return row.token
        return self.renew(row.token)

    def renew(self, stale: str) -> str:
        """A token other than `stale`; `stale` itself when that one was only just made.

        Raises CredentialsMissing when a person has to sign in, Unreachable when it did not work.
        """
        deadline = time.monotonic() + WAIT_FOR_OTHERS
        while time.monotonic() < deadline:
            row = self._row()
            if _is_broken(row):
                raise errors.CredentialsMissing(row.broken_because)
            if row.token and (row.token != stale or _just_made(row)):
                return row.token
            if (lease := self._lease()) and (token := self._renew(stale, lease)):
                return token
            time.sleep(0.05)
        raise errors.Unreachable("Another process is still renewing the SuperOffice token.")

    def _lease(self) -> datetime | None:
        """Until when the lease is ours, which is what it is known by; None when somebody has it."""
        now = timezone.now()
        free = (
            Q(renewing_until=None)
            | Q(renewing_until__lt=now)
            | Q(renewing_until__gt=now + 2 * LEASE)  # written before the clock was set back
        )
        ours = Credential.objects.filter(free, name=self._name)
        return now + LEASE if ours.update(renewing_until=now + LEASE) else None

    def _renew(self, stale: str, lease: datetime) -> str | None:
        """Make a token, holding the lease. None: look at the row again.

        Linking or configuring anew takes the lease away: what comes of the old account after that,
        a token or a refusal, is not the new one's.
        """
        changes: dict[str, object] = {}
        token = None
        try:
            row = self._row()
            if row.renewing_until != lease or _is_broken(row):
                return None  # this, and a renewal, can have happened between our look and our lease
            if row.token and row.token != stale:
                return row.token
            made = self._make(row)
            token, now = made.token, timezone.now()
            changes = {"token": token, "token_expires_at": made.until, "renewed_at": now}
            if row.broken_at:
                changes |= {"broken_at": None, "broken_because": ""}
            if made.refresh_token:
                kept = json.loads(row.secret or "{}")
                changes["secret"] = json.dumps({**kept, "refresh_token": made.refresh_token})
        except errors.Refused as error:
            if error.status not in FINAL:
                raise errors.Unreachable(error.detail, retry_after=error.retry_after) from error
            changes = {"broken_at": timezone.now(), "broken_because": SIGN_IN_AGAIN}
        finally:
            held = Credential.objects.filter(name=self._name, renewing_until=lease)
            is_kept = held.update(renewing_until=None, **changes)
        return token if is_kept else None


def _is_broken(row: Credential) -> bool:
    """Whether only a person can help. Nobody links the service anew, and a clock that was wrong for
    a moment (signed with its time, contract B.3) must not end all reading: it is tried again."""
    if row.broken_at is None or row.name != Credential.SERVICE:
        return row.broken_at is not None
    return abs(timezone.now() - row.broken_at) < TRIED_AGAIN


def _just_made(row: Credential) -> bool:
    """A token refused right after it was made: another one would be refused as well."""
    now = timezone.now()
    if not row.renewed_at or not row.token_expires_at or row.token_expires_at <= now:
        return False
    return timedelta(0) <= now - row.renewed_at < JUST_MADE


def _usable(seconds: float, *, asked_at: datetime) -> datetime:
    """Until when a token of this life is used: a minute less, of short ones a fifth.

    Counted from before it was asked for: its life began before its answer was here.
    """
    return asked_at + timedelta(seconds=seconds) - min(EARLY, timedelta(seconds=seconds / 5))


def _refreshed(row: Credential) -> Renewed:
    refresh_token = json.loads(row.secret or "{}").get("refresh_token", "")
    if not refresh_token:
        raise errors.CredentialsMissing("No refresh token is stored for this account.")
    asked_at = timezone.now()
    made = oauth.refresh(
        tenant.login_transport(),
        client_id=settings.SUPEROFFICE_CLIENT_ID,
        client_secret=settings.SUPEROFFICE_CLIENT_SECRET,
        refresh_token=refresh_token,
    )
    return Renewed(
        made.access_token, _usable(made.expires_in, asked_at=asked_at), made.refresh_token
    )


def _system_user(_row: Credential) -> Renewed:
    asked_at = timezone.now()
    ticket = systemuser.authenticate_system_user(
        tenant.login_transport(),
        system_token=settings.SUPEROFFICE_SYSTEM_TOKEN,
        private_key=settings.SUPEROFFICE_PRIVATE_KEY,
        client_secret=settings.SUPEROFFICE_CLIENT_SECRET,
        tenant=settings.SUPEROFFICE_TENANT,
    )
    return Renewed(ticket, _usable(TICKET_LIFE.total_seconds(), asked_at=asked_at))
