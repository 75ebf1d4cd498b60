"""HTTP as `serve` reads it off the wire: uvicorn's protocol, with the bounds that it lacks.

However it is dripped, a request's head ends within HEAD_BYTES and REQUEST_SECONDS, or the
connection does: nobody keeps memory or connections by never coming to the point. (A body's size and
time are bounded in asgi.py.) What is no HTTP at all is told as a problem document, too.
"""

import json
from asyncio import TimerHandle, Transport
from http import HTTPStatus
from uuid import uuid4

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chatops.api import problems

#: About the most of a request line and its headers that is read.
HEAD_BYTES = 64 * 1024


class Protocol(HttpToolsProtocol):
    """One connection. Its requests come one after the other."""

    _late: TimerHandle | None = None
    _is_in_head = False
    _of_head = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as theirs
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_in_head = False
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_in_head:
            self._of_head += len(data)
            if self._of_head > HEAD_BYTES:
                self._refuse(431, f"A head has at most {HEAD_BYTES} bytes.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._of_head = True, 0
        if self._late is None:
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Theirs is plain text."""
        self._refuse(400, msg)

    def _wait_for_head(self) -> None:
        self._late = self.loop.call_later(settings.REQUEST_SECONDS, self._too_late)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        if self._is_in_head:
            self._refuse(408, problems.too_slow())
        else:
            self.transport.close()  # nothing was asked

    def _refuse(self, status: int, detail: str) -> None:
        self._is_in_head = False
        self._stop_waiting()
        request_id = uuid4().hex
        body = json.dumps(problems.document(status, detail, request_id=request_id))
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            f"content-type: {problems.MEDIA_TYPE}",
            f"content-length: {len(body)}",
            f"x-request-id: {request_id}",
            "connection: close",
        )
        self.transport.write("\r\n".join((*head, "", body)).encode())
        self.transport.close()
