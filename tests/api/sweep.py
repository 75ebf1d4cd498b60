"""Every operation of the API, from its URLs, and the matrix of who may do what with it.

A route that is added has no line here, and fails a test until it has.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLResolver, get_resolver

from chatops.api.stream import API_PATH, Streams
from tests.api.conftest import V1, Answer, Program

#: What is answered where policy let it pass; the chat may still not be in a state for it (409).
PASSED = frozenset({200, 201, 202, 204, 409})


@dataclass(frozen=True)
class Line:
    """A line of the matrix: the scopes of a token, the roles of a person, a fitting body."""

    scopes: frozenset[str]
    roles: frozenset[str]
    body: Any = None
    #: Happens at SuperOffice, in the caller's name.
    acts: bool = False


def _line(scopes: str, roles: str = "", body: Any = None) -> Line:
    acts = scopes in {"send", "act", "patch", "reset"}
    return Line(frozenset(scopes.split()), frozenset(roles.split()), body, acts)


_ALL, _AT_WORK = "agent lead auditor operator", "agent lead"
_SESSION, _ACTION = "sessions/{session_id}/", "actions/{action_id}/"
_SUBSCRIPTION = "subscriptions/{subscription_id}/"
#: Straight from the matrix (docs/permissions.md); HEAD is as GET, OPTIONS for whoever sees it.
MATRIX: dict[str, Line] = {
    "GET sessions/": _line("read", _ALL),
    "POST sessions/": _line("act", _AT_WORK, {"topic": 7}),
    "GET sessions/export/": _line("export", "lead auditor"),
    "POST sessions/pick-up-next/": _line("act", _AT_WORK),
    f"GET {_SESSION}": _line("read", _ALL),
    f"PATCH {_SESSION}": _line("patch", _AT_WORK, {"customer_email": "new@example.net"}),
    f"DELETE {_SESSION}": _line("reset", "lead"),
    f"GET {_SESSION}messages/": _line("transcripts", "agent lead auditor"),
    f"POST {_SESSION}messages/": _line("send", _AT_WORK, {"message": "Hello"}),
    f"GET {_SESSION}transcript/": _line("transcripts", "agent lead auditor"),
    f"POST {_SESSION}refresh/": _line("read", _ALL),
    f"POST {_SESSION}accept-transfer/": _line("act", _AT_WORK),
    f"POST {_SESSION}reject-transfer/": _line("act", _AT_WORK),
    f"POST {_SESSION}pick-up/": _line("act", _AT_WORK),
    f"POST {_SESSION}transfer/": _line("act", _AT_WORK, {"to": "ola"}),
    f"POST {_SESSION}reset/": _line("reset", "lead"),
    f"POST {_SESSION}end/": _line("send", _AT_WORK),
    "GET messages/": _line("read transcripts", "agent lead auditor"),
    "GET topics/": _line("read", _ALL),
    "GET agents/": _line("read", _ALL),
    "GET actions/": _line("read", _ALL),
    f"GET {_ACTION}": _line("", _ALL),
    f"POST {_ACTION}close/": _line("act", _AT_WORK, {"verdict": "happened"}),
    f"POST {_ACTION}second-attempt/": _line("act", _AT_WORK, {"may_happen_twice": True}),
    "GET changes/": _line("feed"),
    "GET changes/stream/": _line("feed"),
    "GET subscriptions/": _line("feed"),
    "POST subscriptions/": _line("feed", body={"url": "http://127.0.0.1:9/"}),
    f"GET {_SUBSCRIPTION}": _line("feed"),
    f"PATCH {_SUBSCRIPTION}": _line("feed", body={"label": "new"}),
    f"DELETE {_SUBSCRIPTION}": _line("feed"),
    f"POST {_SUBSCRIPTION}test/": _line("feed"),
    f"POST {_SUBSCRIPTION}rotate-secret/": _line("feed"),
    f"POST {_SUBSCRIPTION}redeliver/": _line("feed", body={"after": 0}),
    "GET mirror/": _line("read", _ALL),
}
#: Open to whoever runs it, too.
ALSO = {"mirror/": "metrics"}


@dataclass(frozen=True)
class Operation:
    """A method on a path, which may be about one object: `session`, `action`, `subscription`."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def about(self) -> str:
        return self.path.partition("{")[2].partition("_id}")[0]

    @property
    def names_a_topic(self) -> bool:
        return bool(self.changes and self.line and "topic" in (self.line.body or ()))

    @property
    def repeats(self) -> bool:
        """Asks for what another action asked, so the session must be seen as for that one."""
        return self.method == "POST" and self.path.endswith("second-attempt/")

    @property
    def changes(self) -> bool:
        return self.method not in {"GET", "HEAD", "OPTIONS"}

    @property
    def line(self) -> Line | None:
        """Its line of the matrix; None for OPTIONS, which needs no right of its own."""
        if self.method == "OPTIONS":
            return MATRIX[f"GET {_SESSION}"] if self.about == "session" else None
        method = "GET" if self.method == "HEAD" else self.method
        return MATRIX[f"{method} {self.path}"]

    def ask(self, caller: Program, one: int | None = None, **how: Any) -> Answer:
        """Call it about an object: with a body that fits and a key, unless `how` says otherwise."""
        path = self.path.replace(f"{{{self.about}_id}}", str(one)) if self.about else self.path
        body = how.pop("body", self.line.body if self.line and self.changes else None)
        if self.changes:
            how.setdefault("Idempotency_Key", f"{self}-{one}")
        return caller.call(self.method, path + how.pop("query", ""), body, **how)


def operations() -> list[Operation]:
    """Everything that is routed below /api/v1/, with HEAD and OPTIONS; and the stream, which is
    served beside Django."""
    found = {"GET changes/stream/": Operation("GET", API_PATH.removeprefix(V1))}
    for route, view in _routes(get_resolver().url_patterns):
        if route.startswith(V1[1:]):
            path = route.removeprefix(V1[1:]).replace("<int:", "{").replace(">", "}")
            methods = [one.upper() for one in view.http_method_names if hasattr(view, one)]
            methods += ["HEAD"] if hasattr(view, "get") and "HEAD" not in methods else []
            found |= {f"{one} {path}": Operation(one, path) for one in methods}
    return list(found.values())


def _routes(patterns: Iterable[Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _routes(one.url_patterns, route)
        else:
            yield route, getattr(one.callback, "cls", None)


def seen(answer: Answer, one: int) -> tuple[int, dict[str, str], Any]:
    """Everything the caller sees, without the id they sent and what differs in any two answers."""
    left_out = {"X-Request-Id", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Content-Length"}
    headers = {k: v for k, v in answer.response.items() if k not in left_out}
    body = json.loads(answer.content or "{}")
    told = re.sub(rf"\b{one}\b", "ID", body.get("detail", ""))
    return answer.status, headers, body | {"request_id": "", "detail": told}


def stream_status(caller: Program) -> int:
    """The status with which the stream opens for somebody who then hangs up."""
    named = {one.lower(): text for one, text in caller.headers.items()} | {"host": "testserver"}
    return asyncio.run(_opened([(one.encode(), text.encode()) for one, text in named.items()]))


async def _opened(headers: list[tuple[bytes, bytes]]) -> int:
    streams, status = Streams(), 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {"type": "http", "method": "GET", "path": API_PATH, "query_string": b""}
    await streams({**scope, "headers": headers}, receive, send)
    streams.close()
    return status
