"""The loop that keeps the mirror fresh: every task in its time, none waiting for another.

It holds no state that matters: which task is due and who is at it are columns, so a worker can be
killed at any instruction, and several may run.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from chatops.superoffice.client import Client
from chatops.sync import health, jobs, leases
from chatops.sync.jobs import JOBS, Job
from chatops.sync.models import Cursor
from chatops.sync.poll import AtScreen

logger = logging.getLogger(__name__)

#: How often the loop looks what is due, in seconds.
TICK = 0.25
#: After a failure of a task without a lease (its rows have their own) it is left alone for a while.
UNLEASED_PAUSE = 5.0


def nobody() -> Iterable[AtScreen]:
    """No agent is at the screen."""
    return ()


class Worker:
    """Runs tasks. `client` gives the service's client; `agents` the people at the screen;
    `extra` are tasks of others, such as settling actions.
    """

    def __init__(
        self,
        client: Callable[[], Client],
        *,
        agents: Callable[[], Iterable[AtScreen]] = nobody,
        extra: Iterable[Job] = (),
    ) -> None:
        self.jobs: tuple[Job, ...] = (*JOBS, jobs.transfers(agents), *extra)
        self.name = f"{socket.gethostname()[:32]}-{os.getpid()}-{uuid4().hex[:8]}"
        self._client = client
        self._running: dict[str, Future[bool | None]] = {}
        self._unleased_due: dict[str, float] = {}

    def run_once(self) -> dict[str, bool | None]:
        """One round of every task, one after the other; whether each went well.

        None: another worker is at it.
        """
        self._say_alive()
        return {
            job.name: jobs.run(job, self._client, holder=self.name, now_due=True)
            for job in self.jobs
        }

    def run_forever(self, stop: threading.Event) -> None:
        """Until `stop` is set; then what is under way ends or is given back."""
        alive_every = settings.SYNC_LEASE_SECONDS / 3
        said = float("-inf")
        with ThreadPoolExecutor(len(self.jobs), thread_name_prefix="job") as pool:
            while not stop.is_set():
                try:
                    if time.monotonic() - said > alive_every:
                        self._say_alive()
                        said = time.monotonic()
                    self._start_due(pool, stop)
                except DatabaseError:
                    # The database is away for a moment: leases run out by themselves.
                    logger.exception("the worker cannot reach its database")
                    connections.close_all()
                stop.wait(TICK)
            self._wait_for_the_rest(alive_every)
        connections.close_all()

    def _wait_for_the_rest(self, alive_every: float) -> None:
        """Keep the leases of what is still under way."""
        said = time.monotonic()
        while any(not one.done() for one in self._running.values()):
            if time.monotonic() - said > alive_every:
                leases.keep(self.name)
                said = time.monotonic()
            time.sleep(0.02)

    def _say_alive(self) -> None:
        """Prolong the leases of what is under way, and say that a worker is here."""
        leases.keep(self.name)
        Cursor.objects.update_or_create(name=health.WORKER, defaults={"ok_at": timezone.now()})

    def _start_due(self, pool: ThreadPoolExecutor, stop: threading.Event) -> None:
        cursors = Cursor.objects.in_bulk([job.name for job in self.jobs if job.leased])
        for job in self.jobs:
            before = self._running.get(job.name)
            if before is not None and not before.done():
                continue
            if self._is_due(job, cursors.get(job.name)):
                self._running[job.name] = pool.submit(self._round, job, stop)

    def _is_due(self, job: Job, row: Cursor | None) -> bool:
        if not job.leased:
            return time.monotonic() >= self._unleased_due.get(job.name, 0.0)
        return row is None or leases.is_due(row, every=job.every())

    def _round(self, job: Job, stop: threading.Event) -> bool | None:
        """One round on a thread of the pool, whose database connections are closed after it."""
        try:
            went_well = jobs.run(job, self._client, holder=self.name, stop=stop.is_set)
            pause = UNLEASED_PAUSE if went_well is False else job.every()
            self._unleased_due[job.name] = time.monotonic() + pause
            return went_well
        except DatabaseError:
            # Not even the failure could be written down; the lease runs out by itself.
            logger.exception("job without a database", extra={"job": job.name})
            return False
        finally:
            connections.close_all()
