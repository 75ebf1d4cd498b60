"""A TCP proxy that cuts connections: what a network does on a bad day."""

import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from urllib.parse import urlsplit

#: SO_LINGER of no time at all: closing sends a reset, so that whoever reads notices at once.
AT_ONCE = struct.pack("ii", 1, 0)


class CuttingProxy:
    """Passes bytes on to `target`, and cuts as it is told to.

    `mean` is how many bytes of an answer pass before a cut on average; None cuts nothing.
    `swallow` takes that many whole answers: the request arrives, its answer never does.
    """

    def __init__(self, target: str, *, seed: int = 1) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._threads: list[threading.Thread] = []
        self.mean: int | None = None
        self.swallow = 0
        self.cuts = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> "CuttingProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server:
            for one in (client, server):  # as any proxy: what came in pieces goes on at once
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            up = threading.Thread(target=self._pass, args=(client, server), daemon=True)
            up.start()
            self._answer(client, server)
            with quietly():
                client.shutdown(socket.SHUT_RDWR)
            up.join()

    @staticmethod
    def _pass(source: socket.socket, target: socket.socket) -> None:
        with quietly():
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        left = self._bytes_until_the_cut()
        with quietly():
            while data := self._next(server):
                if self._swallows() or (left is not None and len(data) >= left):
                    client.sendall(data[: left or 0])
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                    with self._lock:
                        self.cuts += 1
                    return
                client.sendall(data)
                left = None if left is None else left - len(data)

    @staticmethod
    def _next(server: socket.socket) -> bytes:
        # The test server sends an answer in pieces, and waits 40 ms for us to acknowledge one.
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return server.recv(65536)

    def _bytes_until_the_cut(self) -> int | None:
        with self._lock:
            return None if self.mean is None else int(self._dice.expovariate(1 / self.mean)) + 1

    def _swallows(self) -> bool:
        with self._lock:
            self.swallow -= 1
            return self.swallow >= 0


@contextmanager
def quietly() -> Iterator[None]:
    """A connection that is gone already is what this is about."""
    with suppress(OSError):
        yield
