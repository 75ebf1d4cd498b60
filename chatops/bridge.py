"""Django as WSGI, in threads, for the ASGI server that `serve` is.

Each time a thread and the loop hand something over, both wait for the interpreter, which sixteen
threads want. So a body that was read goes in as it is, and an answer comes back whole, with the end
of its thread's work. Only what is streamed goes out piece by piece.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from io import BytesIO
from typing import Any, cast

from a2wsgi.wsgi import build_environ

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]


class Bridge:
    """Answers one request after the other, as many at once as there are `threads`."""

    def __init__(self, app: Callable[..., Any], threads: int) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="WSGI")

    async def __call__(self, scope: dict[str, Any], body: bytes, send: Send) -> None:
        loop = asyncio.get_running_loop()

        def from_thread(message: Message) -> None:
            asyncio.run_coroutine_threadsafe(_sent(send, message), loop).result()

        # Its arguments are described as types of its own; ours are plain dicts.
        environ = build_environ(cast(Any, scope), cast(Any, BytesIO(body)))
        work = copy_context().run
        whole = await loop.run_in_executor(self._threads, work, self._answer, environ, from_thread)
        for message in whole:
            await send(message)

    def _answer(self, environ: Any, send: Callable[[Message], None]) -> list[Message]:
        """On a thread, to the end, also of its database connection: the messages not yet sent."""
        started: list[Message] = []

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            named = [
                (name.lower().encode("latin1"), value.encode("latin1")) for name, value in headers
            ]
            first = {"type": "http.response.start", "status": int(status[:3]), "headers": named}
            started.append(first)

        answer = self._app(environ, start)
        try:
            if not answer.streaming:
                return [*started, {"type": "http.response.body", "body": b"".join(answer)}]
            for message in started:
                send(message)
            for piece in answer:
                send({"type": "http.response.body", "body": piece, "more_body": True})
            return [{"type": "http.response.body", "body": b""}]
        finally:
            answer.close()


async def _sent(send: Send, message: Message) -> None:
    await send(message)
