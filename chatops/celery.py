"""Work on many machines: the worker's tasks as Celery tasks, with beat as the clock.

Only with CELERY_BROKER_URL; this file alone knows Celery. A message is a wake-up and nothing else:
which task is due and who is at it stays in the rows. So a lost or doubled message, a second beat or
a killed worker do no harm.

    celery -A chatops.celery worker     # any number, on any machine
    celery -A chatops.celery beat       # one; a second one by mistake is harmless
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import django
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatops.settings")
django.setup()

# Models can be imported only after the set-up above.
from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from chatops.ops import working  # noqa: E402
from chatops.remote import wiring  # noqa: E402
from chatops.sync import health, jobs, leases  # noqa: E402
from chatops.sync.models import Cursor  # noqa: E402

#: Wake-ups of one task are this far apart at least and at most, in seconds. At most, because a task
#: that a dead worker held is to be taken up within seconds.
SHORTEST, LONGEST = 0.5, 5.0
ALIVE_EVERY = 5.0

#: The table that the worker's own loop uses.
JOBS = {job.name: job for job in working.make().jobs}


def wake_up_every(name: str) -> float:
    """Seconds between wake-ups: twice as often as the task is due, so that none comes too late."""
    return min(max(JOBS[name].every() / 2, SHORTEST), LONGEST)


@contextmanager
def kept(holder: str) -> Iterator[None]:
    """While the task runs its lease is prolonged, by a thread with a connection of its own."""
    done = threading.Event()

    def keep() -> None:
        try:
            while not done.wait(settings.SYNC_LEASE_SECONDS / 3):
                leases.keep(holder)
        finally:
            connections.close_all()

    keeper = threading.Thread(target=keep, name="keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def run(name: str) -> bool | None:
    """One round of a task, if it is due and nobody is at it; whether it went well."""
    holder = f"celery-{os.getpid()}-{uuid4().hex[:8]}"
    with kept(holder):
        return jobs.run(JOBS[name], wiring.service_client, holder=holder)


def say_alive() -> None:
    """A worker is here, as `doctor`, the console and the metrics want to know."""
    Cursor.objects.update_or_create(name=health.WORKER, defaults={"ok_at": timezone.now()})


app = Celery("chatops", broker=settings.CELERY_BROKER_URL)
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,  # the settings say how is logged
    timezone="UTC",
)
_run = app.task(run, name="chatops.run")
_alive = app.task(say_alive, name="chatops.alive")


def _entry(task: str, seconds: float, *arguments: str) -> dict[str, object]:
    # A wake-up that nobody took in time is dropped: newer ones are behind it.
    options = {"expires": max(2.0, 2 * seconds)}
    return {"task": task, "schedule": seconds, "args": arguments, "options": options}


app.conf.beat_schedule = {
    **{name: _entry("chatops.run", wake_up_every(name), name) for name in JOBS},
    "alive": _entry("chatops.alive", ALIVE_EVERY),
}
