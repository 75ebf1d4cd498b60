"""Our webhook at SuperOffice: registered by a person, watched and switched on again by the worker.

It is recognised by its name and by our PUBLIC_URL, so that two installations at one tenant leave
each other's alone. What was last seen of it is in the cursor `hook`: its id, when it was last
active, and what was wrong since.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from chatops.superoffice import webhooks
from chatops.superoffice.client import Client
from chatops.superoffice.entities import Webhook, WebhookState
from chatops.superoffice.errors import NotFound, OutcomeUnknown, Refused
from chatops.sync import alarms, poll, trust
from chatops.sync.models import Cursor
from chatops.sync.trust import HOOK, trusted

__all__ = ["HookState", "activate", "register", "remove", "seen", "status", "trusted", "watch"]

NAME = "chatops"
#: An event of our own, fired when it is quiet: it proves the way from SuperOffice to us (I.7).
PING = "chatops.ping"
EVENTS = (*webhooks.CHAT_EVENTS, PING)
PATH = "/hooks/superoffice/"
SILENT = "hook_silent"
OFF = "hook_off"
#: A ping is due after so much silence, and has to arrive within so much.
PING_AFTER = timedelta(seconds=90)
PING_ARRIVES = timedelta(seconds=30)
_PING_CURSOR = "hook_ping"


class NotConfigured(Exception):
    """PUBLIC_URL or WEBHOOK_SECRETS is not set, so there is nothing SuperOffice could call."""

    detail = "Set PUBLIC_URL and WEBHOOK_SECRETS first: SuperOffice has to reach us and to sign."


@dataclass(frozen=True, slots=True)
class HookState:
    """What was last seen of our webhook."""

    configured: bool
    #: Its id at SuperOffice; 0: not registered.
    webhook_id: int
    #: `Active`, `Stopped`, `TooManyErrors`, `Missing`; empty when nobody has looked yet.
    state: str
    active_at: datetime | None
    checked_at: datetime | None
    last_hint_at: datetime | None
    trusted: bool


def configured() -> bool:
    """Whether SuperOffice could call us at all."""
    return bool(settings.PUBLIC_URL and settings.WEBHOOK_SECRETS)


def target_url() -> str:
    """The address that SuperOffice is to call."""
    return f"{settings.PUBLIC_URL}{PATH}"


def find(client: Client) -> Webhook | None:
    """Our registration at SuperOffice, if there is one."""
    ours = [
        one
        for one in client.webhooks.list(name=NAME)
        if one.name == NAME and one.target_url.rstrip("/") == target_url().rstrip("/")
    ]
    return ours[0] if ours else None


def register(client: Client) -> Webhook:
    """Register our webhook, or bring an existing one up to date and switch it on.

    SuperOffice calls us with a test event before it saves, so the door must be open. Raises
    NotConfigured, or what the client raises.
    """
    if not configured():
        raise NotConfigured(NotConfigured.detail)
    secret = settings.WEBHOOK_SECRETS[0]
    held = find(client)
    if held is None:
        made = client.webhooks.create(
            name=NAME, events=EVENTS, target_url=target_url(), secret=secret
        )
    else:
        changes = {"Events": [*EVENTS], "Secret": secret, "State": "Active"}
        made = client.webhooks.patch(held.id, changes)
    _see(made)
    return made


def status(client: Client) -> HookState:
    """Look at our registration now, and write down what it is."""
    _see(find(client) if configured() else None)
    return seen()


def activate(client: Client) -> HookState:
    """Switch our webhook on again and read what was missed while it was off (I.6, I.7)."""
    held = find(client)
    if held is not None:
        _see(client.webhooks.patch(held.id, {"State": "Active"}))
        sweep_gap(client)
    else:
        _see(None)
    return seen()


def remove(client: Client) -> bool:
    """Remove our registration; whether there was one."""
    held = find(client)
    if held is not None:
        client.webhooks.delete(held.id)
    Cursor.objects.filter(name__in=(HOOK, _PING_CURSOR)).delete()
    alarms.end(SILENT)
    alarms.end(OFF)
    return held is not None


def seen() -> HookState:
    """What was last seen, without asking SuperOffice."""
    row = Cursor.objects.filter(name=HOOK).first() or Cursor(name=HOOK)
    state = (row.error or str(WebhookState.ACTIVE)) if row.ran_at else ""
    return HookState(
        configured=configured(),
        webhook_id=row.value,
        state=state,
        active_at=row.ok_at,
        checked_at=row.ran_at,
        last_hint_at=trust.last_hint_at(),
        trusted=trusted(),
    )


def watch(client: Client) -> HookState:
    """Look whether SuperOffice still calls us; switch it on again and sweep the gap if not.

    Only a webhook that was registered from here is looked after. What is registered under its id
    counts, not a list: an empty list would make us register it twice.
    """
    row = Cursor.objects.filter(name=HOOK).first()
    if not configured() or row is None or not row.value:
        return seen()
    try:
        held: Webhook | None = client.webhooks.get(row.value)
    except NotFound:
        held = None
    _see(held)
    if held is None or held.state != WebhookState.ACTIVE:
        _bring_back(client, held)
    _watch_for_silence(client)
    return seen()


def _bring_back(client: Client, held: Webhook | None) -> None:
    was = held.state if held else "missing"
    alarms.sound(OFF, f"Our webhook at SuperOffice is {was}. Hints are not sent; polls go on.")
    try:
        made = register(client) if held is None else _switch_on(client, held)
    except (Refused, OutcomeUnknown):
        # Most likely the test call did not reach us. The alarm stays, and the next watch tries.
        sweep_gap(client)
        return
    _see(made)
    sweep_gap(client)


def _switch_on(client: Client, held: Webhook) -> Webhook:
    return client.webhooks.patch(held.id, {"State": str(WebhookState.ACTIVE)})


def sweep_gap(client: Client) -> None:
    """Read what hints would have told: new, open and recently ended sessions (G.6)."""
    poll.new_sessions(client)
    poll.open_sessions(client)
    poll.recently_ended(client)


def _see(held: Webhook | None) -> None:
    """Write down what our registration is. A missing one stays known by its id, and looked after:
    a list may be empty by mistake, and only `remove` ends it.
    """
    now = timezone.now()
    active = held is not None and held.state == WebhookState.ACTIVE
    row, _ = Cursor.objects.get_or_create(name=HOOK)
    row.value = held.id if held else row.value
    row.ran_at = now
    row.ok_at = now if active else row.ok_at
    row.failed_at = row.failed_at if active else now
    row.failures = 0 if active else row.failures + 1
    row.error = "" if active else (held.state if held else "Missing")
    row.save()
    if active:
        alarms.end(OFF)


def _watch_for_silence(client: Client) -> None:
    """Fire a ping when nothing came for a while; tell when one did not arrive."""
    now = timezone.now()
    last = trust.last_hint_at()
    ping, _ = Cursor.objects.get_or_create(name=_PING_CURSOR)
    # One that is still to come was fired before the clock was set back.
    fired_at = ping.ran_at if ping.ran_at and ping.ran_at <= now + trust.AHEAD else None
    unanswered = fired_at is not None and (last is None or last < fired_at)
    if not unanswered:
        alarms.end(SILENT)
    elif fired_at is not None and now - fired_at > PING_ARRIVES:
        alarms.sound(
            SILENT,
            "SuperOffice's webhook is active, but what it sends does not arrive here. Check that "
            "PUBLIC_URL can be reached from SuperOffice. Until then polls keep the mirror fresh.",
        )
    if last is not None and now - last < PING_AFTER:
        return
    try:
        client.webhooks.fire(PING)
    except (Refused, OutcomeUnknown):
        return  # events of our own are not possible here: silence then stays unproven
    if not unanswered:
        Cursor.objects.filter(name=_PING_CURSOR).update(ran_at=now)
