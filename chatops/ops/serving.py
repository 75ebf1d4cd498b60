"""`serve`: uvicorn, with the worker beside it, and an end that is one.

uvicorn's own signal handling waits for open streams and raises the signal again before its threads
are joined. Ours ends the streams first, then lets requests that are being answered finish.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

import uvicorn
from django.conf import settings

from chatops.asgi import Application, application
from chatops.ops.children import Child, Kept
from chatops.protocol import Protocol

BACKLOG = 2048
#: Seconds the worker has to finish what it does; everything it does is resumed from its rows.
WORKER_ENDS_WITHIN = 1.2
#: After Ctrl-C, requests being answered have this many seconds; after SIGTERM, SERVE_DRAIN_SECONDS.
CTRL_C_PATIENCE = 1.0
LAST_WAIT = 0.3


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
    kept = Kept(lambda: Child("worker")) if worker else None
    server = _Server(_config())
    try:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(_serve(server, application, listening, kept, ready))
    finally:
        if kept:
            kept.end(within=WORKER_ENDS_WITHIN)


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


async def _serve(
    server: _Server,
    served: Application,
    listening: socket.socket,
    worker: Kept | None,
    ready: Callable[[], None],
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
        if worker:
            worker.ask_to_end()

    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, end, one)
    told = asyncio.ensure_future(_tell(server, worker, ready))
    try:
        await server.serve(sockets=[listening])
    finally:
        told.cancel()


async def _tell(server: _Server, worker: Kept | None, ready: Callable[[], None]) -> None:
    """Once requests are answered: the worker starts, so that its start-up delays no page."""
    while not server.started:
        await asyncio.sleep(0.02)
    if worker and not server.should_exit:
        worker.start()
    ready()
