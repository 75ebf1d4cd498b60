"""The change feed as server-sent events, as a bare ASGI application beside Django.

`/api/v1/changes/stream/` is for programs with the scope `feed`, `/admin/live/` for the console. A
stream costs one coroutine: Django is asked in a few threads who is calling, at the start and every
30 seconds, and a revoked right ends the stream.

An event is `id: <number>`, `event: <kind>`, `data: <the change as GET changes/ answers it>`.
`?after=` or `Last-Event-ID` resumes; without either the stream starts now. A cursor that is too old
or of another `?epoch=` gets 410 on the API; in a browser, which cannot see that, an event `reset`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections
from django.http import HttpRequest
from prometheus_client import Gauge

from chatops.actions.callers import Caller
from chatops.actions.errors import ActionError, Invalid, Unavailable
from chatops.api import problems, throttling
from chatops.api.broadcast import Broadcast
from chatops.api.following import Door, Send, Shared, Stream
from chatops.api.listeners import Audience, person, program, request_of
from chatops.middleware import request_id_from
from chatops.mirror import feed

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
T = TypeVar("T")

API_PATH = "/api/v1/changes/stream/"
CONSOLE_PATH = "/admin/live/"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy that buffers would keep the events back
    (b"x-content-type-options", b"nosniff"),
]
GONE = "Start again: read `changes/` for the last number, then a snapshot, then follow."

OPEN_STREAMS = Gauge("chatops_streams_open", "Live streams that are open in this process.")


class CursorGone(ActionError):
    status, code, title = 410, "cursor_gone", "The feed no longer reaches back to this number"


class RateLimited(ActionError):
    status, code, title = 429, "rate_limited", "Too many requests"


class MethodNotAllowed(ActionError):
    status, code, title = 405, "method_not_allowed", "A stream can only be read"


DOORS: Mapping[str, Door] = {
    API_PATH: Door(program, resets=False),
    CONSOLE_PATH: Door(person, resets=True),
}


class Streams:
    """Every live stream of this process, as an ASGI application for the paths in DOORS."""

    def __init__(self) -> None:
        self.broadcast = Broadcast()
        self.open = 0
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="streams")
        self._shared: WeakValueDictionary[str, Shared] = WeakValueDictionary()

    def close(self) -> None:
        """End every stream at once. On the loop's thread."""
        self.broadcast.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def ask(self, question: Callable[..., T], *arguments: object) -> T:
        """Ask Django something, in a thread with a database connection of its own."""

        def asked() -> T:
            close_old_connections()
            try:
                return question(*arguments)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._threads, asked)

    async def shared(self, caller: Caller) -> Shared:
        """What the streams of one caller have in common."""
        audience = await self.ask(Audience, caller)
        # Looked up after the wait: another stream of the caller may have come meanwhile.
        return self._shared.setdefault(caller.name, Shared(self, audience))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = next((v for k, v in scope["headers"] if k == b"x-request-id"), b"")
        request_id = request_id_from(given.decode("latin1"))
        started = time.perf_counter()
        status = 200
        try:
            stream = await self._accept(scope, request_id)
        except ActionError as error:
            status = error.problem_status
            await _refuse(send, error, request_id)
        else:
            await self._serve(stream, receive, send)
        finally:
            facts = {"method": scope["method"], "route": scope["path"], "status": status}
            took = round((time.perf_counter() - started) * 1000, 1)
            logger.info("stream", extra={**facts, "ms": took, "request_id": request_id})

    async def _accept(self, scope: Scope, request_id: str) -> Stream:
        """Who is calling, and from which number on. Raises ActionError."""
        if scope["method"] != "GET":
            raise MethodNotAllowed("Use GET.")
        if self.broadcast.closing or self.open >= settings.STREAMS_MAX:
            raise Unavailable("This server has no room for another stream.", retry_after=5)
        door = DOORS[scope["path"]]
        request = request_of(scope)
        try:
            caller = await self.ask(door.known, request, request_id)
            await self.ask(counted, caller)
            shared = await self.shared(caller)
            after = await self._start(door, request)
        except DatabaseTrouble as error:
            raise Unavailable("The database cannot be read now.", retry_after=5) from error
        return Stream(self, shared, request, door, request_id, after)

    async def _start(self, door: Door, request: HttpRequest) -> int | None:
        """The number to go on from; None when a browser's is gone. Raises Invalid, CursorGone."""
        try:
            return await self.ask(start_of, request)
        except CursorGone:
            if door.resets:
                return None
            raise

    async def _serve(self, stream: Stream, receive: Receive, send: Send) -> None:
        head = [*HEADERS, (b"x-request-id", stream.request_id.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        self.open += 1
        OPEN_STREAMS.inc()
        self.broadcast.want()
        gone = asyncio.ensure_future(_until_gone(receive))
        told = asyncio.ensure_future(stream.run(send))
        try:
            await asyncio.wait({gone, told}, return_when=asyncio.FIRST_COMPLETED)
            if told.done():
                told.result()
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            told.cancel()
            self.open -= 1
            OPEN_STREAMS.dec()
            if not self.open:
                self.broadcast.rest()


def counted(caller: Caller) -> None:
    """A program that opens a stream has made a request. Raises RateLimited beyond the limit."""
    if caller.token:
        standing = throttling.take(caller.name, limit=settings.API_RATE_PER_MINUTE)
        if not standing.allowed:
            raise RateLimited("Too many requests in this minute.", retry_after=standing.reset)


def start_of(request: HttpRequest) -> int:
    """The number to go on from: what the client saw last, what it asks for, or now.

    Raises Invalid for what is no number, CursorGone for one that the feed does not reach.
    """
    text = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    epoch = request.GET.get("epoch")
    if not text:
        now = feed.position()
        if epoch not in (None, now.epoch):
            raise CursorGone(GONE)
        return now.last
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid("`after` is the number of a change.", field="after")
    try:
        feed.after(int(text), limit=1, epoch=epoch)
    except feed.CursorGone:
        raise CursorGone(GONE) from None
    return int(text)


async def _until_gone(receive: Receive) -> None:
    """Until the client has closed the connection; what it sends is not read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, error: ActionError, request_id: str) -> None:
    """Answer a problem document."""
    document = problems.document(
        error.problem_status,
        error.detail,
        request_id=request_id,
        code=error.problem_code,
        title=error.title,
        errors={error.field: error.detail} if error.field else None,
    )
    kind = problems.MEDIA_TYPE.encode()
    headers = [(b"content-type", kind), (b"x-request-id", request_id.encode())]
    if error.problem_status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if error.problem_status == 405:
        headers.append((b"allow", b"GET"))
    if error.retry_after is not None:
        headers.append((b"retry-after", str(problems.seconds(error.retry_after)).encode()))
    body = json.dumps(document).encode()
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": error.problem_status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
