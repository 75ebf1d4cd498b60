"""People at the console, and a mirror with chats in it."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from chatops.demo.adapter import StandIn
from chatops.mirror import ingest, people, text_index
from chatops.mirror.models import ChatSession
from chatops.remote import wiring
from chatops.sync import refresh
from tests.conftest import MakePerson, Person

JSONDict = dict[str, Any]
#: The test client's response; its class has no public name.
Response = Any


class AtConsole:
    """Somebody who is signed in, and what they do in the browser."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.client = Client()
        self.client.force_login(person.user)

    def get(self, path: str = "", **query: Any) -> Response:
        return self.client.get(f"/admin/{path}", query)

    def fragment(self, path: str = "") -> Response:
        return self.client.get(f"/admin/{path}", headers={"X-Fragment": "1"})

    def page(self, path: str = "", **query: Any) -> str:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.content
        return str(answer.content.decode())

    def post(
        self, path: str, form: JSONDict | None = None, *, script: bool = False, **more: Any
    ) -> Response:
        """Send a form; with `script` as `live.js` sends it. A key of its own unless given."""
        headers = {"X-Fragment": "1"} if script else {"Referer": "http://testserver/admin/"}
        data = {"key": uuid4().hex, **(form or {}), **more}
        return self.client.post(f"/admin/{path}", data, headers=headers)

    def act(self, chat_id: int, verb: str, **form: Any) -> JSONDict:
        """Press a button of a session and get what `live.js` is told."""
        answer = self.post(f"sessions/{chat_id}/do/{verb}/", script=True, **form)
        assert answer.status_code == 200, answer.content
        told: JSONDict = json.loads(answer.content)
        return told

    def told(self) -> str:
        """The messages that the next page shows."""
        return self.page("account/").split('id="toasts"')[1]


SignIn = Callable[[Person], AtConsole]
Mirrored = Callable[..., None]
Stored = Callable[..., None]


@pytest.fixture
def sign_in() -> SignIn:
    return AtConsole


@pytest.fixture
def mia_there(mia: Person) -> AtConsole:
    return AtConsole(mia)


@pytest.fixture
def auditor(superoffice: StandIn, person: MakePerson) -> AtConsole:
    return AtConsole(person("audrey", "auditor", link=False))


@pytest.fixture
def operator(superoffice: StandIn, person: MakePerson) -> AtConsole:
    return AtConsole(person("oscar", "operator", link=False))


@pytest.fixture
def mirrored(superoffice: StandIn, db: None) -> Mirrored:
    """Reads these sessions, the topics and their members into the mirror."""

    def read(*session_ids: int) -> None:
        client = wiring.service_client()
        for topic in (7, 8, 9):
            people.store_topic(client.topics.get(topic).raw)
            people.store_members(topic, [one.raw for one in client.topics.members(topic)])
        for one in session_ids:
            refresh.session(client, one, complete=True)

    return read


def carrier(one: int, **fields: Any) -> JSONDict:
    """A session as SuperOffice sends it: mia's, going on, in topic 7."""
    return {
        "ChatSessionId": one,
        "TopicId": 7,
        "Status": "CustomerLast",
        "User": {"AssociateId": 17, "FullName": "Mia Berg", "Name": "MIB"},
        "CustomerName": f"Customer {one}",
        "CustomerEmail": "customer@example.net",
        "CustomerPhone": "+47 555 01 234",
        "CustomerHost": "192.0.2.7",
        "FirstMessage": "Hello",
        "LastMessage": "Are you there?",
        "WhenRequested": "2026-03-02T09:00:00Z",
        "WhenStarted": "2026-03-02T09:01:00Z",
        "WhenIdle": "2026-03-02T09:02:00Z",
        "Flags": "CustomerIsTyping",
        **fields,
    }


def message(one: int, session_id: int, **fields: Any) -> JSONDict:
    """A message as SuperOffice sends it: from the customer."""
    return {
        "ChatMessageId": one,
        "ChatSessionId": session_id,
        "Type": "ToUser",
        "Message": f"Line {one}",
        "Author": "Customer",
        "ReadByCustomer": 0,
        "SpecialType": "None",
        "SpecialParam": "",
        "WhenPosted": "2026-03-02T09:02:00Z",
        **fields,
    }


@pytest.fixture
def stored(db: None) -> Stored:
    """Puts carriers of sessions, and of their messages, into the mirror without asking anybody."""

    def store(sessions: Iterable[JSONDict], messages: Sequence[JSONDict] = ()) -> None:
        answers = [
            ingest.Answer(one["ChatSessionId"], json.dumps(one).encode()) for one in sessions
        ]
        ingest.store_sessions(answers, reading=ingest.next_reading())
        by_session: dict[int, list[JSONDict]] = {}
        for one in messages:
            by_session.setdefault(one["ChatSessionId"], []).append(one)
        bodies = [ingest.Answer(pk, json.dumps(rows).encode()) for pk, rows in by_session.items()]
        if bodies:
            ingest.store_messages(bodies, reading=ingest.next_reading(), complete=True)

    return store


def indexed() -> None:
    """Bring the text index up to the mirror, as the worker does every second."""
    while text_index.index_due():
        pass


def stamp(chat_id: int) -> str:
    """What a form of this moment carries."""
    return ChatSession.objects.get(pk=chat_id).stamp
