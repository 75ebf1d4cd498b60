"""A client without the gate, and the question every test ends with: is the copy equal?"""

from collections.abc import Callable, Iterator

import pytest
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.superoffice.auth import Basic
from chatops.superoffice.client import Client
from chatops.superoffice.transport import Transport
from tests.sync.equality import differing

Differences = Callable[[], list[str]]


def client_of(office: StandIn, *, socket: bool = False, user: str = "integration") -> Client:
    """A client that asks once and does not wait; through the network only where that matters."""
    return Client(
        Transport(
            office.url,
            Basic(user, f"{user}-demo"),
            adapter=None if socket else office.adapter(),
            backoff=(0.01,),
        )
    )


@pytest.fixture
def client(superoffice: StandIn, settings: Settings, db: None) -> Iterator[Client]:
    """The reading identity; polls and tombstones without waiting times."""
    settings.SYNC_GONE_AFTER_SECONDS = 0
    made = client_of(superoffice)
    yield made
    made.close()


@pytest.fixture
def differences(superoffice: StandIn, client: Client) -> Differences:
    """What differs between SuperOffice's own JSON and our rows, as sentences; empty when equal."""

    def look() -> list[str]:
        superoffice.clear_faults()
        return list(differing(client, set(superoffice.office.sessions)))

    return look
