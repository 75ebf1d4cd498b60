"""How soon the mirror shows what a customer wrote: from SuperOffice's own clock to a row of ours.

`serve` and `worker` run as processes of their own, with the intervals and the call budget of a
tenant, not those of the demo; ten chats are open. Limits: 15 s while SuperOffice tells nothing, 2 s
with its hints.
"""

import time
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from django.test import override_settings

from bench import filling
from bench.measures.limits import at_most
from bench.served import free_port, serving, working
from bench.timing import Result
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatMessage
from chatops.remote import wiring
from chatops.sync import hooks
from chatops.sync.models import Cursor, SyncRun

OPEN_CHATS = 10
#: Messages of each half, and seconds between them: 1.4 a second is more than ten people type.
MESSAGES = {"small": 60, "10k": 100, "100k": 100, "1m": 100}
EVERY = 0.7
#: Before the first message, and after the last.
SETTLING, PATIENCE = 5.0, 60.0
SECRET = "only measured with"
SERVICE: dict[str, Any] = {
    "SUPEROFFICE_AUTH": "basic",
    "SUPEROFFICE_USER": "integration",
    "SUPEROFFICE_PASSWORD": "integration-demo",
}
#: What `chatops.settings` says of a SuperOffice that is not on this machine.
TENANT = {
    "DEBUG": "1",  # keys of its own
    "SYNC_NEW_SECONDS": "30",
    "SYNC_OPEN_SECONDS": "10",
    "SYNC_ENDED_SECONDS": "600",
    "SYNC_PEOPLE_SECONDS": "300",
    "SYNC_SWEEP_SECONDS": "86400",
    "SYNC_COMPLETE_SECONDS": "300",
    "REMOTE_CALLS_PER_SECOND": "8",
    "WEBHOOK_SECRETS": SECRET,
}


def measure(size: str, repeats: int) -> list[Result]:
    """Seconds from said to visible, without hints and with them."""
    filling.empty()
    Cursor.objects.all().delete()
    SyncRun.objects.all().delete()
    with StandIn(scene="empty", seed=1) as office, ExitStack() as running:
        port = free_port()
        address = {"SUPEROFFICE_API_URL": office.url, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        running.enter_context(
            override_settings(WEBHOOK_SECRETS=[SECRET], REMOTE_CALLS_PER_SECOND=8, **SERVICE)
        )
        running.enter_context(override_settings(**address))
        running.enter_context(serving(port, **SERVICE, **TENANT, **address))
        running.enter_context(working(**SERVICE, **TENANT, **address))
        chats = [office.chat(user="mia").id for _ in range(OPEN_CHATS)]
        _wait_for_the_first_comparison()
        polled = _lags(office, chats, MESSAGES[size])
        hooks.register(wiring.service_client(person=True))
        hinted = _lags(office, chats, MESSAGES[size])
        hooks.remove(wiring.service_client(person=True))
    return [_told("said to visible, without hints", polled, 15.0), _told("with hints", hinted, 2.0)]


def _wait_for_the_first_comparison() -> None:
    """When a worker starts, everything is due at once and shares the call budget for a while."""
    deadline = time.monotonic() + PATIENCE
    while not SyncRun.objects.exclude(ended_at=None).exists():
        if time.monotonic() > deadline:
            raise RuntimeError("the worker has not compared anything")
        time.sleep(0.2)


def _lags(office: StandIn, chats: list[int], messages: int) -> list[float]:
    """Seconds of so many messages from SuperOffice's clock to our database, shortest first."""
    after = max((row["number"] for row in office.journal()), default=0)
    waiting: set[int] = set()
    seen: dict[int, float] = {}
    said, next_at = 0, time.monotonic() + SETTLING
    deadline = next_at + messages * EVERY + PATIENCE
    while said < messages or waiting:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(waiting)} messages never became visible")
        if said < messages and time.monotonic() >= next_at:
            chat = chats[said % len(chats)]
            waiting.add(office.control("POST", "say", session=chat, text=f"Line {said}")["id"])
            said, next_at = said + 1, next_at + EVERY
        here = set(ChatMessage.objects.filter(pk__in=waiting).values_list("pk", flat=True))
        seen.update(dict.fromkeys(here, time.time()))
        waiting -= here
        time.sleep(0.02)
    effects = [
        row for row in office.journal(after=after, kind="effect") if row["verb"] == "message"
    ]
    posted = {row["payload"]["message"]: _moment(row["at"]) for row in effects}
    return sorted(at - posted[pk] for pk, at in seen.items())


def _moment(at: str | datetime) -> float:
    return (datetime.fromisoformat(at) if isinstance(at, str) else at).timestamp()


def _told(name: str, lags: list[float], limit: float) -> Result:
    most = lags[int(len(lags) * 0.95)]
    half = lags[len(lags) // 2]
    return at_most(
        f"{name}, p95", most, limit, "s", median=round(half, 2), worst=round(lags[-1], 2)
    )
