"""`serve`: uvicorn, with more of itself and the worker beside it, and an end that is one.

One process of Python uses one core. With WEB_PROCESSES the others are children that accept from
the same socket; all that they share is the database, as on several machines.

uvicorn's own signal handling waits for open streams and raises the signal again before its threads
are joined. Ours ends the streams first, then lets requests that are being answered finish.
"""

import asyncio
import ctypes
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from django.conf import settings

from chatops.asgi import Application, application
from chatops.ops.children import Child, Kept, end_with_stdin
from chatops.protocol import Protocol

BACKLOG = 2048
#: Seconds the worker has to finish what it does; everything it does is resumed from its rows.
WORKER_ENDS_WITHIN = 1.2
#: After Ctrl-C, requests being answered have this many seconds; after SIGTERM, SERVE_DRAIN_SECONDS.
CTRL_C_PATIENCE = 1.0
LAST_WAIT = 0.3
#: glibc's mallopt(3): a number, and what it is set to.
ARENA_MAX, MMAP_THRESHOLD = (-8, 2), (-3, 256 * 1024)
#: Seconds between two looks for what lies free.
TRIM_EVERY = 10.0


class AddressTaken(Exception):
    """The address cannot be listened on; the text says why."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(bind: str) -> socket.socket:
    """A listening socket on `host:port` (`[::1]:8000` for IPv6). Raises AddressTaken."""
    parts = urlsplit(f"//{bind}")
    try:
        host, port = parts.hostname or "127.0.0.1", parts.port or 8000
    except ValueError as error:
        raise AddressTaken(f"{bind!r} is not an address such as 127.0.0.1:8000.") from error
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise AddressTaken(
            f"{bind} cannot be listened on ({error.strerror}). "
            "Choose another address with --bind 127.0.0.1:8001."
        ) from error


def address_of(listening: socket.socket) -> str:
    """The URL to open in a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can reach the socket."""
    return ip_address(listening.getsockname()[0]).is_loopback


def works_here() -> bool:
    """Whether `serve` has a worker beside it: with a broker, Celery's workers do the work."""
    return not settings.CELERY_BROKER_URL


def serve(listening: socket.socket, *, worker: bool, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is called once requests are answered."""
    number = listening.fileno()
    more = [
        Kept(lambda: Child("serve", "--beside", str(number), descriptors=[number]))
        for _ in range(settings.WEB_PROCESSES - 1)
    ]
    kept = Kept(lambda: Child("worker")) if worker else None
    children = [*more, kept] if kept else more
    server = _Server(_config())
    try:
        _run(server, _serve(server, application, listening, children, ready, _at_signals))
    finally:
        for one in children:
            one.ask_to_end()
        for one in more:
            one.end(within=LAST_WAIT if server.force_exit else settings.SERVE_DRAIN_SECONDS)
        if kept:
            kept.end(within=WORKER_ENDS_WITHIN)


def serve_beside(number: int) -> None:
    """Serve from another process's listening socket, until that one ends or closes our stdin.

    Signals may come to all processes at once, and a second one means "now": it is for the first
    process alone to hear them.
    """
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.SIG_IGN)
    server = _Server(_config())
    listening = socket.socket(fileno=number)
    _run(server, _serve(server, application, listening, [], lambda: None, _at_stdins_end))


def give_memory_back() -> None:
    """Have glibc return to the machine what large answers took; before there are threads.

    By itself it keeps for every thread up to twice the largest block it ever saw, and what lies
    free between blocks in use: after minutes of lists, files and numbers among a million sessions
    230 MB, 180 with `mallopt` and 165 with `malloc_trim` now and then. Where there is no glibc
    nothing happens.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    mallopt, trim = getattr(library, "mallopt", None), getattr(library, "malloc_trim", None)
    if mallopt and trim:
        for name, value in (ARENA_MAX, MMAP_THRESHOLD):
            mallopt(name, value)
        threading.Thread(target=_trim_for_good, args=[trim], daemon=True).start()


def _trim_for_good(trim: Callable[[int], int]) -> None:
    while True:
        time.sleep(TRIM_EVERY)
        trim(0)  # a millisecond, seldom forty; other threads go on meanwhile


def _run(server: _Server, serving: Coroutine[Any, Any, None]) -> None:
    give_memory_back()
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(serving)


def end_soon() -> None:
    """For the very end of a command: a thread that still holds a request must not hold us up."""
    logging.shutdown()
    sys.stdout.flush()
    watchdog = threading.Timer(LAST_WAIT, os._exit, (0,))
    watchdog.daemon = True
    watchdog.start()


def _config() -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.SECURE_PROXY_SSL_HEADER is not None,
        timeout_graceful_shutdown=settings.SERVE_DRAIN_SECONDS,
        backlog=BACKLOG,
    )


Ending = Callable[[signal.Signals], None]


def _at_signals(loop: asyncio.AbstractEventLoop, end: Ending) -> None:
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, end, one)


def _at_stdins_end(loop: asyncio.AbstractEventLoop, end: Ending) -> None:
    def ended() -> None:
        loop.call_soon_threadsafe(end, signal.SIGTERM)

    end_with_stdin(ended)


async def _serve(
    server: _Server,
    served: Application,
    listening: socket.socket,
    children: Sequence[Kept],
    ready: Callable[[], None],
    listen_for_the_end: Callable[[asyncio.AbstractEventLoop, Ending], None],
) -> None:
    loop = asyncio.get_running_loop()

    def hurry() -> None:
        server.force_exit = True

    def end(number: signal.Signals) -> None:
        if server.should_exit:  # the second one: now
            hurry()
        elif number is signal.SIGINT:
            loop.call_later(CTRL_C_PATIENCE, hurry)
        server.should_exit = True
        served.stop()
        for one in children:
            one.ask_to_end()

    listen_for_the_end(loop, end)
    told = asyncio.ensure_future(_tell(server, children, ready))
    try:
        await server.serve(sockets=[listening])
    finally:
        told.cancel()


async def _tell(server: _Server, children: Sequence[Kept], ready: Callable[[], None]) -> None:
    """Once requests are answered: the children start, so that their start-up delays no page."""
    while not server.started:
        await asyncio.sleep(0.02)
    if not server.should_exit:
        for one in children:
            one.start()
    ready()
