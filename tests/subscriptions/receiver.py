"""Somebody who is subscribed: an HTTP server that notes what comes and answers as it is told."""

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass
class Received:
    """One delivery as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def numbers(self) -> list[int]:
        return [one["number"] for one in self.json["changes"]]


@dataclass
class Receiver:
    """Listens on this machine while it is entered.

    `statuses` are answered in turn, then 204; `seconds` is how long an answer takes, and `drips`
    makes it a header a byte at a time, without an end.
    """

    statuses: list[int] = field(default_factory=list)
    seconds: float = 0.0
    drips: bool = False
    location: str = ""
    answer: bytes = b""
    received: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    def __enter__(self) -> "Receiver":
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/chats?of=ours"

    @property
    def numbers(self) -> list[int]:
        """Of every change in what was taken, in the order of arrival."""
        return [number for one in self.taken for number in one.numbers]

    def take(self, one: Received) -> int:
        """The status to answer with."""
        with self._lock:
            self.received.append(one)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.seconds)
        with self._lock:
            self.at_once -= 1
            status = self.statuses.pop(0) if self.statuses else 204
            if status < 300:
                self.taken.append(one)
        return status


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(Received(self.path, dict(self.headers.items()), body))
            with suppress(OSError):  # the sender may have gone
                self._answer(status)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()
            self.wfile.write(receiver.answer)
            self.wfile.flush()

        def send_response(self, code: int, message: str | None = None) -> None:
            while receiver.drips:
                self.wfile.write(b"H")
                self.wfile.flush()
                time.sleep(0.02)
            super().send_response(code, message)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
