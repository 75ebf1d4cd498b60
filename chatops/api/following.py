"""One stream: from the number a client has seen on, for as long as the client may listen."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest

from chatops.actions.callers import Caller
from chatops.actions.errors import ActionError
from chatops.api.broadcast import PAGE, Broadcast, Line, read_after
from chatops.api.listeners import Audience
from chatops.mirror import feed

logger = logging.getLogger(__name__)

T = TypeVar("T")
Send = Callable[[dict[str, Any]], Awaitable[None]]

STILL_HERE_SECONDS = 15.0
#: What a browser waits before it comes back, in milliseconds.
RETRY = b"retry: 2000\n\n"
STILL_HERE = b": still here\n\n"
#: A page is not told of comments, and has to know that its line still stands.
ALIVE = b"event: alive\ndata: 1\n\n"


class Home(Protocol):
    """What a stream needs of the process it lives in."""

    broadcast: Broadcast

    async def ask(self, question: Callable[..., T], *arguments: object) -> T: ...


@dataclass(frozen=True, slots=True)
class Door:
    """What distinguishes the two paths: who may listen, and what a lost cursor means."""

    known: Callable[[HttpRequest, str], Caller]
    #: A browser cannot see a 410: it is told within the stream, and reads its page again.
    resets: bool


class Shared:
    """One caller's audience and the answer it gave last: several streams ask the same thing."""

    def __init__(self, home: Home, audience: Audience) -> None:
        self._home = home
        self._audience = audience
        self._looked_at = time.monotonic()
        self._answer: tuple[tuple[int, int], asyncio.Future[list[Line]]] | None = None

    async def hears(self, lines: list[Line]) -> list[Line]:
        """Those of the lines that the caller may hear."""
        if self._audience.hears_all:
            return lines
        asked = (lines[0].number, lines[-1].number)
        if self._answer is None or self._answer[0] != asked or _failed(self._answer[1]):
            question = self._home.ask(self._audience.hears, lines)
            self._answer = (asked, asyncio.ensure_future(question))
        return await asyncio.shield(self._answer[1])

    async def refresh(self, caller: Caller) -> None:
        """The caller, as just asked again; what is visible is looked at once for all streams."""
        self._audience.caller = caller
        if time.monotonic() - self._looked_at > settings.STREAM_ASK_SECONDS / 2:
            self._looked_at = time.monotonic()
            await self._home.ask(self._audience.look_around)


def _failed(question: asyncio.Future[list[Line]]) -> bool:
    return question.done() and (question.cancelled() or question.exception() is not None)


class Stream:
    """One open stream: where it is, and to whom it speaks."""

    def __init__(
        self,
        home: Home,
        shared: Shared,
        request: HttpRequest,
        door: Door,
        request_id: str,
        after: int | None,
    ) -> None:
        self.request_id = request_id
        self._home = home
        self._shared = shared
        self._request = request
        self._door = door
        self._after = after
        self._ask_at = time.monotonic() + settings.STREAM_ASK_SECONDS
        self._sent_at = time.monotonic()

    async def run(self, send: Send) -> None:
        """Tell what happens, until the server stops or the caller may no longer listen."""
        broadcast = self._home.broadcast

        async def tell(text: bytes) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": True})
            self._sent_at = time.monotonic()

        await tell(RETRY)
        try:
            while not broadcast.closing and await self._may_go_on():
                lines = await self._lines(tell)
                if lines:
                    self._after = lines[-1].number
                    if heard := await self._shared.hears(lines):
                        await tell(b"".join(line.text for line in heard))
                else:
                    await broadcast.wait(self._after or 0, timeout=self._patience())
                if time.monotonic() >= self._sent_at + STILL_HERE_SECONDS:
                    await tell(ALIVE if self._door.resets else STILL_HERE)
        except (DatabaseTrouble, feed.CursorGone) as error:
            # The client comes back with the number it has: nothing is lost by ending here.
            logger.warning("stream ended", extra={"error": type(error).__name__})

    def _patience(self) -> float:
        """Seconds until something is due even when nothing happens."""
        due = min(self._ask_at, self._sent_at + STILL_HERE_SECONDS)
        return max(0.0, float(due) - time.monotonic())

    async def _may_go_on(self) -> bool:
        """Whether the caller still may listen; asked every STREAM_ASK_SECONDS."""
        if time.monotonic() < self._ask_at:
            return True
        try:
            caller = await self._home.ask(self._door.known, self._request, self.request_id)
        except ActionError:
            return False
        await self._shared.refresh(caller)
        self._ask_at = time.monotonic() + settings.STREAM_ASK_SECONDS
        return True

    async def _lines(self, tell: Callable[[bytes], Awaitable[None]]) -> list[Line]:
        """What comes next, at most a page; empty when there is nothing yet."""
        if self._after is not None:
            kept = self._home.broadcast.after(self._after)
            if kept is not None:
                return kept[:PAGE]
            try:
                return await self._home.ask(read_after, self._after)
            except feed.CursorGone:
                if not self._door.resets:
                    raise
        now = await self._home.ask(feed.position)
        self._after = now.last
        data = json.dumps({"last": now.last, "epoch": now.epoch})
        await tell(f"id: {now.last}\nevent: reset\ndata: {data}\n\n".encode())
        return []
