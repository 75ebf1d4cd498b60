"""The door for SuperOffice's webhooks as a bare ASGI application: what `serve` runs.

As `hooks.receive`, of which any other server runs the view, without Django around it; and hints
that come while others are being stored are stored together, in one commit. SuperOffice stops
calling those who answer late (contract, I.6), and no hint of 200 a second has to wait for a thread.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import DatabaseError, OperationalError, close_old_connections, connection

from chatops.api import problems
from chatops.api.hooks import NOT_SIGNED, NOT_STORED, REFUSED
from chatops.middleware import HOOKS, request_id_from
from chatops.superoffice import webhooks
from chatops.sync import inbox

# One line a request, like those of every other.
logger = logging.getLogger("chatops.middleware")

Send = Callable[[dict[str, Any]], Awaitable[None]]
Failure = Exception | None
#: So many hints are committed together at most: who comes next does not wait for long.
MOST = 100
SIGNATURE, EVENT_ID, REQUEST_ID = (
    name.lower().encode()
    for name in (webhooks.SIGNATURE_HEADER, webhooks.EVENT_ID_HEADER, "X-Request-Id")
)


class HookDoor:
    """Takes deliveries in, one commit at a time."""

    def __init__(self) -> None:
        self._waiting: list[tuple[inbox.Hint, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hints")

    def close(self) -> None:
        """Let what is being stored be stored, and take nothing more."""
        self._thread.shutdown(wait=False)

    async def __call__(self, scope: dict[str, Any], body: bytes, send: Send) -> None:
        """Answer a POST whose body was read: 200, 401 when it is not signed, 503 when it could not
        be stored."""
        started = time.perf_counter()
        headers = {name: value.decode("latin1") for name, value in scope["headers"]}
        request_id = request_id_from(headers.get(REQUEST_ID))
        status, problem = await self._take(headers, body)
        answer = json.dumps(problem(request_id)).encode() if problem else b""
        kind = problems.MEDIA_TYPE if problem else "text/html; charset=utf-8"
        given = (
            (b"content-type", kind.encode()),
            (b"content-length", str(len(answer)).encode()),
            (b"x-request-id", request_id.encode()),
        )
        await send({"type": "http.response.start", "status": status, "headers": list(given)})
        await send({"type": "http.response.body", "body": answer})
        took = round((time.perf_counter() - started) * 1000, 1)
        facts = {"method": "POST", "route": HOOKS.lstrip("/"), "status": status, "ms": took}
        logger.info("request", extra={**facts, "request_id": request_id})

    async def _take(
        self, headers: dict[bytes, str], body: bytes
    ) -> tuple[int, Callable[[str], Any] | None]:
        """Status, and what makes the problem document where there is one."""
        if not webhooks.is_signed(body, headers.get(SIGNATURE, ""), settings.WEBHOOK_SECRETS):
            REFUSED.inc()
            return 401, lambda one: problems.document(401, NOT_SIGNED, request_id=one)
        try:
            await self._store(inbox.read(body, headers.get(EVENT_ID)))
        except DatabaseError:
            return 503, lambda one: problems.document(
                503, NOT_STORED, request_id=one, code="not_stored"
            )
        return 200, None

    async def _store(self, hint: inbox.Hint) -> None:
        """Wait until it is committed. Raises DatabaseError."""
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        self._waiting.append((hint, stored))
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write())
        await stored

    async def _write(self) -> None:
        """Commit whatever waits, until nothing does."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            hints = [hint for hint, _ in batch]
            failures = await loop.run_in_executor(self._thread, _keep, hints)
            for (_, stored), failure in zip(batch, failures, strict=True):
                if stored.done():
                    continue  # the caller hung up
                if failure is None:
                    stored.set_result(None)
                else:
                    stored.set_exception(failure)


def _keep(hints: Sequence[inbox.Hint]) -> list[Failure]:
    """Store them together; what went wrong for each. Where one is at fault, not the others."""
    close_old_connections()
    try:
        inbox.store_all(hints)
    except OperationalError as error:
        logger.exception("hints could not be stored")
        connection.close()
        return [error] * len(hints)
    except Exception:
        logger.exception("hints could not be stored together")
        return [_keep_one(hint) for hint in hints]
    return [None] * len(hints)


def _keep_one(hint: inbox.Hint) -> Failure:
    try:
        inbox.store_all([hint])
    except Exception as error:  # whatever it is: the next hint is stored all the same
        logger.exception("a hint could not be stored")
        return error if isinstance(error, DatabaseError) else DatabaseError(str(error))
    return None
