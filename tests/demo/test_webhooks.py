"""Webhooks: contract I, against a real receiver."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chatops.demo.adapter import StandIn
from chatops.demo.delivery import signature
from tests.demo.conftest import Cast

SECRET = "blåbær"


@dataclass
class Receiver:
    """What came in; `status` is what is answered next."""

    url: str = ""
    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self, name: str = "chatsession") -> list[dict[str, Any]]:
        """Bodies of real events."""
        bodies = [json.loads(body) for _, body in self.got]
        return [body for body in bodies if body["Event"].startswith(name)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Listens on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks/superoffice/"
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


def register(cast: Cast, receiver: Receiver, **more: Any) -> dict[str, Any]:
    """Our hook."""
    body = {
        "Name": "chatops",
        "TargetUrl": receiver.url,
        "Secret": SECRET,
        "Events": ["chatsession.created", "chatsession.changed", "chatsession.message"],
        **more,
    }
    hook: dict[str, Any] = cast.integration.post("Webhook", body)
    return hook


def until(condition: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait for it; fail when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def test_the_signature_is_that_of_the_contract() -> None:
    body = '{"EventId":"x","Event":"test","WebhookName":"Kundestøtte"}'.encode()
    assert signature(body, SECRET) == "p5l1wpVxiftpY/KZpBm66zghP51rUYMJpJpW9uBJgaw="


def test_saving_calls_the_target_first_and_fails_without_200(
    cast: Cast, receiver: Receiver
) -> None:
    receiver.status = 500
    refused = cast.integration.call("POST", "Webhook", json={"TargetUrl": receiver.url})
    headers, body = receiver.got[0]
    assert refused.status_code == 500
    assert cast.integration.get("Webhook") == []
    assert headers["x-hook-test"] == "true"
    assert json.loads(body)["Event"] == "test"


def test_events_are_signed_over_their_bytes(
    office: StandIn, cast: Cast, receiver: Receiver
) -> None:
    hook = register(cast, receiver, Headers={"X-Chatops-Hook": "1"}, Properties={"Site": "æ"})
    chat = office.chat(user="mia", messages=["Hei"])
    until(lambda: len(receiver.events()) >= 3)
    for headers, body in receiver.got:
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
        assert headers["x-superoffice-signature"] == base64.b64encode(digest).decode()
        assert headers["x-chatops-hook"] == "1"
    created = receiver.events("chatsession.created")[0]
    assert created["PrimaryKey"] == chat.id
    assert created["WebhookName"] == "chatops"
    assert created["Site"] == "æ"
    assert created["Changes"] == []
    assert "chatMessage.message" in receiver.events("chatsession.message")[0]["Changes"]
    assert hook["Secret"] != SECRET


def test_a_transfer_makes_no_event_until_its_message(
    office: StandIn, cast: Cast, receiver: Receiver
) -> None:
    chat = office.chat(user="ola")
    register(cast, receiver)
    chat.offer("mia")
    cast.mia.post(f"ChatSession/{chat.id}/AcceptTransfer")
    until(receiver.events)
    assert {event["Event"] for event in receiver.events()} == {"chatsession.message"}


def test_three_tries_with_the_same_event_id_then_the_event_is_lost(
    office: StandIn, cast: Cast, receiver: Receiver
) -> None:
    office.options(webhook_waits=[0.0, 0.05, 0.1])
    hook = register(cast, receiver, Events=["chatops.ping"])
    receiver.status = 503
    assert cast.integration.call("POST", "Webhook/chatops.ping/0", json={}).status_code == 204
    until(lambda: len(receiver.events("chatops.ping")) == 3)
    time.sleep(0.3)
    pings = receiver.events("chatops.ping")
    tries = [h["x-superoffice-retry"] for h, b in receiver.got if b"chatops.ping" in b]
    now = cast.integration.get(f"Webhook/{hook['WebhookId']}")
    assert len(pings) == 3
    assert len({ping["EventId"] for ping in pings}) == 1
    assert tries == ["0", "1", "2"]
    assert (now["State"], now["ConsecutiveErrors"]) == ("Active", 3)
    assert cast.integration.get(f"Webhook/{hook['WebhookId']}/LastError").startswith("503")


def test_nine_failures_switch_it_off_and_a_patch_on_again(
    office: StandIn, cast: Cast, receiver: Receiver
) -> None:
    office.options(webhook_waits=[0.0, 0.01, 0.01])
    hook = register(cast, receiver, Events=["chatops.ping"])
    url = f"Webhook/{hook['WebhookId']}"
    receiver.status = 500
    for _ in range(3):
        cast.integration.call("POST", "Webhook/chatops.ping/0", json={})
    until(lambda: cast.integration.get(url)["State"] == "TooManyErrors")
    receiver.status = 200
    operation = [{"op": "replace", "path": "State", "value": "Active"}]
    answer = cast.integration.call("PATCH", url, json=operation)
    assert answer.json()["State"] == "Active"
    assert answer.json()["ConsecutiveErrors"] == 0
    chat = office.chat()
    cast.integration.call("POST", f"Webhook/chatops.ping/{chat.id}", json={"A": 1})
    until(lambda: any(e["PrimaryKey"] == chat.id for e in receiver.events("chatops.ping")))
    headers, body = receiver.got[-1]
    assert headers["x-superoffice-signature"] == signature(body, SECRET)


def test_410_stops_it_at_once(office: StandIn, cast: Cast, receiver: Receiver) -> None:
    hook = register(cast, receiver)
    receiver.status = 410
    office.chat()
    until(lambda: cast.integration.get(f"Webhook/{hook['WebhookId']}")["State"] == "Stopped")


def test_events_are_lost_doubled_and_shuffled_by_switch(
    office: StandIn, cast: Cast, receiver: Receiver
) -> None:
    register(cast, receiver, Events=["chatsession.created"])
    office.options(webhook_doubled=1.0, webhook_shuffled=0.2)
    keys = [office.chat().id for _ in range(6)]
    until(lambda: len(receiver.events()) == 12)
    arrived = [event["PrimaryKey"] for event in receiver.events()]
    assert sorted(arrived) == sorted(keys * 2)
    assert arrived != sorted(arrived)
    office.options(webhook_lost=1.0)
    office.chat()
    time.sleep(0.3)
    assert len(receiver.events()) == 12


def test_administration(office: StandIn, cast: Cast, receiver: Receiver) -> None:
    hook = register(cast, receiver)
    url = f"Webhook/{hook['WebhookId']}"
    assert cast.integration.get("Webhook/default")["WebhookId"] == 0
    assert cast.integration.get("Webhook", statusFilter="Stopped") == []
    assert len(cast.integration.get("Webhook", nameFilter="chat", statusFilter="Active")) == 1
    tested = cast.integration.post("Webhook/Test", {"TargetUrl": receiver.url})
    assert tested["Success"] is True
    assert cast.integration.call("DELETE", url).status_code == 204
    assert cast.integration.call("GET", url).status_code == 404
