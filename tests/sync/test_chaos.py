"""A few bad seconds: lost, doubled and shuffled hints, odd answers, deletions, two workers.

The long version runs with `make chaos`. Here it is small enough for every run of the tests.
"""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from chatops.demo.adapter import Chat, StandIn
from chatops.mirror.models import Change, ChatSession
from chatops.superoffice.client import Client
from chatops.sync import health, hooks, inbox
from chatops.sync.worker import Worker
from tests.sync.conftest import Differences, client_of
from tests.sync.test_worker import running, until

pytestmark = pytest.mark.django_db(transaction=True)

FAULTS = (
    {"kind": "status", "status": 500, "probability": 0.05},
    {"kind": "drop_before", "probability": 0.03},
    {"kind": "html", "probability": 0.03},
    {"kind": "cut", "probability": 0.03},
    {"kind": "all404", "path": "ChatSession/\\d+", "probability": 0.03},
    {"kind": "blank", "probability": 0.03},
    {"kind": "hide_ids", "count": 1, "probability": 0.1},
    {"kind": "slow", "seconds": 0.02, "probability": 0.2},
)


@pytest.fixture
def door(settings: Settings) -> Iterator[ThreadingHTTPServer]:
    """Our outside address: stores every hint at once, as the real door does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                inbox.store(body)
            finally:
                connection.close()
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.PUBLIC_URL = f"http://127.0.0.1:{server.server_address[1]}"
    settings.WEBHOOK_SECRETS = ["secret"]
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def hurried(settings: Settings) -> Settings:
    settings.SYNC_NEW_SECONDS = settings.SYNC_OPEN_SECONDS = 0.3
    settings.SYNC_TRANSFERS_SECONDS = settings.SYNC_ENDED_SECONDS = 0.5
    settings.SYNC_SWEEP_SECONDS = 1.0
    settings.SYNC_LEASE_SECONDS = 2.0
    settings.SYNC_HOOK_SECONDS = 1.0
    settings.SYNC_GONE_AFTER_SECONDS = 0.2
    settings.SYNC_COMPLETE_SECONDS = 1.0
    return settings


def live(office: StandIn, dice: Random, *, seconds: float) -> tuple[int, set[int]]:
    """Customers, colleagues and the clean-up at work; how many changes, and what was deleted."""
    chats: list[Chat] = [office.chat(user="mia") for _ in range(8)]
    deleted: set[int] = set()
    changes = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        chat = dice.choice(chats)
        roll = dice.random()
        if roll < 0.15 or len(chats) < 4:
            chats.append(office.chat(user=dice.choice(["mia", "ola", None]), messages=["Hello"]))
        elif roll < 0.22:
            chat.end(by="mia")
        elif roll < 0.25 and len(deleted) < 5:
            chats.remove(chat)
            chat.delete()
            deleted.add(chat.id)
        elif roll < 0.35 and chat.now.user == 17 and chat.now.is_open:
            chat.offer("ola", by="mia")
        elif roll < 0.45:
            office.control("PATCH", f"session/{chat.id}", company=f"Company {changes}")
        elif chat.now.is_open:
            chat.say(f"Line {changes}")
        changes += 1
        time.sleep(0.01)
    return changes, deleted


def test_after_bad_seconds_and_quiet_ones_the_copy_is_equal(
    superoffice: StandIn,
    client: Client,
    door: ThreadingHTTPServer,
    hurried: Settings,
    differences: Differences,
) -> None:
    hooks.register(client)
    superoffice.options(
        webhook_lost=0.2, webhook_doubled=0.1, webhook_shuffled=0.4, webhook_waits=[0.0]
    )
    clients = [client_of(superoffice) for _ in range(2)]
    with running(*(Worker(lambda one=one: one) for one in clients)):  # type: ignore[misc]
        for fault in FAULTS:
            superoffice.fault(**fault)  # type: ignore[arg-type]
        changes, deleted = live(superoffice, Random(7), seconds=4.0)
        superoffice.clear_faults()
        settled = time.monotonic()
        until(lambda: _green_since(settled))
    assert changes > 100
    assert differences() == []
    gone = ChatSession.objects.exclude(gone_at=None)
    # A session that came and went between two looks was never here.
    assert set(gone.values_list("pk", flat=True)) <= deleted
    assert not ChatSession.objects.here().filter(pk__in=deleted).exists()
    numbers = list(Change.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))


def _green_since(settled: float) -> bool:
    """Two sweep periods have passed, and the proof is green."""
    return time.monotonic() - settled > 2.5 and health.report()["ranges"]["equal"] is True
