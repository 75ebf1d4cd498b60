"""Child processes that end with us, whatever happens to us.

A child holds the reading end of a pipe as its stdin; we hold the other end and write nothing. When
we end, also by kill -9, the pipe closes, and the child, started with `--exit-with-stdin`, goes too.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from django.conf import settings

logger = logging.getLogger(__name__)

#: Seconds before a child that ended by itself is started again; the last one stays.
RESTARTS = (0.5, 1.0, 2.0, 5.0, 15.0)
#: A child that ran this long starts with the first of RESTARTS again.
RAN_WELL_SECONDS = 60.0


class Child:
    """A `manage.py` command in a process of its own."""

    def __init__(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
    ) -> None:
        """`descriptors`: of ours, which it has under the same numbers."""
        self.name = arguments[0]
        self._descriptors = tuple(descriptors)
        self._arguments = (*arguments, "--exit-with-stdin")
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *self._arguments],
            stdin=subprocess.PIPE,
            env=self._environment,
            pass_fds=self._descriptors,
            # Ctrl-C goes to the whole foreground group: the children are to hear it from us.
            start_new_session=True,
        )

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait(self) -> int | None:
        """Wait until it ends; its exit status."""
        return self._process.wait() if self._process else None

    def ask_to_end(self) -> None:
        """Close its stdin and send SIGTERM; returns at once."""
        if self._process is None:
            return
        if self._process.stdin:
            self._process.stdin.close()
        if self._process.poll() is None:
            self._process.terminate()

    def end(self, *, within: float) -> None:
        """End it: asked first, killed after `within` seconds. What it was doing is in its rows."""
        self.ask_to_end()
        if self._process is None:
            return
        try:
            self._process.wait(timeout=within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Kept:
    """Keeps a child running until `end`: one that ends by itself is started again."""

    def __init__(self, make: Callable[[], Child]) -> None:
        self._make = make
        self._ending = threading.Event()
        self._child = make()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        self._child.start()
        self._thread.start()

    def _keep(self) -> None:
        failures = 0
        started = time.monotonic()
        while True:
            status = self._child.wait()
            if self._ending.is_set():
                return
            failures = 0 if time.monotonic() - started > RAN_WELL_SECONDS else failures + 1
            wait = RESTARTS[min(failures, len(RESTARTS)) - 1 if failures else 0]
            logger.error(
                "child ended", extra={"child": self._child.name, "status": status, "again_in": wait}
            )
            if self._ending.wait(wait):
                return
            child = self._make()
            started = time.monotonic()
            child.start()
            self._child = child

    def ask_to_end(self) -> None:
        self._ending.set()
        self._child.ask_to_end()

    def end(self, *, within: float) -> None:
        """End the child, and do not start it again."""
        self._ending.set()
        self._child.end(within=within)
        self._thread.join(timeout=within)
        self._child.end(within=within)  # the keeper may just have started another one


def end_with_stdin(stop: Callable[[], None]) -> None:
    """In a child: call `stop` when stdin closes.

    Reads the descriptor itself: a thread inside Python's own stdin is fatal at the interpreter's
    end.
    """

    def watch() -> None:
        while os.read(0, 1024):
            pass
        stop()

    threading.Thread(target=watch, name="stdin", daemon=True).start()
