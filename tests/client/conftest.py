"""The server as it is from outside: over HTTP, with a token, and a network that may cut."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from chatops.actions import tokens
from chatops.api import throttling
from chatops.client import ChatOps
from chatops.demo.adapter import StandIn
from chatops.mirror import ingest, people
from chatops.mirror.ingest import Answer
from chatops.remote import wiring
from chatops.sync import refresh
from tests.client.cutting import CuttingProxy
from tests.conftest import MakePerson, Person
from tests.mirror import carriers

ALL = ("read", "transcripts", "personal", "send", "act", "patch", "reset", "feed")
Write = Callable[..., None]


@pytest.fixture
def served(transactional_db: None, live_server: LiveServer, settings: Settings) -> Iterator[str]:
    """The server's address; nobody is asked to slow down."""
    settings.API_RATE_PER_MINUTE = 10_000_000
    throttling.forget()
    yield live_server.url
    throttling.forget()


@pytest.fixture
def network(served: str) -> Iterator[CuttingProxy]:
    """The way to the server, uncut until it is told to."""
    with CuttingProxy(served) as proxy:
        yield proxy


@pytest.fixture
def token(served: str, person: MakePerson) -> str:
    """Of somebody without a SuperOffice account: it reads and follows."""
    owner = person("reader", "auditor", link=False).user
    return tokens.issue(owner=owner, label="copy", scopes=("read", "transcripts", "feed"))[1]


def office_of(url: str, token: str, **how: Any) -> ChatOps:
    """A client that does not wait long between tries."""
    return ChatOps(url, token, pause=0.01, **how)


@pytest.fixture
def office(served: str, token: str) -> Iterator[ChatOps]:
    """Straight to the server."""
    made = office_of(served, token)
    yield made
    made.close()


@pytest.fixture
def mias(
    served: str, superoffice: StandIn, mia: Person, network: CuttingProxy
) -> Iterator[ChatOps]:
    """A program that acts as mia, through the network that may cut."""
    plain = tokens.issue(owner=mia.user, label="acts", scopes=ALL)[1]
    made = office_of(network.url, plain)
    yield made
    made.close()


@pytest.fixture
def mirrored(superoffice: StandIn, served: str) -> Callable[..., None]:
    """Reads these sessions into the mirror, and who belongs to topic 7."""

    def read(*session_ids: int) -> None:
        client = wiring.service_client()
        people.store_members(7, [one.raw for one in client.topics.members(7)])
        for one in session_ids:
            assert refresh.session(client, one, complete=True)

    return read


def write_session(one: int, **fields: Any) -> None:
    """What the mirror's own writer does with a session as SuperOffice answers it."""
    body = json.dumps(carriers.session(one, **fields)).encode()
    ingest.store_sessions([Answer(one, body)], reading=ingest.next_reading())


def write_messages(one: int, texts: dict[int, str], *, complete: bool = False) -> None:
    """The same with messages: text by id."""
    found = [carriers.message(number, text, one) for number, text in texts.items()]
    answer = Answer(one, json.dumps(found).encode())
    ingest.store_messages([answer], reading=ingest.next_reading(), complete=complete)
