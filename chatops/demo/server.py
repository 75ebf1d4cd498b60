"""The stand-in over HTTP/1.1, on loopback: a small threading server with kept-alive connections.

It reads requests itself: the standard library's handler spends most of a request's time on mail
headers. Faults close connections as the door says.
"""

import contextlib
import os
import signal
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from email.utils import format_datetime
from http import HTTPStatus
from io import BufferedIOBase
from pathlib import Path
from typing import Any, cast

from chatops.demo import scenes, state
from chatops.demo.door import Door
from chatops.demo.life import Life
from chatops.demo.wire import WireRequest, WireResponse

MAX_BODY = 32 * 1024 * 1024  # bytes of a request
MAX_LINE = 64 * 1024
SAVE_EVERY = 1.0  # seconds


class BadRequest(Exception):
    """Not HTTP as this server speaks it; the status tells which way."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Server(socketserver.ThreadingTCPServer):
    """Answers on `address` until `shutdown`; a thread per connection."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, door: Door, address: tuple[str, int]) -> None:
        super().__init__(address, Connection)
        self.door = door
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        """Up to and including `/api`."""
        host, port = cast("tuple[str, int]", self.server_address)
        return f"http://{host}:{port}/api"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that closing the server closes it."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Stop listening and close what is open: a kept-alive client sees the server die."""
        self.shutdown()
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are no news; anything else is a fault of ours and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Connection(socketserver.StreamRequestHandler):
    """One connection, many requests."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer until the client goes, or a fault closes the connection."""
        server = cast("Server", self.server)
        while True:
            try:
                request = read_request(self.rfile, self.client_address[0])
            except BadRequest as error:
                self.wfile.write(rendered(WireResponse(error.status), close=True, head=False))
                return
            if request is None:
                return
            response = server.door.handle(request)
            now = server.door.office.now()
            response.headers.setdefault("Date", format_datetime(now, usegmt=True))
            close = request.header("connection").lower() == "close"
            if response.drop:
                return
            data = rendered(response, close=close, head=request.method == "HEAD")
            if response.cut is not None:
                data = data[: len(data) - len(response.body) + response.cut]
            self.wfile.write(data)
            if close or response.cut is not None:
                return


def read_request(stream: BufferedIOBase, peer: str) -> WireRequest | None:
    """The next request, None at the end of the connection. Raises `BadRequest`."""
    line = stream.readline(MAX_LINE)
    if not line.strip():
        return None
    parts = line.decode("latin-1").split()
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest(400)
    method, target, _ = parts
    headers: dict[str, str] = {}
    while (row := stream.readline(MAX_LINE).strip(b"\r\n")) != b"":
        name, _, value = row.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = read_body(stream, method, headers)
    path, _, query = target.partition("?")
    return WireRequest(method.upper(), path, query, headers, body, peer)


def read_body(stream: BufferedIOBase, method: str, headers: dict[str, str]) -> bytes:
    """The body by its length, or in chunks; 411 for a POST that gives neither, as IIS does."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return read_chunks(stream)
    length = headers.get("content-length")
    if length is None:
        if method in ("POST", "PUT", "PATCH"):
            raise BadRequest(411)
        return b""
    if not length.isdigit() or int(length) > MAX_BODY:
        raise BadRequest(413 if length.isdigit() else 400)
    return stream.read(int(length))


def read_chunks(stream: BufferedIOBase) -> bytes:
    """A chunked body."""
    body = b""
    while True:
        try:
            size = int(stream.readline(MAX_LINE).split(b";")[0], 16)
        except ValueError as error:
            raise BadRequest(400) from error
        if len(body) + size > MAX_BODY:
            raise BadRequest(413)
        body += stream.read(size)
        stream.readline(MAX_LINE)
        if size == 0:
            return body


def rendered(response: WireResponse, *, close: bool, head: bool) -> bytes:
    """The answer's bytes."""
    try:
        reason = response.reason or HTTPStatus(response.status).phrase
    except ValueError:
        reason = "Status"
    lines = [f"HTTP/1.1 {response.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status != 204:
        lines.append(f"Content-Length: {len(response.body)}")
    lines.append(f"Connection: {'close' if close else 'keep-alive'}")
    text = "\r\n".join(lines) + "\r\n\r\n"
    return text.encode("latin-1") + (b"" if head else response.body)


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 9000,
    scene: str = "busy",
    seed: int = 1,
    life: bool | None = None,
    state_file: Path | None = None,
    exit_with_stdin: bool = False,
    sessions: int = 1000,
    messages: int = 20,
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until SIGTERM, SIGINT, or the end of stdin if asked; then save, and return.

    `announce` is told once when it listens. With a state file that exists the scene is not made
    again. Raises OSError when the port is taken, ValueError for an unknown scene.
    """
    door = state.load(state_file, seed=seed) if state_file else None
    if door is None:
        door = Door(scenes.make(scene, seed=seed, sessions=sessions, messages=messages))
    server = Server(door, (host, port))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if exit_with_stdin:
        threading.Thread(target=watch_stdin, args=(stop,), daemon=True).start()
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    if life if life is not None else scene == "busy":
        Life(door.office).start(stop)
    announce(f"stand-in SuperOffice ({scene}) on {server.url}")
    watch(door, state_file, stop)
    server.stop()


def watch(door: Door, state_file: Path | None, stop: threading.Event) -> None:
    """Save what changed every second, and at the end."""
    saved = -1
    while True:
        ended = stop.wait(SAVE_EVERY)
        if state_file and door.office.version != saved:
            saved = door.office.version
            state.save(door, state_file)
        if ended:
            return


def watch_stdin(stop: threading.Event) -> None:
    """A parent that dies closes our stdin.

    Read past Python's buffer: its lock, held by a waiting thread, is fatal at the end.
    """
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()
