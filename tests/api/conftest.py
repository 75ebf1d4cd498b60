"""Programs with tokens, and a mirror that knows what the stand-in has."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from chatops.actions import tokens
from chatops.actions.models import ApiToken
from chatops.api import throttling
from chatops.demo.adapter import StandIn
from chatops.mirror import ingest, people, text_index
from chatops.remote import wiring
from chatops.sync import refresh
from tests.conftest import MakePerson, Person

V1 = "/api/v1/"
EVERYTHING = ("read", "transcripts", "personal", "send", "act", "patch", "reset", "feed")


@dataclass
class Answer:
    """What the API answered; `response` is Django's."""

    response: Any

    @property
    def status(self) -> int:
        status: int = self.response.status_code
        return status

    @property
    def content(self) -> bytes:
        """The body; of a streamed answer, once."""
        streamed = getattr(self.response, "streaming_content", None)
        found: bytes = self.response.content if streamed is None else b"".join(streamed)
        return found

    @property
    def json(self) -> Any:
        return json.loads(self.response.content)

    def __getitem__(self, header: str) -> str:
        value: str = self.response[header]
        return value

    @property
    def code(self) -> str:
        """The problem's code."""
        assert self["Content-Type"] == "application/problem+json", self.response.content
        code: str = self.json["code"]
        return code

    def ids(self) -> list[int]:
        return [row["id"] for row in self.json["results"]]


@dataclass
class Program:
    """Somebody who calls the API: with a token, or with the console's session."""

    client: Client
    headers: dict[str, str] = field(default_factory=dict)
    token: ApiToken | None = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Call a path below /api/v1/; `body` goes as JSON, bytes as they are."""
        kind = headers.pop("content_type", "application/json")
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        every = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith(("/", "http")) else V1 + path
        kind = kind if data else "application/octet-stream"
        # A URL of ours in a query string stays as it is.
        return Answer(self.client.generic(method, url, data, kind, headers=every))

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, *, key: str | None = None, **more: str) -> Answer:
        more["Idempotency_Key"] = uuid4().hex if key is None else key
        return self.call("POST", path, body, **more)

    def patch(self, path: str, body: Any, *, key: str | None = None, **more: str) -> Answer:
        more["Idempotency_Key"] = uuid4().hex if key is None else key
        return self.call("PATCH", path, body, **more)


def indexed() -> None:
    """Bring the text index up to the mirror, as the worker does every second."""
    while text_index.index_due():
        pass


MakeProgram = Callable[..., Program]
Mirrored = Callable[..., None]
Bulk = Callable[..., None]


@pytest.fixture(autouse=True)
def _counted_anew() -> Iterator[None]:
    throttling.forget()
    yield
    throttling.forget()


@pytest.fixture
def program(db: None) -> MakeProgram:
    """Makes a token of a person and a client that sends it."""

    def make(owner: Person, *scopes: str, topics: Iterable[int] = ()) -> Program:
        token, plain = tokens.issue(
            owner=owner.user, label="test", scopes=scopes or EVERYTHING, topics=topics
        )
        client = Client(raise_request_exception=False)
        return Program(client, {"Authorization": f"Bearer {plain}"}, token)

    return make


@pytest.fixture
def at_console() -> Callable[[Person], Program]:
    """Makes a client that is signed in to the console, without a token."""

    def make(who: Person) -> Program:
        client = Client(raise_request_exception=False)
        client.force_login(who.user)
        return Program(client)

    return make


@pytest.fixture
def topics(superoffice: StandIn, db: None) -> None:
    """The topics and who belongs to them: mia to 7 and 8, kari leads them."""
    client = wiring.service_client()
    for topic in (7, 8, 9):
        people.store_topic(client.topics.get(topic).raw)
        people.store_members(topic, [one.raw for one in client.topics.members(topic)])


@pytest.fixture
def api(mia: Person, program: MakeProgram, topics: None) -> Program:
    """A program of mia's that may do everything in her topics."""
    return program(mia)


@pytest.fixture
def mirrored(superoffice: StandIn, topics: None) -> Mirrored:
    """Reads these sessions into the mirror."""

    def read(*session_ids: int) -> None:
        client = wiring.service_client()
        # One by one: several are read by threads, which do not see this test's transaction.
        for one in session_ids:
            assert refresh.session(client, one, complete=True)

    return read


def carrier(one: int, **fields: Any) -> dict[str, Any]:
    """A session as SuperOffice sends it."""
    return {
        "ChatSessionId": one,
        "TopicId": 7,
        "Status": "Finished",
        "CustomerName": f"Customer {one}",
        "CustomerEmail": f"c{one}@example.net",
        "CustomerHost": "192.0.2.7",
        "FirstMessage": f"Hello {one}",
        "LastMessage": "Bye",
        "WhenRequested": f"2026-03-02T09:{one % 60:02}:00Z",
        "WhenEnded": f"2026-03-02T10:{one % 60:02}:00Z" if one % 3 else "0001-01-01T00:00:00Z",
        "SessionKey": "secret-of-the-customer",
        "Rating": one % 6,
        **fields,
    }


@pytest.fixture
def bulk(db: None) -> Bulk:
    """Puts sessions with these ids into the mirror, without asking anybody."""

    def store(ids: Iterable[int], **fields: Any) -> None:
        answers = [ingest.Answer(one, json.dumps(carrier(one, **fields)).encode()) for one in ids]
        ingest.store_sessions(answers, reading=ingest.next_reading())

    return store


def say(session: int, texts: dict[int, str]) -> None:
    """Put messages with these ids and HTML texts into the mirror."""
    body = [
        {
            "ChatMessageId": one,
            "ChatSessionId": session,
            "Type": "ToUser",
            "Message": text,
            "Author": "Ola",
            "WhenPosted": "2026-03-02T09:15:00Z",
        }
        for one, text in texts.items()
    ]
    answer = ingest.Answer(session, json.dumps(body).encode())
    ingest.store_messages([answer], reading=ingest.next_reading(), complete=True)
    indexed()


@pytest.fixture
def somebody(person: MakePerson) -> Person:
    """Shown every topic, without a SuperOffice account: to own tokens that only read."""
    return person("somebody", "auditor", link=False)
