"""What an owner mends is mended: no failure of before, and no attempt of before, undoes it."""

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions import tokens
from chatops.actions.callers import Caller
from chatops.actions.models import TrailEntry
from chatops.mirror import feed
from chatops.subscriptions import delivering, keeping
from chatops.subscriptions.models import State, Subscription
from tests.processes import apart
from tests.subscriptions.conftest import Subscribe, change, now
from tests.subscriptions.receiver import Receiver

Mend = Callable[[str], dict[str, str]]


def deliver_all() -> None:
    while delivering.run_due():
        pass


def failing_for_days(one: Subscription) -> None:
    """As if its first failure had been two days ago."""
    held = Subscription.objects.filter(pk=one.pk)
    held.exclude(failing_since=None).update(failing_since=timezone.now() - timedelta(days=2))


def last_attempt(receiver: Receiver, subscribe: Subscribe) -> tuple[Subscription, Thread]:
    """A subscription that has failed for days, and the attempt that would switch it off: under way,
    it fails after 0.4 s."""
    one = subscribe()
    receiver.statuses = [500, 500]
    change(1)
    delivering.run_due()
    failing_for_days(one)
    receiver.seconds = 0.4
    under_way = apart(delivering.run_due)
    while len(receiver.received) < 2:
        time.sleep(0.02)
    return one, under_way


def stops() -> int:
    return TrailEntry.objects.filter(what="subscription_stopped").count()


def test_a_failure_to_deliver_what_is_not_wanted_any_more_is_forgotten(
    receiver: Receiver, subscribe: Subscribe, caller: Caller
) -> None:
    one = subscribe()
    receiver.statuses = [500, 500]
    change(1)
    delivering.run_due()
    assert now(one).failures == 1
    keeping.change(now(one), {"kinds": ["topic"]}, caller=caller)
    deliver_all()
    held = now(one)
    assert held.number == feed.position().last
    assert (held.failures, held.failing_since, held.last_error) == (0, None, "")
    assert held.delivered_at is None  # it was not: nobody wanted it
    # Days later one attempt fails: that is the first, and no reason to switch it off.
    failing_for_days(one)
    keeping.change(held, {"kinds": []}, caller=caller)
    change(2)
    delivering.run_due()
    assert (now(one).state, now(one).failures) == (State.ACTIVE, 1)


@pytest.mark.parametrize(
    "mend",
    [
        lambda url: {"url": f"{url}&new"},
        lambda url: {"state": "active"},
        lambda url: {"url": f"{url}&new", "state": "active"},
    ],
    ids=["moved", "switched on", "both"],
)
def test_the_last_attempt_does_not_stop_what_was_mended_meanwhile(
    receiver: Receiver, subscribe: Subscribe, caller: Caller, mend: Mend
) -> None:
    one, under_way = last_attempt(receiver, subscribe)
    keeping.change(now(one), mend(receiver.url), caller=caller)
    under_way.join()
    held = now(one)
    assert (held.state, held.notice, held.failures, stops()) == (State.ACTIVE, "", 0, 0)
    receiver.seconds = 0
    deliver_all()
    assert receiver.taken[0].path == held.url.removeprefix(receiver.url.partition("/chats")[0])


def test_the_last_attempt_says_nothing_of_what_was_ended_meanwhile(
    receiver: Receiver, subscribe: Subscribe, caller: Caller
) -> None:
    one, under_way = last_attempt(receiver, subscribe)
    keeping.end(now(one), caller=caller)
    under_way.join()
    assert stops() == 0


def test_an_address_sent_again_as_it_is_forgives_nothing(
    receiver: Receiver, subscribe: Subscribe, caller: Caller
) -> None:
    one = subscribe()
    receiver.statuses = [500]
    change(1)
    delivering.run_due()
    keeping.change(now(one), {"url": one.url}, caller=caller)
    assert now(one).failures == 1


def test_a_test_delivery_with_a_lost_key_says_what_to_do(
    receiver: Receiver, subscribe: Subscribe, caller: Caller, settings: Settings
) -> None:
    one = subscribe()
    _, plain = tokens.issue(owner=caller.user, label="asks", scopes=["feed"])
    program = Client(headers={"Authorization": f"Bearer {plain}"})
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    path = f"/api/v1/subscriptions/{one.pk}/"

    def answered(deed: str) -> tuple[int, dict[str, Any]]:
        answer = program.post(path + deed, b"", content_type="application/octet-stream")
        return answer.status_code, answer.json()

    status, told = answered("test/")
    assert (status, told["code"]) == (409, "secret_unreadable")
    assert "rotate it" in told["detail"]
    assert receiver.received == []
    # That is the way out.
    assert answered("rotate-secret/")[0] == 200
    status, told = answered("test/")
    assert (status, told["delivered"]) == (200, True)
