"""Our webhook: registered, watched, switched on again; the gap is swept, silence is noticed."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.superoffice import webhooks
from chatops.superoffice.client import Client
from chatops.sync import hooks, inbox, poll
from chatops.sync.jobs import JOBS
from chatops.sync.models import Alarm, Cursor, WebhookDelivery
from tests.sync.conftest import Differences

pytestmark = pytest.mark.django_db
SECRET = "a long random string"


class Door:
    """Our outside address: takes what is posted, in a thread; the test stores it itself."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.status = 200
        self.came = threading.Event()
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                signature = self.headers.get(webhooks.SIGNATURE_HEADER, "")
                good = webhooks.is_signed(body, signature, [SECRET])
                self.send_response(door.status if good else 401)
                self.end_headers()
                if good and door.status == 200:
                    door.bodies.append(body)
                    door.came.set()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def take_in(self) -> None:
        """Store what came by now, after something did."""
        assert self.came.wait(5)
        self.came.clear()
        while self.bodies:
            inbox.store(self.bodies.pop(0))


@pytest.fixture
def door(settings: Settings) -> Iterator[Door]:
    door = Door()
    settings.PUBLIC_URL, settings.WEBHOOK_SECRETS = door.url, [SECRET]
    yield door
    door.server.shutdown()
    door.server.server_close()


def test_registered_it_is_active_and_hints_arrive(
    superoffice: StandIn, client: Client, door: Door, differences: Differences
) -> None:
    made = hooks.register(client)
    assert made.state == "Active"
    door.take_in()  # the test event of the save
    superoffice.options(webhook_waits=[0.0])
    superoffice.chat(messages=["Hello"])
    door.take_in()
    inbox.run_due(client)
    assert hooks.status(client).state == "Active"
    assert hooks.trusted()


def test_registering_twice_keeps_one(client: Client, door: Door) -> None:
    first = hooks.register(client)
    assert hooks.register(client).id == first.id
    assert len(client.webhooks.list()) == 1
    assert hooks.remove(client)
    assert client.webhooks.list() == []
    assert not hooks.remove(client)


def test_a_hook_of_another_installation_is_left_alone(client: Client, door: Door) -> None:
    other = client.webhooks.create(
        name=hooks.NAME, events=hooks.EVENTS, target_url=f"{door.url}/other/", secret=SECRET
    )
    hooks.register(client)
    hooks.remove(client)
    assert [one.id for one in client.webhooks.list()] == [other.id]


def test_without_an_address_nothing_can_be_registered(client: Client, settings: Settings) -> None:
    settings.PUBLIC_URL = ""
    with pytest.raises(hooks.NotConfigured):
        hooks.register(client)
    assert hooks.status(client).configured is False
    assert not hooks.trusted()


def test_a_hook_that_was_switched_off_comes_back_and_the_gap_is_swept(
    superoffice: StandIn, client: Client, door: Door, differences: Differences
) -> None:
    hooks.register(client)
    client.webhooks.patch(hooks.seen().webhook_id, {"State": "TooManyErrors"})
    superoffice.chat(messages=["Said while nobody was told"])
    state = hooks.watch(client)
    assert state.state == "Active"
    assert client.webhooks.get(state.webhook_id).state == "Active"
    assert not Alarm.objects.filter(name=hooks.OFF).exists()
    assert differences() == []


def test_a_hook_that_vanished_is_registered_again(client: Client, door: Door) -> None:
    hooks.register(client)
    client.webhooks.delete(hooks.seen().webhook_id)
    assert hooks.watch(client).state == "Active"
    assert len(client.webhooks.list()) == 1


def test_while_our_door_is_shut_there_is_an_alarm_and_no_trust(
    superoffice: StandIn, client: Client, door: Door, differences: Differences
) -> None:
    hooks.register(client)
    client.webhooks.delete(hooks.seen().webhook_id)
    door.status = 503
    superoffice.chat()
    assert hooks.watch(client).state == "Missing"
    assert not hooks.trusted()
    assert Alarm.objects.filter(name=hooks.OFF).exists()
    assert differences() == []  # the polls went on
    door.status = 200
    assert hooks.watch(client).state == "Active"
    assert not Alarm.objects.exists()


def test_an_empty_list_of_hooks_does_not_make_a_second_one(
    superoffice: StandIn, client: Client, door: Door
) -> None:
    made = hooks.register(client)
    superoffice.fault("blank")
    assert hooks.status(client).state == "Missing"
    hooks.watch(client)
    superoffice.clear_faults()
    assert hooks.watch(client).webhook_id == made.id
    assert len(client.webhooks.list()) == 1


def test_silence_is_broken_by_a_ping_of_our_own(client: Client, door: Door) -> None:
    hooks.register(client)
    door.take_in()
    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(minutes=20))
    assert not hooks.trusted()
    hooks.watch(client)
    door.take_in()
    assert hooks.trusted()
    assert WebhookDelivery.objects.filter(event=hooks.PING, state="ignored").exists()


def test_a_ping_that_does_not_arrive_is_an_alarm(
    superoffice: StandIn, client: Client, door: Door
) -> None:
    hooks.register(client)
    door.take_in()
    superoffice.options(webhook_lost=1.0)
    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(minutes=20))
    hooks.watch(client)
    Cursor.objects.filter(name="hook_ping").update(ran_at=timezone.now() - timedelta(minutes=2))
    hooks.watch(client)
    assert Alarm.objects.filter(name=hooks.SILENT).exists()
    assert not hooks.trusted()
    superoffice.options(webhook_lost=0.0)
    hooks.watch(client)
    door.take_in()
    hooks.watch(client)
    assert not Alarm.objects.exists()
    assert hooks.trusted()


def test_what_was_written_before_the_clock_was_set_back_is_no_sign_that_hints_arrive(
    client: Client, door: Door
) -> None:
    later = timezone.now() + timedelta(hours=2)
    hooks.register(client)
    door.take_in()
    Cursor.objects.filter(name="hook").update(ok_at=later)
    assert not hooks.trusted()
    hooks.watch(client)
    assert hooks.trusted()
    WebhookDelivery.objects.update(received_at=later)
    assert not hooks.trusted()
    hooks.watch(client)
    door.take_in()  # the ping
    assert hooks.trusted()


def test_a_ping_from_before_the_clock_was_set_back_is_not_waited_for(
    superoffice: StandIn, client: Client, door: Door
) -> None:
    hooks.register(client)
    door.take_in()
    superoffice.options(webhook_lost=1.0)
    WebhookDelivery.objects.update(received_at=timezone.now() - timedelta(minutes=20))
    later = timezone.now() + timedelta(hours=2)
    Cursor.objects.create(name="hook_ping", ran_at=later)
    hooks.watch(client)
    assert Cursor.objects.filter(name="hook_ping", ran_at__lt=later).exists()


def test_a_hook_that_nobody_registered_is_nobodys_business(client: Client, door: Door) -> None:
    hooks.watch(client)
    assert client.webhooks.list() == []


def test_polls_are_rarer_while_hints_arrive(client: Client, door: Door) -> None:
    every = {job.name: job.every for job in JOBS}
    alone = every["open"]()
    hooks.register(client)
    door.take_in()
    assert hooks.trusted()
    assert every["open"]() > alone
    assert poll.new_sessions(client).failed == {}
