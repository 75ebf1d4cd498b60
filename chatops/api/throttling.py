"""At most API_RATE_PER_MINUTE requests of one caller, over all processes.

One row counts for everybody. A process takes from it in small blocks, so that most requests cost
no write; a block that a process does not use up is lost at the end of the minute. So the limit is
never exceeded, and a caller spread over n processes may be stopped n blocks early.
"""

import time
from threading import Lock
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from rest_framework import throttling
from rest_framework.request import Request
from rest_framework.views import APIView

from chatops.actions.callers import Caller

#: A block is this part of the limit.
PARTS = 100
_TAKE = """
INSERT INTO api_allowance (caller, minute, used) VALUES (%(caller)s, %(minute)s, %(block)s)
ON CONFLICT (caller) DO UPDATE SET
  used = CASE WHEN api_allowance.minute = excluded.minute
         THEN api_allowance.used + excluded.used ELSE excluded.used END,
  minute = excluded.minute
WHERE api_allowance.minute < excluded.minute
   OR (api_allowance.minute = excluded.minute
       AND api_allowance.used + excluded.used <= %(limit)s)
RETURNING used
"""


class Standing(NamedTuple):
    """Where a caller stands after a request."""

    limit: int
    remaining: int
    #: Seconds until the next minute begins.
    reset: int
    allowed: bool


class _Block(NamedTuple):
    minute: int
    left: int
    #: Of the limit, what no process had taken when the block was.
    untaken: int


_blocks: dict[str, _Block] = {}
_lock = Lock()


def take(caller: str, *, limit: int, now: float | None = None) -> Standing:
    """Count one request of `caller` in the minute of `now` (seconds since the epoch)."""
    now = time.time() if now is None else now
    minute = int(now // 60)
    reset = 60 - int(now % 60)
    block = _use(caller, minute)
    if block is None:
        taken = _take_block(caller, minute, limit)
        if taken is None:
            return Standing(limit, 0, reset, allowed=False)
        block = _use(caller, minute, more=taken) or taken
    return Standing(limit, block.left + block.untaken, reset, allowed=True)


def _use(caller: str, minute: int, *, more: _Block | None = None) -> _Block | None:
    """Take one from what this process holds, after adding `more` to it; None when nothing is."""
    with _lock:
        block = _blocks.get(caller)
        if block is None or block.minute != minute:
            block = _Block(minute, 0, 0)
        if more is not None:
            block = block._replace(left=block.left + more.left, untaken=more.untaken)
        if block.left == 0:
            return None
        _blocks[caller] = block = block._replace(left=block.left - 1)
        return block


def _take_block(caller: str, minute: int, limit: int) -> _Block | None:
    size = max(1, limit // PARTS)
    asked: dict[str, str | int] = {
        "caller": caller,
        "minute": minute,
        "block": size,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, asked)
        row = cursor.fetchone()
    return _Block(minute, size, limit - int(row[0])) if row else None


def forget() -> None:
    """Drop the blocks this process holds."""
    with _lock:
        _blocks.clear()


class CallerThrottle(throttling.BaseThrottle):
    """429 with Retry-After beyond the limit; the standing is told in every answer's headers."""

    def __init__(self) -> None:
        self._standing: Standing | None = None

    def allow_request(self, request: Request, _view: APIView) -> bool:
        if not isinstance(request.auth, Caller):
            return True
        standing = take(request.auth.name, limit=settings.API_RATE_PER_MINUTE)
        request._request.__dict__["chatops_standing"] = self._standing = standing
        return standing.allowed

    def wait(self) -> float | None:
        return float(self._standing.reset) if self._standing else None


def headers(request: Request) -> dict[str, str]:
    """`X-RateLimit-…` of the request; empty when nobody was counted."""
    standing: Standing | None = request._request.__dict__.get("chatops_standing")
    if standing is None:
        return {}
    return {
        "X-RateLimit-Limit": str(standing.limit),
        "X-RateLimit-Remaining": str(standing.remaining),
        "X-RateLimit-Reset": str(standing.reset),
    }
