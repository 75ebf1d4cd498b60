"""Throttling by count: nothing of it is documented (J.3), so a caller must be ready for it."""

import math
import threading
import time

from chatops.demo.errors import Answer


class Throttle:
    """Counts the calls of the running second."""

    def __init__(self) -> None:
        self._second, self._calls = 0, 0
        self._lock = threading.Lock()

    def count(self, limit: float) -> None:
        """One more call. Raises `Answer` 429 when there were `limit` in this second; 0 is none."""
        if not limit:
            return
        with self._lock:
            now = math.floor(time.monotonic())
            self._calls = self._calls + 1 if now == self._second else 1
            self._second = now
            if self._calls > limit:
                raise Answer(429, "TooManyRequests", "Too many requests", **{"Retry-After": "1"})
