"""For tests: `StandIn`, a running stand-in with handles; and an adapter that needs no socket."""

import http.client
import io
import json
import threading
from dataclasses import dataclass, fields
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from chatops.demo import control, scenes
from chatops.demo.door import Door
from chatops.demo.life import Life
from chatops.demo.office import Office
from chatops.demo.records import Associate, Session
from chatops.demo.server import Server
from chatops.demo.wire import JSONDict, WireRequest, WireResponse


class InProcess(BaseAdapter):
    """Answers `requests` from a door, in the caller's thread; faults included.

    `session.mount("http://", InProcess(door))`. A closed connection is the ConnectionError that
    requests raises for a real one; time-outs do not apply, there is nobody to wait for.
    """

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door = door

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """One request. Raises `requests.ConnectionError` when the door drops it."""
        parts = urlsplit(request.url or "")
        body = request.body or b""
        wire = WireRequest(
            request.method or "GET",
            parts.path,
            parts.query,
            {"host": parts.netloc, **{k.lower(): str(v) for k, v in request.headers.items()}},
            body.encode() if isinstance(body, str) else body,
        )
        answer = self.door.handle(wire)
        if answer.drop:
            closed = http.client.RemoteDisconnected("Remote end closed connection without response")
            raise requests.ConnectionError(
                ProtocolError("Connection aborted.", closed), request=request
            )
        return as_requests(answer, request, stream=stream)

    def close(self) -> None:
        """Nothing is open."""


def as_requests(
    answer: WireResponse, request: requests.PreparedRequest, *, stream: bool
) -> requests.Response:
    """The answer as `requests` would have it; a cut body fails while it is read."""
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    body = answer.body if answer.cut is None else answer.body[: answer.cut]
    response = requests.Response()
    response.status_code, response.url = answer.status, request.url or ""
    response.reason = answer.reason or http.client.responses.get(answer.status, "")
    response.headers = CaseInsensitiveDict(headers)
    response.request, response.encoding = request, "utf-8"
    response.raw = HTTPResponse(
        body=io.BytesIO(body),
        headers=headers,
        status=answer.status,
        preload_content=False,
        request_method=request.method,
        enforce_content_length=True,
    )
    if not stream:
        _ = response.content
    return response


@dataclass(frozen=True)
class Chat:
    """A session at the stand-in, as a test holds it."""

    office: "StandIn"
    id: int

    @property
    def now(self) -> Session:
        """The record as it is."""
        return self.office.session(self.id)

    def say(self, text: str) -> int:
        """The customer writes; the message's id."""
        return int(self.office.control("POST", "say", session=self.id, text=text)["id"])

    def offer(self, to: Any, *, by: Any = None) -> None:
        """The owner (or `by`) asks `to` to take over."""
        self.office.control("POST", "offer", session=self.id, to=who(to), by=who(by))

    def end(self, *, by: Any = None) -> None:
        """It ends, by `by` or by the customer."""
        self.office.control("POST", "end", session=self.id, by=who(by))

    def rate(self, stars: int) -> None:
        """The customer gives stars."""
        self.office.control("POST", "rate", session=self.id, stars=stars)

    def delete(self) -> None:
        """Gone, without a word."""
        self.office.control("DELETE", f"session/{self.id}")


def who(person: Any) -> Any:
    """A user name or associate id, of a name, an id, an `Associate`, or whatever has an
    `associate_id` (a Django agent does).
    """
    if isinstance(person, Associate):
        return person.id
    return getattr(person, "associate_id", person)


class StandIn:
    """A stand-in on a free port, in threads of this process.

    `with StandIn(scene="empty", seed=1) as office:` then `.url`, `.chat(offered_to="mia")`,
    `.session(id)`, `.journal()`, `.fault("drop_after", path="AcceptTransfer", times=1)`.
    """

    def __init__(
        self,
        scene: str = "empty",
        *,
        seed: int = 1,
        life: bool = False,
        port: int = 0,
        sessions: int = 1000,
        messages: int = 20,
        office: Office | None = None,
    ) -> None:
        self.office = office or scenes.make(scene, seed=seed, sessions=sessions, messages=messages)
        self.door = Door(self.office)
        self._port, self._life, self._stop = port, life, threading.Event()
        self._servers: list[Server] = []

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen."""
        self.listen(self._port)
        if self._life:
            Life(self.office).start(self._stop)
        return self

    def listen(self, port: int = 0) -> str:
        """Listen on one more port; its address up to `/api`. For moves and for coming back."""
        server = Server(self.door, ("127.0.0.1", port))
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server.url

    def stop(self) -> None:
        """Be gone: connections are refused, open ones closed."""
        self._stop.set()
        for server in self._servers:
            server.stop()
        self._servers.clear()

    def down(self) -> int:
        """Switch off for a while; the port to come back on with `listen`."""
        port = urlsplit(self.url).port or 0
        for server in self._servers:
            server.stop()
        self._servers.clear()
        return port

    @property
    def url(self) -> str:
        """Up to and including `/api`."""
        return self._servers[0].url

    @property
    def origin(self) -> str:
        """Scheme, host and port: the sign-in host, where `/login` and `/api/state` are."""
        return self.url.removesuffix("/api")

    @property
    def people(self) -> dict[str, Associate]:
        """Everybody by user name."""
        return {p.user: p for p in self.office.people.values()}

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        """Use the control door, without a socket. Raises ValueError with what it says."""
        path, _, query = path.partition("?")
        data = {name: value for name, value in body.items() if value is not None}
        answer = self.door.handle(
            WireRequest(
                method,
                control.PREFIX + path,
                query,
                {"content-type": "application/json"},
                json.dumps(data, default=str).encode() if data else b"",
            )
        )
        result = json.loads(answer.body)
        if answer.status != 200:
            raise ValueError(result["error"])
        return result

    def chat(
        self,
        *,
        offered_to: Any = None,
        user: Any = None,
        topic: int = 7,
        customer: str = "Test Customer",
        messages: list[Any] | None = None,
        **more: Any,
    ) -> Chat:
        """A new session: waiting, or handled by `user`; offered ones belong to Ola."""
        owner = who(user) or ("ola" if offered_to is not None else None)
        row = self.control(
            "POST",
            "chat",
            topic=topic,
            customer=customer,
            user=owner,
            transfer_to=who(offered_to),
            messages=["Hello?"] if messages is None else messages,
            **more,
        )
        return Chat(self, row["id"])

    def say(self, session_id: int, text: str) -> int:
        """The customer of the session writes; the message's id."""
        return Chat(self, session_id).say(text)

    def session(self, session_id: int) -> Session:
        """The record itself, live. Raises `Answer` 404 when it is gone."""
        return self.office.session(session_id)

    def journal(self, *, after: int = 0, kind: str = "") -> list[JSONDict]:
        """What happened, oldest first; `kind` is `effect` or `request`."""
        with self.office.lock:
            return [
                row
                for row in self.office.journal
                if row["number"] > after and kind in ("", row["kind"])
            ]

    def effects(self, verb: str = "", *, session: int | None = None) -> list[JSONDict]:
        """Applied effects, by verb and session."""
        return [
            row
            for row in self.journal(kind="effect")
            if verb in ("", row["verb"]) and session in (None, row["session"])
        ]

    def fault(self, kind: str, **rule: Any) -> None:
        """Add a fault: see `faults.Rule` for its words."""
        self.control("POST", "faults", kind=kind, **rule)

    def clear_faults(self) -> None:
        """No faults any more."""
        self.control("PUT", "faults", rules=[])

    def options(self, **switches: Any) -> None:
        """Set switches: see `office.Options`."""
        with self.office.lock:
            known = {f.name for f in fields(self.office.options)}
            for name, value in switches.items():
                if name not in known:
                    raise ValueError(f"no such switch: {name}")
                setattr(self.office.options, name, value)

    def add_person(self, user: str, **more: Any) -> Associate:
        """A new colleague who can respond on all topics."""
        return self.office.people[self.control("POST", "person", user=user, **more)["id"]]

    def credentials(self, user: str, *, online: bool = False) -> JSONDict:
        """One ticket, access token, refresh token and cookie for the user."""
        result: JSONDict = self.control("POST", "credentials", user=user, online=online)
        return result

    def adapter(self) -> InProcess:
        """An adapter to mount on a `requests.Session`: the same door without the network."""
        return InProcess(self.door)
