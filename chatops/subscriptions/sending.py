"""One delivery over the wire: signed, to a checked address, within its time.

Not through the client library's transport: this is another remote, with no sign-in, no gate and no
repeats of its own; what it needs is an address that was checked and stays the same, and an end.
"""

import hmac
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import SplitResult
from uuid import uuid4

from django.conf import settings

from chatops.subscriptions import addresses

AGENT = "chatops"
#: Of the secret, and of the one before while that still counts.
SIGNATURES = ("X-Chatops-Signature", "X-Chatops-Signature-Previous")


class Outcome(NamedTuple):
    """What became of an attempt. `error` is empty when it was taken: a 2xx."""

    status: int | None
    error: str
    delivery: str
    milliseconds: int


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over `timestamp + "." + body`: what a receiver computes and compares."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()


def post(url: str, secrets: Sequence[str], body: bytes) -> Outcome:
    """POST a body once, signed with each of the secrets, newest first. Never raises for what the
    receiver or the network does.

    No redirect is followed, and of the answer only its status is read. All of it takes at most
    SUBSCRIPTION_TIMEOUT_SECONDS, after the name was resolved.
    """
    delivery = uuid4().hex
    started = time.monotonic()
    status, error = None, ""
    try:
        status = _exchange(addresses.check(url), _headers(secrets, body, delivery), body)
    except addresses.NotAllowed as refused:
        error = str(refused)
    except TimeoutError:
        error = f"No answer within {settings.SUBSCRIPTION_TIMEOUT_SECONDS:g} s."
    except ssl.SSLError as refused:
        error = f"TLS: {refused.reason or type(refused).__name__}."
    except (OSError, http.client.HTTPException) as broken:
        error = f"The connection failed ({type(broken).__name__})."
    if status is not None and not 200 <= status < 300:
        error = f"HTTP {status}."
    return Outcome(status, error, delivery, round((time.monotonic() - started) * 1000))


def _headers(secrets: Sequence[str], body: bytes, delivery: str) -> dict[str, str]:
    timestamp = str(int(time.time()))
    signed = (signature(one, timestamp, body) for one in secrets)
    return dict(zip(SIGNATURES, signed, strict=False)) | {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "Connection": "close",
        "X-Chatops-Delivery": delivery,
        "X-Chatops-Timestamp": timestamp,
    }


def _exchange(parts: SplitResult, headers: dict[str, str], body: bytes) -> int:
    """The answer's status. Raises NotAllowed, OSError, HTTPException; TimeoutError at the end."""
    address, port = addresses.resolve(parts)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _Bounded(settings.SUBSCRIPTION_TIMEOUT_SECONDS) as bounded:
        sock = bounded.connect(address, port, parts.hostname if parts.scheme == "https" else None)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        connection.sock = sock  # to the address that was checked
        if parts.port is None and parts.scheme == "https":
            headers = {**headers, "Host": parts.netloc}
        connection.request("POST", target, body, headers)
        return connection.getresponse().status


class _Bounded:
    """A connection that is cut when its time is over, however slowly the other side drips."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._late = False
        self._sock: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "_Bounded":
        self._timer.start()
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._timer.cancel()
        if self._sock is not None:
            self._sock.close()
        if self._late and isinstance(error, OSError | http.client.HTTPException):
            raise TimeoutError from error

    def connect(self, address: str, port: int, tls_name: str | None) -> socket.socket:
        """Connected; with TLS, whose certificate must be for `tls_name`, unless that is None."""
        plain = self._sock = socket.create_connection((address, port), timeout=self._seconds)
        if tls_name is not None:
            context = ssl.create_default_context()
            self._sock = context.wrap_socket(
                plain, server_hostname=tls_name, do_handshake_on_connect=False
            )
            self._sock.do_handshake()
        return self._sock

    def _cut(self) -> None:
        self._late = True
        try:
            if self._sock is not None:
                # Not SSLSocket's own, which takes the TLS state from under the waiting thread.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        except OSError:
            pass  # not connected yet, or not any more
