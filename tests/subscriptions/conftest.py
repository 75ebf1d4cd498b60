"""A receiver, somebody who is told, and a mirror in which things change."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chatops.actions import tokens
from chatops.actions.callers import Caller, caller_of
from chatops.mirror import ingest
from chatops.subscriptions import keeping
from chatops.subscriptions.models import Subscription
from tests.conftest import MakePerson
from tests.mirror import carriers
from tests.subscriptions.receiver import Receiver

Subscribe = Callable[..., Subscription]


@pytest.fixture
def receiver(transactional_db: None, settings: Settings) -> Iterator[Receiver]:
    """Somebody who listens; deliveries that fail are tried again at once."""
    settings.SUBSCRIPTION_ALLOWED_HOSTS = ["127.0.0.1"]
    settings.SUBSCRIPTION_BACKOFF_SECONDS = 0
    with Receiver() as listening:
        yield listening


@pytest.fixture
def caller(receiver: Receiver, person: MakePerson) -> Caller:
    """A program that may follow the feed."""
    owner = person("follower", "auditor", link=False).user
    token, _ = tokens.issue(owner=owner, label="follows", scopes=["feed"])
    return caller_of(owner, token=token, source="api")


@pytest.fixture
def subscribe(receiver: Receiver, caller: Caller) -> Subscribe:
    """Makes a subscription to the receiver; its secret can be read from the row."""

    def make(**fields: Any) -> Subscription:
        return keeping.create(**{"url": receiver.url, "caller": caller, **fields})[0]

    return make


def change(*session_ids: int, **fields: Any) -> None:
    """One change for each of these sessions."""
    for one in session_ids:
        body = json.dumps(carriers.session(one, **fields)).encode()
        ingest.store_sessions([ingest.Answer(one, body)], reading=ingest.next_reading())


def now(one: Subscription) -> Subscription:
    """As it is in the database."""
    return Subscription.objects.get(pk=one.pk)
