"""Servers on real sockets that behave as badly as a test asks."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Asked:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


#: What a server does with a request; whether the connection stays open.
Step = Callable[[socket.socket, Asked], bool]


@dataclass
class Wire:
    """A server that plays its steps one per request; the last is played for ever."""

    steps: list[Step]
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/api"

    def next_step(self) -> Step:
        return self.steps[min(len(self.asked), len(self.steps)) - 1]


@contextmanager
def serving(*steps: Step, tls: ssl.SSLContext | None = None) -> Iterator[Wire]:
    """A running server with these steps."""
    wire, open_now = Wire(list(steps)), list[socket.socket]()
    wire.scheme = "https" if tls else "http"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire.port = listener.getsockname()[1]
        accepting = threading.Thread(
            target=_accept, args=(listener, wire, open_now, tls), daemon=True
        )
        accepting.start()
        yield wire
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join(5)
        for connection in open_now:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _accept(
    listener: socket.socket,
    wire: Wire,
    open_now: list[socket.socket],
    tls: ssl.SSLContext | None,
) -> None:
    threads = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            break
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            try:
                connection = tls.wrap_socket(connection, server_side=True)
            except OSError:  # the client does not trust us
                continue
        wire.connections += 1
        open_now.append(connection)
        threads.append(threading.Thread(target=_converse, args=(connection, wire), daemon=True))
        threads[-1].start()


def _converse(connection: socket.socket, wire: Wire) -> None:
    with connection, suppress(OSError), connection.makefile("rb") as incoming:
        while (request := _read(incoming)) is not None:
            wire.asked.append(request)
            if not wire.next_step()(connection, request):
                return


def _read(incoming: Any) -> Asked | None:
    line = incoming.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = {}
    while (header := incoming.readline().decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = incoming.read(int(headers.get("content-length", "0")))
    return Asked(line[0], line[1], headers, body, time.monotonic())


# Steps


def answer(body: Any = None, *, status: int = 200, headers: dict[str, str] | None = None) -> Step:
    """A whole answer: bytes and text as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else None
    raw = body.encode() if isinstance(body, str) else raw
    raw = json.dumps(body).encode() if raw is None else raw

    def step(connection: socket.socket, _: Asked) -> bool:
        extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(raw)}\r\n{extra}\r\n"
        connection.sendall(head.encode("latin-1") + raw)
        return True

    return step


def raw(data: bytes, *, then: Callable[[socket.socket], None] | None = None) -> Step:
    """These bytes, then `then`, then the end of the connection."""

    def step(connection: socket.socket, _: Asked) -> bool:
        connection.sendall(data)
        if then is not None:
            then(connection)
        return False

    return step


def reset(connection: socket.socket) -> None:
    """End the connection with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def stall(connection: socket.socket) -> None:
    """Say nothing until the other side hangs up."""
    connection.settimeout(10)
    with suppress(OSError):
        connection.recv(1)


def drip(data: bytes, *, every: float) -> Step:
    """One byte now and then, so that no single read is ever silent for long."""

    def step(connection: socket.socket, _: Asked) -> bool:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(every)
        return False

    return step


def silence(connection: socket.socket, _: Asked) -> bool:
    """Take the request and never answer."""
    stall(connection)
    return False


def hang_up(_connection: socket.socket, _: Asked) -> bool:
    """Take the request and close."""
    return False


def reset_unanswered(connection: socket.socket, _: Asked) -> bool:
    """Take the request and reset."""
    reset(connection)
    return False
