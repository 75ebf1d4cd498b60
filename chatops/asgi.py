"""What `serve` runs: the live streams and the door for webhooks as bare ASGI, and Django as WSGI in
threads beside them.

Django under ASGI was measured at less than half the lists and with a thread for every stream.
Before a request takes one of the threads it is read here: its body, up to the cap, so that a slow
client holds a coroutine and not a thread; and what the bridge to WSGI cannot take is put right.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatops.settings")
django.setup()

# Models can be imported only after the set-up above.
from django.conf import settings  # noqa: E402

from chatops.api import problems  # noqa: E402
from chatops.api.hookdoor import HookDoor  # noqa: E402
from chatops.api.stream import DOORS, Streams  # noqa: E402
from chatops.bridge import Bridge  # noqa: E402
from chatops.middleware import HOOKS, request_id_from, too_large  # noqa: E402
from chatops.wsgi import application as wsgi_application  # noqa: E402

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: How long the rest of a body that is too large is taken and thrown away.
THROWING_AWAY_SECONDS = 2.0


class TooLarge(Exception):
    """The body goes beyond the cap; no more than that of it was read."""


class TooSlow(Exception):
    """The body did not come to its end within REQUEST_SECONDS."""


class Gone(Exception):
    """The client left before its request, or what is streamed to it, was complete."""


class Application:
    """The whole product's web side. `stop` ends the streams; in-flight requests are let finish."""

    def __init__(self) -> None:
        self.streams: Streams | None = None
        self.hints: HookDoor | None = None
        self.django = Bridge(wsgi_application, settings.WEB_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"] in DOORS:
            await self._streams()(scope, receive, send)
        elif scope["type"] == "http":
            await self._page(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    def _streams(self) -> Streams:
        # Made on the loop that runs it, also where a server sends no lifespan events.
        if self.streams is None:
            self.streams = Streams()
        return self.streams

    def _hints(self) -> HookDoor:
        if self.hints is None:
            self.hints = HookDoor()
        return self.hints

    def stop(self) -> None:
        """End every live stream, which a server waits for otherwise. On the loop's thread."""
        self._streams().close()

    async def _live(self, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        self.stop()
        self._hints().close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(scope, receive, cap=settings.API_BODY_CAP_BYTES)
        except TooLarge:
            detail = too_large(settings.API_BODY_CAP_BYTES)
            await refuse(scope, receive, send, status=413, detail=detail)
            return
        except TooSlow:
            await refuse(scope, receive, send, status=408, detail=problems.too_slow())
            return
        except Gone:
            return
        if scope["path"] == HOOKS and scope["method"] == "POST":
            await self._hints()(scope, body, send)
            return
        reader = Reader(receive, send)
        try:
            await self.django(for_wsgi(scope, body), body, reader.send)
        except Gone:
            return
        finally:
            reader.forget()


class Reader:
    """Who is answered, once their request is read.

    When they have left, the server takes what more is sent without a word: so while pieces go out
    it is asked, and a piece that nobody gets raises Gone, which ends the making of the others.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._leaving: asyncio.Task[None] | None = None

    async def send(self, message: Message) -> None:
        if message.get("more_body") and self._leaving is None:
            self._leaving = asyncio.create_task(self._left())
            await asyncio.sleep(0)  # who left before the first piece is known to have left
        await self._send(message)
        if self._leaving is not None and self._leaving.done():
            raise Gone

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def forget(self) -> None:
        """The answer has ended: nobody waits for its reader any more."""
        if self._leaving is not None:
            self._leaving.cancel()


async def read_body(scope: Scope, receive: Receive, *, cap: int) -> bytes:
    """The whole body, at most `cap` bytes. Raises TooLarge, TooSlow, Gone."""
    declared = dict(scope["headers"]).get(b"content-length", b"")
    if declared.isdigit() and int(declared) > cap:
        raise TooLarge
    try:
        async with asyncio.timeout(settings.REQUEST_SECONDS):
            return await _read_body(receive, cap)
    except TimeoutError:
        raise TooSlow from None


async def _read_body(receive: Receive, cap: int) -> bytes:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > cap:
            raise TooLarge
    return bytes(body)


def for_wsgi(scope: Scope, body: bytes) -> Scope:
    """The scope as WSGI needs it.

    The body's true length takes the place of `Transfer-Encoding`, which WSGI does not know. Names
    with an underscore are dropped: `X_Forwarded_Proto` would pass for `X-Forwarded-Proto`. Bytes
    that no URL may hold are quoted, as the bridge takes ASCII alone.
    """
    unknown = {b"content-length", b"transfer-encoding"}
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if name not in unknown and b"_" not in name
    ]
    if body or scope["method"] in {"POST", "PUT", "PATCH"}:
        headers.append((b"content-length", str(len(body)).encode()))
    query = scope["query_string"]
    if not query.isascii():
        query = quote(query, safe="=&%+/?:;,@!$'()*~-._").encode()
    return {**scope, "headers": headers, "query_string": query}


async def refuse(scope: Scope, receive: Receive, send: Send, *, status: int, detail: str) -> None:
    """Answer at once, and close. What is still on its way is thrown away for a while first: a
    connection closed over unread bytes is reset, and the answer lost with it."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin1")
    request_id = request_id_from(given)
    body, kind = detail.encode(), "text/plain"
    if scope["path"].startswith(("/api/", "/hooks/")):
        document = problems.document(status, detail, request_id=request_id)
        body, kind = json.dumps(document).encode(), problems.MEDIA_TYPE
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    with suppress(TimeoutError):
        async with asyncio.timeout(THROWING_AWAY_SECONDS):
            while (await receive()).get("more_body"):
                pass
    await send({"type": "http.response.body", "body": b""})


application = Application()
