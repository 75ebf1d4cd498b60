"""Several processes or threads at once, and processes that are killed, as tests use them.

A forked process must not share a database connection or a kept-alive one to SuperOffice with us:
ours are closed before, and its clients are made anew.
"""

import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.db import connections

from chatops.remote import wiring


def let_go() -> None:
    """Close every database connection of this process; the next query opens another."""
    for connection in connections.all():
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()


def apart(work: Callable[..., object], *args: Any, **more: Any) -> threading.Thread:
    """Start `work` on a thread of its own; its database connections are closed after it."""

    def run() -> None:
        try:
            work(*args, **more)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def together(count: int, work: Callable[..., Any], *args: Any) -> list[Any]:
    """Run `work(*args)` in `count` processes at the same moment; what each returned.

    In place of an exception its `repr`.
    """
    let_go()
    fork = multiprocessing.get_context("fork")
    start, answers = fork.Barrier(count), fork.SimpleQueue()

    def child() -> None:
        wiring._client.cache_clear()
        start.wait()
        try:
            answers.put(work(*args))
        except Exception as error:  # the test looks at what came back
            answers.put(repr(error))

    processes = [fork.Process(target=child) for _ in range(count)]
    with warnings.catch_warnings():
        # Python 3.12 warns of forking where threads run; the children touch none of ours.
        warnings.simplefilter("ignore", DeprecationWarning)
        for process in processes:
            process.start()
    found = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    return found


def killed_at(line: int, folder: str, work: Callable[..., Any], *args: Any) -> bool:
    """Run `work(*args)` in a process killed before the `line`th line it reaches in `folder`.

    Whether it was killed; False when it came to its end before.
    """
    let_go()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        wiring._client.cache_clear()
        sys.settrace(_killer(line, folder))
        try:
            work(*args)
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def _killer(line: int, folder: str) -> Callable[[FrameType, str, Any], Any]:
    left = line

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(folder):
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace
