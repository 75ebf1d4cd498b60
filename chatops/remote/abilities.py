"""What the SuperOffice server at our address can do: asked once, and learned from refusals.

Old servers lack some calls (contract A.3, L 12). `GET /api/v1` tells which; a server that does not
have that either is taken to know everything until it refuses something.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from chatops.remote.models import ServerAbility
from chatops.superoffice import errors
from chatops.superoffice.client import Client
from chatops.superoffice.resources import has_call

#: Servers are upgraded: what one cannot do is not believed for longer.
HOLDS = timedelta(days=1)
PRESENCE = "Presence/GetAll"


def known() -> ServerAbility:
    """What is known of the server now; everything None when it was not asked lately. No call."""
    row = ServerAbility.objects.filter(address=_address()).first()
    now = timezone.now()
    if row is None or not now - HOLDS < row.asked_at <= now + HOLDS:
        return ServerAbility(address=_address())
    return row


def can_patch() -> bool:
    """Whether changing single fields is worth a try."""
    return known().patch is not False


def ask_if_due(client: Client) -> ServerAbility:
    """Ask the server unless that was done lately. Raises SuperOfficeError without an answer; a
    server that has no such document answered."""
    row = known()
    return row if row.pk else ask(client)


def ask(client: Client) -> ServerAbility:
    """Ask the server now."""
    try:
        calls = client.service.calls()
    except errors.Throttled:
        raise
    except (errors.Refused, errors.UnreadableAnswer):
        return _keep(patch=None, presence=None)
    # Older servers have presence under another path (contract, D.3).
    presence = has_call(calls, "GET", PRESENCE) or has_call(calls, "GET", f"Chat{PRESENCE}")
    return _keep(patch=has_call(calls, "PATCH", "ChatSession/{}"), presence=presence)


def lacks_patch() -> None:
    """It refused one as unknown to it."""
    _keep(patch=False, presence=known().presence)


def _keep(*, patch: bool | None, presence: bool | None) -> ServerAbility:
    row, _ = ServerAbility.objects.update_or_create(
        address=_address(),
        defaults={"patch": patch, "presence": presence, "asked_at": timezone.now()},
    )
    return row


def _address() -> str:
    return str(settings.SUPEROFFICE_TENANT or settings.SUPEROFFICE_API_URL)[:255]
