"""Connections that know their deadline, and whether anything has left yet.

`requests` and urllib3 bound each single read, so a server that drips a byte now and then holds a
caller for ever; and their errors do not always tell whether a request was on its way. Here every
read of the answer, headers included, gets at most the time that is left, and the moment the first
byte of a request is handed to the operating system is noted down.
"""

import http.client
import io
import socket
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter

#: A kept-alive connection that was quiet for longer is not trusted with a write: the server may be
#: closing it, and a request that meets the close has an unknown outcome. IIS closes after 120 s
#: by default, proxies sooner; a new connection costs far less than an unknown.
FRESH_ENOUGH = 3.0


@dataclass
class Attempt:
    """One try of one request, as the connection sees it."""

    #: On the monotonic clock, seconds.
    deadline: float
    #: The longest a single read may take, seconds.
    read: float
    write: bool
    #: Whether the first byte left; None while an adapter that is not ours does not tell.
    sent: bool | None = None

    def time_left(self) -> float:
        """Seconds; TimeoutError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


#: The attempt this thread is making. urllib3 picks the connection, so there is no way to hand it
#: through as an argument.
current: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


class _BoundedReads(io.RawIOBase):
    """A socket's read side whose every read ends by the attempt's deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, attempt: Attempt) -> None:
        super().__init__()
        self._raw, self._sock, self._attempt = raw, sock, attempt

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(self._attempt.read, self._attempt.time_left()))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        if (attempt := current.get()) is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_BoundedReads(raw, sock, attempt))


class _Watchful:
    """What both kinds of connection add to urllib3's."""

    sock: socket.socket | None
    connecting = False
    used_at = 0.0

    def connect(self) -> None:
        self.connecting = True  # a proxy's CONNECT is not our request
        try:
            super().connect()  # type: ignore[misc]  # mixed into a connection
        finally:
            self.connecting = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # before the note below: what fails here has not left
        if not self.connecting and (attempt := current.get()) is not None:
            attempt.sent = True
        super().send(data)  # type: ignore[misc]

    def getresponse(self) -> Any:
        try:
            return super().getresponse()  # type: ignore[misc]
        finally:
            self.used_at = time.monotonic()


class _HTTPConnection(_Watchful, urllib3.connection.HTTPConnection):
    response_class = _Response


class _HTTPSConnection(_Watchful, urllib3.connection.HTTPSConnection):
    response_class = _Response


class _FreshForWrites:
    """A pool that gives a write only a connection that was used a moment ago, or a new one."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        # Private in name, but the one place where a pool hands out a connection: closing it here
        # makes urllib3 connect again by its own rules, proxies included.
        conn: Any = super()._get_conn(timeout)  # type: ignore[misc]
        attempt = current.get()
        stale = time.monotonic() - conn.used_at > FRESH_ENOUGH
        if attempt is not None and attempt.write and conn.sock is not None and stale:
            conn.close()
        return conn


class _HTTPPool(_FreshForWrites, urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(_FreshForWrites, urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class PatientAdapter(HTTPAdapter):
    """The `requests` adapter over such connections. It repeats nothing by itself."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def send(self, *args: Any, **kwargs: Any) -> Any:
        if (attempt := current.get()) is not None:
            attempt.sent = False
        return super().send(*args, **kwargs)
