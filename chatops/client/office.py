"""chatops' API as methods: pages as iterators, actions that wait for their ending."""

import json
import time
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import requests
from urllib3.exceptions import HTTPError

JSONDict = dict[str, Any]

OPEN_STATES = frozenset({"queued", "sending", "unknown"})
LONGEST_PAUSE = 30.0
#: Bytes of a streamed answer that are read at once.
PART = 65_536
#: Asked to come back later, or something between us and the server that could not reach it.
LATER = frozenset({429, 502, 503, 504})
#: No whole answer came: cut before it, in its middle, or between its braces.
LOST = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.JSONDecodeError,
)


class Problem(Exception):
    """A problem document (RFC 9457): `status`, the stable `code`, a sentence, and all the rest.

    `retry_after` is in seconds.
    """

    def __init__(
        self, status: int, body: Mapping[str, Any], *, retry_after: float | None = None
    ) -> None:
        super().__init__(body.get("detail") or f"HTTP {status}")
        self.status = status
        self.code = str(body.get("code", ""))
        self.body = body
        self.retry_after = retry_after


class ChatOps:
    """One server and one token. Not shared between threads: make one for each."""

    def __init__(
        self, url: str, token: str, *, timeout: float = 60.0, tries: int = 4, pause: float = 1.0
    ) -> None:
        """`url` is where the console is, without `/api`; `timeout` in seconds for each answer.

        A call that gets no answer is tried `tries` times, with `pause` seconds more before each.
        """
        self._base = url.rstrip("/") + "/api/v1/"
        self._timeout = timeout
        self._tries = tries
        self._pause = pause
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {token}"
        self._http.trust_env = False

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    # Reading

    def sessions(self, **filters: Any) -> Iterator[JSONDict]:
        """Sessions, newest first unless `ordering` says otherwise; filters as in the API."""
        yield from self._rows("sessions/", filters)

    def export(self, **filters: Any) -> Iterator[JSONDict]:
        """Every session that the filters leave, newest first, in one answer that is read as it
        comes; with `tags`, `notes` and `reviews`.

        Not tried again: an answer that is cut raises requests.RequestException. Raises Problem.
        """
        url, params = self._base + "sessions/export/", {**filters, "as": "jsonl"}
        with self._http.get(
            url, params=params, timeout=self._timeout, allow_redirects=False, stream=True
        ) as answer:
            if answer.status_code != 200:
                raise _problem(answer)
            for line in _lines(answer):
                yield json.loads(line)

    def session(self, session_id: int) -> JSONDict:
        """One session. Raises Problem 404 when it is not there, or not for this token."""
        return self.call("GET", f"sessions/{session_id}/")

    def messages(self, session_id: int, *, after: int = 0) -> Iterator[JSONDict]:
        """A session's messages with an id above `after`, oldest first."""
        yield from self._rows(f"sessions/{session_id}/messages/", {"after": after})

    def search(self, words: str) -> Iterator[JSONDict]:
        """Messages in which the words occur, with the session and a highlighted excerpt."""
        yield from self._rows("messages/", {"search": words})

    def session_pages(self, *, cursor: str | None = None, **filters: Any) -> Iterator[JSONDict]:
        """The list in pages as they come: `results`, and `cursor`, which goes on after them.

        The last page's `cursor` is None. A page is stable while others write.
        """
        for page in self._pages("sessions/", {**filters, "cursor": cursor}):
            yield {"results": page["results"], "cursor": _cursor(page)}

    def changes(
        self, after: int | None, *, epoch: str | None = None, limit: int = 1000
    ) -> JSONDict:
        """A page of the change feed; None asks for its end alone: `head` and `epoch`.

        Raises Problem 410 when the cursor is gone.
        """
        return self.call("GET", "changes/", params={"after": after, "limit": limit, "epoch": epoch})

    def mirror(self) -> JSONDict:
        """How fresh and how complete the mirror is."""
        return self.call("GET", "mirror/")

    # Acting. Each returns the action once its ending is known.

    def send(self, session_id: int, message: str, **how: Any) -> JSONDict:
        """Send a text to the customer."""
        return self._act(f"sessions/{session_id}/messages/", {"message": message}, **how)

    def accept_transfer(self, session_id: int, **how: Any) -> JSONDict:
        """Take over a chat that is offered to the token's owner."""
        return self._act(f"sessions/{session_id}/accept-transfer/", **how)

    def reject_transfer(self, session_id: int, **how: Any) -> JSONDict:
        """Decline it."""
        return self._act(f"sessions/{session_id}/reject-transfer/", **how)

    def create_session(self, topic: int, **how: Any) -> JSONDict:
        """Start a chat in a topic; the action's `session_id` names it."""
        return self._act("sessions/", {"topic": topic}, **how)

    def pick_up(self, session_id: int, **how: Any) -> JSONDict:
        """Take a waiting chat."""
        return self._act(f"sessions/{session_id}/pick-up/", **how)

    def pick_up_next(self, topic: int | None = None, **how: Any) -> JSONDict:
        """Take the chat that has waited longest."""
        return self._act("sessions/pick-up-next/", {"topic": topic} if topic else {}, **how)

    def transfer(self, session_id: int, to: int | str, **how: Any) -> JSONDict:
        """Offer a chat to a colleague."""
        return self._act(f"sessions/{session_id}/transfer/", {"to": to}, **how)

    def reset(self, session_id: int, **how: Any) -> JSONDict:
        """Put a chat back on the queue."""
        return self._act(f"sessions/{session_id}/reset/", **how)

    def patch(self, session_id: int, changes: list[Any] | JSONDict, **how: Any) -> JSONDict:
        """Edit a session: a list is a JSON Patch, an object a JSON Merge Patch."""
        return self._act(f"sessions/{session_id}/", changes, method="PATCH", **how)

    def _act(
        self,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        key: str | None = None,
        version: int | None = None,
        wait: float = 30.0,
    ) -> JSONDict:
        """Ask for a change under a key; repeated under the same key until an answer comes.

        `key` names the wish over restarts (one is made when none is given); `version` is the one
        that was seen; `wait` is how long to wait for the ending, in seconds. The action may still
        be open then. Raises Problem.
        """
        headers = {"Idempotency-Key": key or uuid4().hex}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        action = self.call(method, path, json=body, headers=headers)
        return self.settled(action, wait=wait)

    def settled(self, action: JSONDict, *, wait: float = 30.0) -> JSONDict:
        """The action once it is no longer open, or as it is after `wait` seconds."""
        deadline = time.monotonic() + wait
        pause = 0.25
        while action["state"] in OPEN_STATES and time.monotonic() < deadline:
            time.sleep(pause)
            pause = min(pause * 1.5, 3.0)
            action = self.call("GET", f"actions/{action['id']}/")
        return action

    # Calling

    def call(self, method: str, path: str, **options: Any) -> JSONDict:
        """One call below /api/v1/, tried again while no whole answer comes or one asks to wait.

        Safe for changes too, because they carry their key. Raises Problem, and after the last try
        requests.RequestException.
        """
        for attempt in range(1, self._tries):
            try:
                return self._once(method, path, options)
            except LOST:
                pause = self._pause * attempt
            except Problem as problem:
                if problem.status not in LATER:
                    raise
                pause = problem.retry_after or self._pause * attempt
            time.sleep(min(pause, LONGEST_PAUSE))
        return self._once(method, path, options)

    def _once(self, method: str, path: str, options: Mapping[str, Any]) -> JSONDict:
        answer = self._http.request(
            method, self._base + path, timeout=self._timeout, allow_redirects=False, **options
        )
        if not 200 <= answer.status_code < 300:
            raise _problem(answer)
        # A compressed answer that is cut at its start reads as an empty one, without an error: only
        # a 204 is empty, and json() raises for the rest.
        found: JSONDict = {} if answer.status_code == 204 else answer.json()
        return found

    def _pages(self, path: str, params: Mapping[str, Any]) -> Iterator[JSONDict]:
        page = self.call("GET", path, params=params)
        yield page
        while page.get("next"):
            # The query alone: the token goes nowhere else, whatever an answer says.
            page = self.call("GET", f"{path}?{urlsplit(page['next']).query}")
            yield page

    def _rows(self, path: str, params: Mapping[str, Any]) -> Iterator[JSONDict]:
        for page in self._pages(path, params):
            yield from page["results"]


def _lines(answer: requests.Response) -> Iterator[bytes]:
    """The lines of a streamed answer. Raises requests.ConnectionError when it ends too early.

    Its compression tells that; without one, how it was sent has to. Where neither does, as when the
    headers themselves were cut, it is taken for cut.
    """
    if answer.headers.get("Content-Encoding") != "gzip":
        if not {"Transfer-Encoding", "Content-Length"} & {*map(str.title, answer.headers)}:
            raise requests.ConnectionError("The answer was cut, or nobody could tell if it were.")
        yield from answer.iter_lines(chunk_size=PART)
        return
    unzip, rest = zlib.decompressobj(zlib.MAX_WBITS | 16), b""
    try:
        for part in answer.raw.stream(PART, decode_content=False):
            *lines, rest = (rest + unzip.decompress(part)).split(b"\n")
            yield from lines
    except (HTTPError, zlib.error) as error:
        raise requests.ConnectionError(error) from error
    if not unzip.eof or rest:
        raise requests.ConnectionError("The answer was cut.")


def _cursor(page: Mapping[str, Any]) -> str | None:
    """The cursor in a page's `next`."""
    query = parse_qs(urlsplit(page.get("next") or "").query)
    return query["cursor"][0] if "cursor" in query else None


def _problem(answer: requests.Response) -> Problem:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    asked = answer.headers.get("Retry-After", "")
    return Problem(
        answer.status_code,
        body if isinstance(body, dict) else {},
        retry_after=float(asked) if asked.isdecimal() else None,
    )
