"""The worker, put together: staying fresh, settling actions, and an end within bounds."""

import logging
import os
import threading
from collections.abc import Iterator
from functools import partial

from django.conf import settings
from django.db import Error

from chatops.actions import settle
from chatops.bulk import carrying
from chatops.bulk import forgetting as old_runs
from chatops.mirror import statistics
from chatops.remote import linking, wiring
from chatops.remote.models import Agent
from chatops.reports import forgetting
from chatops.subscriptions import delivering
from chatops.superoffice.errors import CredentialsMissing
from chatops.sync import leases, poll, screens
from chatops.sync.jobs import Job
from chatops.sync.worker import Worker

logger = logging.getLogger(__name__)

#: Seconds between looks at actions whose outcome is open.
SETTLE_EVERY = 0.5
#: Seconds between looks for rows of bulk runs.
BULK_EVERY = 0.5
#: Seconds between looks for what has become too old to be kept.
RETENTION_EVERY = 3600.0
#: Seconds between looks at how the tables have grown.
STATISTICS_EVERY = 600.0


def agents_at_the_screen() -> Iterator[poll.AtScreen]:
    """Each linked person who has the console open."""
    linked = Agent.objects.select_related("credential").filter(pk__in=screens.agents())
    for agent in linked.filter(credential__broken_at=None):
        try:
            client = wiring.client_for(agent)
        except CredentialsMissing:
            continue  # unlinked in this moment
        yield poll.AtScreen(client, partial(linking.doubt, agent))


#: What the worker does besides staying fresh.
EXTRA = (
    Job(
        "settle",
        lambda: SETTLE_EVERY,
        # Somebody waits for what it reads, so it goes before the polls.
        lambda _, __: settle.run_due(wiring.service_client(person=True)),
        leased=False,  # its rows are leased one by one
    ),
    Job("bulk", lambda: BULK_EVERY, lambda _, stop: carrying.run_due(stop), leased=False),
    Job("old_runs", lambda: RETENTION_EVERY, lambda _, __: old_runs.prune()),
    Job(
        "subscriptions",
        lambda: settings.SUBSCRIPTION_SECONDS,
        lambda _, __: delivering.run_due(),
        leased=False,
    ),
    Job("statistics", lambda: STATISTICS_EVERY, lambda _, __: statistics.refresh()),
    Job("retention", lambda: RETENTION_EVERY, lambda _, stop: forgetting.run_due(stop)),
)


def make() -> Worker:
    """A worker with everything there is to do."""
    return Worker(wiring.service_client, agents=agents_at_the_screen, extra=EXTRA)


def run(worker: Worker, asked: threading.Event, *, patience: float) -> None:
    """Work until `asked`; what is still under way `patience` seconds later is given back.

    It can be: what a job has done is in its rows, and the next worker goes on from there.
    """
    ended = threading.Event()
    watch = threading.Thread(
        target=_end_hard, args=(worker, asked, ended, patience), name="patience", daemon=True
    )
    watch.start()
    worker.run_forever(asked)
    ended.set()
    watch.join()


def _end_hard(
    worker: Worker, asked: threading.Event, ended: threading.Event, patience: float
) -> None:
    asked.wait()
    if ended.wait(patience):
        return
    try:
        for job in worker.jobs:
            leases.let_go(job.name, holder=worker.name)
    except Error:
        logger.warning("leases were not given back; they run out")
    logging.shutdown()
    os._exit(0)
