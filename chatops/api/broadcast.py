"""One reader of the change feed per process, and any number of streams that wait for it.

The reader is woken by the database (`PRAGMA data_version` on SQLite, NOTIFY on PostgreSQL). A
wake-up says only "look": the reader then asks the table for the numbers above its last, once, and
hands the lines to all streams as the bytes they send.
"""

import asyncio
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db import Error, close_old_connections, connection

from chatops.api.wakeups import wakeups
from chatops.mirror import feed
from chatops.mirror.models import Change

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Lines kept in memory for streams that are a little behind; the others read the table.
KEPT = 5_000
#: Changes read at once.
PAGE = 500
#: Seconds before a reader that failed looks again.
AFTER_FAILURE = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """A change as it goes out: `text` is its server-sent event."""

    number: int
    session_id: int | None
    text: bytes


def line_of(change: Change) -> Line:
    """The event of a change: `data` is what `GET changes/` answers for it."""
    data = {
        "number": change.number,
        "kind": change.kind,
        "op": change.op,
        "session_id": change.session_id,
        "object_id": change.object_id,
        "at": change.at.isoformat().replace("+00:00", "Z"),
    }
    text = f"id: {change.number}\nevent: {change.kind}\ndata: {json.dumps(data)}\n\n"
    return Line(change.number, change.session_id, text.encode())


def read_after(number: int, epoch: str | None = None) -> list[Line]:
    """The next page of lines after a number. Raises feed.CursorGone. For a thread."""
    return [line_of(one) for one in feed.after(number, limit=PAGE, epoch=epoch)]


class Broadcast:
    """What the reader found, for the streams of one event loop. All methods run on that loop."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=KEPT)
        #: The reader has handed over everything up to here; None before its first look.
        self.last: int | None = None
        self.closing = False
        self._news = asyncio.Event()
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._reader: threading.Thread | None = None

    def want(self) -> None:
        """A stream is here: the reader is started with the first one."""
        self._wanted.set()
        if self._reader is None and not self.closing:
            loop = asyncio.get_running_loop()
            self._reader = threading.Thread(
                target=_Reader(self, loop, self._wanted, self._stopped).run,
                name="feed-reader",
                daemon=True,  # it holds nothing that a sudden end would hurt
            )
            self._reader.start()

    def rest(self) -> None:
        """No stream is here: the reader pauses, and starts over with the next one."""
        self._wanted.clear()

    def close(self) -> None:
        """End every stream, and the reader."""
        self.closing = True
        self._stopped.set()
        self._wanted.set()
        self._wake()

    def start_from(self, last: int) -> None:
        """The reader's first look, or the feed starts again: nothing is kept yet."""
        self._lines.clear()
        self.last = last
        self._wake()

    def publish(self, lines: Sequence[Line]) -> None:
        self._lines.extend(lines)
        self.last = lines[-1].number
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def after(self, number: int) -> list[Line] | None:
        """The lines after a number; None when they are not all kept here: read the table."""
        if self.last is None or number > self.last:
            return None
        missing = self.last - number
        if missing > len(self._lines):
            return None
        return list(islice(self._lines, len(self._lines) - missing, None)) if missing else []

    async def wait(self, number: int, *, timeout: float) -> None:
        """Wait until there may be lines after `number`, at most `timeout` seconds."""
        news = self._news
        if self.closing or (self.last is not None and self.last > number):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await news.wait()


class _Reader:
    """The thread that looks: it alone reads the feed for streams that are up to date."""

    def __init__(
        self,
        broadcast: Broadcast,
        loop: asyncio.AbstractEventLoop,
        wanted: threading.Event,
        stopped: threading.Event,
    ) -> None:
        self._broadcast = broadcast
        self._loop = loop
        self._wanted = wanted
        self._stopped = stopped
        self._last = 0
        self._epoch = ""

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._look_while_wanted()
            except (Error, OSError) as error:
                # The database restarts, or is restored: the streams stay, and hear of it later.
                logger.warning("feed reader", extra={"error": type(error).__name__})
                self._stopped.wait(AFTER_FAILURE)
            finally:
                connection.close()

    def _look_while_wanted(self) -> None:
        self._wanted.wait()
        with wakeups(self._stopped) as wait:
            self._begin()
            while self._wanted.is_set() and not self._stopped.is_set():
                close_old_connections()
                self._look()
                wait()

    def _begin(self) -> None:
        now = feed.position()
        self._last, self._epoch = now.last, now.epoch
        self._tell(self._broadcast.start_from, self._last)

    def _look(self) -> None:
        now = feed.position()
        if now.epoch != self._epoch or now.last < self._last:
            self._begin()
            return
        while self._last < now.last:
            try:
                lines = read_after(self._last)
            except feed.CursorGone:
                self._begin()
                return
            if not lines:
                return
            self._last = lines[-1].number
            self._tell(self._broadcast.publish, lines)

    def _tell(self, what: Callable[[T], None], argument: T) -> None:
        if not self._stopped.is_set():  # afterwards the loop may be closed
            self._loop.call_soon_threadsafe(what, argument)
