"""One attempt over the wire: a prepared request out, status, headers and body back."""

import http.client
import os
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import requests
from requests.adapters import BaseAdapter
from requests.exceptions import ChunkedEncodingError, ConnectTimeout, ContentDecodingError
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from chatops.superoffice import wire
from chatops.superoffice.errors import (
    AnswerLost,
    DeadlinePassed,
    SuperOfficeError,
    Unreachable,
    UnreadableAnswer,
)

#: Of an error's body only so much is read, in bytes: enough for its message.
ERROR_CAP = 64 * 1024
_CHUNK = 64 * 1024
#: What a broken exchange can raise, whoever notices it first.
_TROUBLE = (OSError, HTTPError, http.client.HTTPException, ValueError)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. The totals hold from the first try to the last byte, waits included."""

    #: To connect, TLS included, per address of the host.
    connect: float = 5.0
    #: Of silence while a read is answered.
    read: float = 20.0
    #: Of silence while a write is answered.
    write: float = 30.0
    #: For a read in all.
    total_read: float = 15.0
    #: For a write in all.
    total_write: float = 20.0


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    #: Decompressed.
    body: bytes


class Sender:
    """Connections to one API. Safe to use from several threads.

    The adapter is called without a `requests.Session`: so no redirect is followed, no cookie kept,
    no hook run and the environment not asked, and none of that is paid for on every call.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeouts: Timeouts,
        size_cap: int,
        adapter: BaseAdapter | None,
        pool_size: int,
    ) -> None:
        own = wire.PatientAdapter(pool_maxsize=pool_size, max_retries=0)
        self._adapter = adapter or own
        self._timeouts = timeouts
        self._size_cap = size_cap
        # Its threads are made as they are needed.
        self._aside = ThreadPoolExecutor(pool_size, thread_name_prefix="ahead")
        # Proxies and a private CA are the environment's to say, once; .netrc is never read.
        # Asking on every call, as requests does, costs a third of its time.
        self._proxies: dict[str, str] = get_environ_proxies(base_url)
        self._verify: bool | str = (
            os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        )

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()

    def send(self, request: requests.PreparedRequest, *, write: bool, deadline: float) -> Answer:
        """The answer, whatever its status.

        Raises DeadlinePassed or Unreachable when nothing left, AnswerLost when something did and
        no answer came, UnreadableAnswer when a 2xx is cut or larger than the cap.
        """
        silence = self._timeouts.write if write else self._timeouts.read
        attempt = wire.Attempt(deadline=deadline, read=silence, write=write)
        token = wire.current.set(attempt)
        try:
            with self._open(request, attempt) as response:
                status = response.status_code
                body = self._body(response) if 200 <= status < 300 else _glance(response)
                return Answer(status, response.headers, body)
        finally:
            wire.current.reset(token)

    def begin(
        self, request: requests.PreparedRequest, *, deadline: float
    ) -> "Future[tuple[Answer, float]]":
        """A read on a thread of its own: what `send` says of it, and how many seconds it took."""

        def timed() -> tuple[Answer, float]:
            started = time.monotonic()
            answer = self.send(request, write=False, deadline=deadline)
            return answer, time.monotonic() - started

        return self._aside.submit(timed)

    def _open(self, request: requests.PreparedRequest, attempt: wire.Attempt) -> requests.Response:
        """Send, and read the headers."""
        try:
            left = attempt.time_left()
        except TimeoutError as error:
            raise DeadlinePassed("No time was left to call SuperOffice.") from error
        try:
            return self._adapter.send(
                request,
                stream=True,
                timeout=(min(self._timeouts.connect, left), min(attempt.read, left)),
                proxies=self._proxies,
                verify=self._verify,
            )
        except _TROUBLE as error:
            if attempt.sent is False or isinstance(error, ConnectTimeout):
                raise Unreachable("SuperOffice cannot be reached.") from error
            raise AnswerLost("The request was sent, but no answer came.") from error

    def _body(self, response: requests.Response) -> bytes:
        """The body of a 2xx, as far as the cap allows."""
        body = bytearray()
        try:
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > self._size_cap:
                    break
        except _TROUBLE as error:
            raise _broken(error, response.status_code) from error
        if not body and "Content-Encoding" in response.headers:
            # a compressed stream cut before its first byte decodes to nothing, without an error
            raise UnreadableAnswer("SuperOffice's answer was cut off.", status=response.status_code)
        if len(body) > self._size_cap:
            raise UnreadableAnswer(
                f"SuperOffice's answer is larger than {self._size_cap} bytes.",
                status=response.status_code,
                too_large=True,
            )
        return bytes(body)


def _glance(response: requests.Response) -> bytes:
    """The beginning of an error's body. That it breaks off changes nothing: the status is known."""
    body = bytearray()
    try:
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > ERROR_CAP:
                break
    except _TROUBLE:
        pass
    return bytes(body[:ERROR_CAP])


def _broken(error: Exception, status: int) -> SuperOfficeError:
    """A body that ends too early is unreadable; a reset or a silence loses the answer."""
    cause = error.args[0] if isinstance(error, ChunkedEncodingError) and error.args else None
    by_network = any(isinstance(arg, OSError) for arg in getattr(cause, "args", ()))
    if isinstance(error, ContentDecodingError) or (cause is not None and not by_network):
        return UnreadableAnswer("SuperOffice's answer was cut off.", status=status)
    return AnswerLost("The request was sent, but its answer broke off.", status=status)
