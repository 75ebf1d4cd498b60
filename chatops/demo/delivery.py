"""Sending webhook deliveries: signature, headers, tries (contract I.3, I.4, I.6)."""

import base64
import hashlib
import heapq
import hmac
import http.client
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

TIMEOUT = 5.0  # seconds; not documented
SENDERS = 4  # "background threads, several on demand": so order is not kept


@dataclass(slots=True)
class Delivery:
    """One event for one hook; `waits` are the seconds before each try that is left."""

    hook_id: int
    target: str
    secret: str
    headers: dict[str, str]
    event: str
    event_id: str
    body: bytes
    waits: list[float] = field(default_factory=list)
    tries: int = 0


def signature(body: bytes, secret: str) -> str:
    """Base64 of HMAC-SHA256 over the raw body (I.4)."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def signed_headers(
    secret: str, extra: dict[str, str], event: str, event_id: str, body: bytes, tries: int
) -> dict[str, str]:
    """The headers of I.3."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "NetServer-Webhook/11.10.721",
        "X-SuperOffice-Event": event,
        "X-SuperOffice-EventId": event_id,
        "X-SuperOffice-Retry": str(tries),
        **extra,
    }
    if secret:
        headers["X-SuperOffice-Signature"] = signature(body, secret)
    return headers


def post(target: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """POST it; the status and the first bytes of the answer, or 0 and the reason."""
    parts = urlsplit(target)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(1000).decode("utf-8", "replace")
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return 0, f"{type(error).__name__}: {error}"


class Post:
    """A post office: deliveries go out when they are due, by threads that start with the first."""

    def __init__(self, delivered: Callable[[Delivery, int, str], bool]) -> None:
        self._delivered = delivered
        self._due: list[tuple[float, int, Delivery]] = []
        self._numbers = itertools.count()
        self._news = threading.Condition()
        self._started = False

    def later(self, seconds: float, delivery: Delivery) -> None:
        """Send the delivery's next try after so many seconds, and its own wait."""
        wait = delivery.waits.pop(0)
        with self._news:
            heapq.heappush(
                self._due, (time.monotonic() + seconds + wait, next(self._numbers), delivery)
            )
            self._news.notify()
            if not self._started:
                self._started = True
                for _ in range(SENDERS):
                    threading.Thread(target=self._run, name="webhooks", daemon=True).start()

    def _run(self) -> None:
        while True:
            delivery = self._next()
            headers = signed_headers(
                delivery.secret,
                delivery.headers,
                delivery.event,
                delivery.event_id,
                delivery.body,
                delivery.tries,
            )
            delivery.tries += 1
            status, answer = post(delivery.target, delivery.body, headers)
            if self._delivered(delivery, status, answer) and delivery.waits:
                self.later(0.0, delivery)

    def _next(self) -> Delivery:
        with self._news:
            while not self._due or self._due[0][0] > time.monotonic():
                self._news.wait(self._due[0][0] - time.monotonic() if self._due else None)
            return heapq.heappop(self._due)[2]
