"""A cable between a browser and the house, to be pulled out and put in again."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from urllib.parse import urlsplit

CHUNK = 65_536


class Cable:
    """Carries every connection to the house; pulled out it ends them all and takes no new one."""

    def __init__(self, url: str) -> None:
        there = urlsplit(url)
        self._house = (str(there.hostname), int(there.port or 80))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._lock = Lock()
        self._is_in = True
        self._ends: set[socket.socket] = set()
        Thread(target=self._accept, daemon=True).start()

    def pull(self) -> None:
        """As when the computer goes to sleep: nothing that was open stays open."""
        with self._lock:
            self._is_in = False
            ends, self._ends = self._ends, set()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def plug(self) -> None:
        """From here on connections are carried again."""
        with self._lock:
            self._is_in = True

    def close(self) -> None:
        """The end of it."""
        self.pull()
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return  # closed
            with self._lock:
                if not self._is_in:
                    near.close()
                    continue
                far = socket.create_connection(self._house)
                self._ends |= {near, far}
            for one, other in ((near, far), (far, near)):
                Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def laid(url: str) -> Iterator[Cable]:
    """A cable to the house at this address."""
    cable = Cable(url)
    try:
        yield cable
    finally:
        cable.close()
