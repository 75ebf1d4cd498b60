"""Which function answers which call of the API. Paths are relative to `…/api/v1`.

A parameter `{id}` takes an integer, `{name}` any other segment. Matching ignores case, as the
vendor's routes do.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from chatops.demo.carriers import View
from chatops.demo.errors import not_found
from chatops.demo.office import Office
from chatops.demo.records import Associate, Session
from chatops.demo.wire import WireRequest, WireResponse, json_response

if TYPE_CHECKING:
    from chatops.demo.hooks import Hooks

INT32 = range(-(2**31), 2**31)


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated call: everything an endpoint needs to answer it."""

    office: Office
    hooks: "Hooks"
    request: WireRequest
    who: Associate
    view: View
    hidden: frozenset[int] = field(default_factory=frozenset)  # ids that are not visible yet

    def session(self, session_id: int) -> Session:
        """A session that exists and is visible. Raises `Answer` 404."""
        found = self.office.session(session_id)
        if session_id in self.hidden or not self.office.may_see(self.who, found):
            raise not_found("ChatSession", session_id)
        return found


Endpoint = Callable[..., Any]
UNLOCKED: set[Endpoint] = set()  # endpoints that call out and take the office's lock themselves
ROUTES: dict[tuple[str, int], list[tuple[str, Endpoint]]] = {}


def route(method: str, path: str) -> Callable[[Endpoint], Endpoint]:
    """Register an endpoint; it gets the `Call` and the path's parameters in order."""
    size = len(path.split("/"))

    def register(endpoint: Endpoint) -> Endpoint:
        ROUTES.setdefault((method, size), []).append((path, endpoint))
        return endpoint

    return register


def unlocked(endpoint: Endpoint) -> Endpoint:
    """Mark an endpoint that must not hold the office's lock while it waits for somebody else."""
    UNLOCKED.add(endpoint)
    return endpoint


def find(method: str, path: str) -> tuple[Endpoint, list[Any]] | None:
    """The endpoint and its arguments; a literal segment goes before a parameter."""
    given = path.strip("/").split("/")
    best: tuple[int, Endpoint, list[Any]] | None = None
    for pattern, endpoint in ROUTES.get((method, len(given)), []):
        segments = pattern.lower().split("/")
        arguments = match(segments, given)
        literals = sum(not segment.startswith("{") for segment in segments)
        if arguments is not None and (best is None or literals > best[0]):
            best = (literals, endpoint, arguments)
    return best and (best[1], best[2])


def match(segments: list[str], given: list[str]) -> list[Any] | None:
    """The parameters' values, or None when the path is another one."""
    arguments: list[Any] = []
    for segment, value in zip(segments, given, strict=True):
        if segment == "{id}":
            if not value.lstrip("-").isdigit() or int(value) not in INT32:
                return None
            arguments.append(int(value))
        elif segment.startswith("{"):
            arguments.append(unquote(value))
        elif segment != value.lower():
            return None
    return arguments


def methods_of(path: str) -> list[str]:
    """The methods that exist for a path: for 405, and for the list of calls."""
    return [method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if find(method, path)]


def as_response(answer: Any) -> WireResponse:
    """What an endpoint returns, as an answer: a response as it is, anything else as JSON."""
    return answer if isinstance(answer, WireResponse) else json_response(answer)


def no_content() -> WireResponse:
    """204 with an empty body."""
    return WireResponse(204)
