"""Many reads at once, on threads that clean up after themselves.

One read that fails says nothing of the next, so the others go on; but where SuperOffice as a whole
does not answer, waiting for each in turn helps nobody, and the rest is not tried.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.conf import settings
from django.db import connections

from chatops.superoffice.errors import (
    Misdirected,
    NotSent,
    SuperOfficeError,
    Throttled,
    Unauthorized,
)
from chatops.sync.errors import Stopped

T = TypeVar("T")
R = TypeVar("R")

#: Errors that concern every call, not only the one that met them.
EVERYWHERE = (NotSent, Unauthorized, Throttled, Misdirected)
#: So many other failures in a row are no accident either.
IN_A_ROW = 5


@dataclass
class Fetched(Generic[T, R]):
    """What came of many reads. `stopped`: the error that ended it before all were tried."""

    done: list[R] = field(default_factory=list)
    failed: list[tuple[T, SuperOfficeError]] = field(default_factory=list)
    stopped: SuperOfficeError | None = None


class _Fetch(Generic[T, R]):
    def __init__(
        self, items: Sequence[T], read: Callable[[T], R], stop: Callable[[], bool]
    ) -> None:
        self._items = iter(items)
        self._read = read
        self._stop = stop
        self._lock = threading.Lock()
        self._failures = 0
        self._broken = False
        self.result: Fetched[T, R] = Fetched()

    def work(self) -> None:
        """Read until nothing is left."""
        try:
            while (taken := self._next()) is not None:
                self._one(taken[0])
        except BaseException:
            self._broken = True  # the other threads need not go on
            raise

    def work_apart(self) -> None:
        """The same on a thread of its own, whose database connections (the gate's) are closed."""
        try:
            self.work()
        finally:
            connections.close_all()

    def _next(self) -> tuple[T] | None:
        with self._lock:
            if self._broken or self.result.stopped is not None:
                return None
            if self._stop():
                raise Stopped
            for item in self._items:
                return (item,)
            return None

    def _one(self, item: T) -> None:
        try:
            answer = self._read(item)
        except SuperOfficeError as error:
            self._note_failure(item, error)
            return
        with self._lock:
            self._failures = 0
            self.result.done.append(answer)

    def _note_failure(self, item: T, error: SuperOfficeError) -> None:
        with self._lock:
            self._failures += 1
            self.result.failed.append((item, error))
            if isinstance(error, EVERYWHERE) or self._failures >= IN_A_ROW:
                self.result.stopped = self.result.stopped or error


def never() -> bool:
    """Nobody wants it to end."""
    return False


def fetch(
    items: Sequence[T], read: Callable[[T], R], *, stop: Callable[[], bool] = never
) -> Fetched[T, R]:
    """`read` for every item, on at most SYNC_THREADS threads; answers in no particular order.

    Raises Stopped as soon as `stop` says so and what is under way has ended.
    """
    job = _Fetch(items, read, stop)
    threads = min(int(settings.SYNC_THREADS), len(items))
    if threads <= 1:
        job.work()
        return job.result
    with ThreadPoolExecutor(threads, thread_name_prefix="fetch") as pool:
        for future in [pool.submit(job.work_apart) for _ in range(threads)]:
            future.result()
    return job.result
