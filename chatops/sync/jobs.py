"""What has to be done again and again, how often, and how one round of it is run.

The worker's loop and Celery's beat use the same table and the same `run`.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from chatops.mirror import feed, text_index
from chatops.remote import abilities
from chatops.superoffice.client import Client
from chatops.superoffice.errors import SuperOfficeError
from chatops.sync import (
    absence,
    accelerator,
    health,
    hooks,
    hours,
    inbox,
    leases,
    nights,
    people,
    poll,
    reconcile,
    screens,
    trust,
)
from chatops.sync.errors import OddAnswer, Stopped
from chatops.sync.fetching import never

logger = logging.getLogger(__name__)

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Job:
    """One task. `run` takes the service's client and a function that says when to stop."""

    name: str
    #: The interval in seconds, asked before each round: it may depend on whether hints arrive.
    every: Callable[[], float]
    run: Callable[[Client, Stop], object]
    #: Whether only one worker may do it at a time. Without, its rows are leased one by one.
    leased: bool = True
    #: While this is so it is not begun, and what is under way is asked to stop.
    rests: Stop = never


def _rarer_with_hints(seconds: float) -> float:
    return seconds * settings.SYNC_TRUSTED_FACTOR if trust.trusted() else seconds


def _sweep(client: Client, stop: Stop) -> object:
    return reconcile.reconcile(client, resume=True, stop=stop)


def _index(_: Client, stop: Stop) -> None:
    """Bring the text index up to the mirror; what is left over when stopped is done next time."""
    while not stop() and text_index.index_due():
        pass


def _housekeeping(_: Client, __: Stop) -> object:
    return {
        "changes": feed.prune(older_than=timedelta(days=settings.FEED_KEEP_DAYS)),
        "hints": inbox.prune(),
        "hours": hours.prune(),
    }


#: How often it is looked whether the server has to be asked again what it can do.
ABILITIES_SECONDS = 3600.0

#: Every task of staying fresh, in the order in which `worker --once` does them.
JOBS: tuple[Job, ...] = (
    Job("people", lambda: settings.SYNC_PEOPLE_SECONDS, lambda c, _: people.refresh(c)),
    Job("abilities", lambda: ABILITIES_SECONDS, lambda c, _: abilities.ask_if_due(c)),
    Job(
        "new",
        lambda: _rarer_with_hints(settings.SYNC_NEW_SECONDS),
        lambda c, _: poll.new_sessions(c),
    ),
    Job(
        "open",
        lambda: _rarer_with_hints(settings.SYNC_OPEN_SECONDS),
        lambda c, _: poll.open_sessions(c),
    ),
    Job("ended", lambda: settings.SYNC_ENDED_SECONDS, lambda c, _: poll.recently_ended(c)),
    Job("inbox", lambda: 0.25, lambda c, stop: inbox.run_due(c, stop=stop), leased=False),
    Job("missing", lambda: 5.0, lambda c, _: absence.settle(c)),
    Job("hook_watch", lambda: settings.SYNC_HOOK_SECONDS, lambda c, _: hooks.watch(c)),
    Job("archive", lambda: 3600.0, lambda c, _: accelerator.prove(c)),
    Job("sweep", nights.until_next, _sweep, rests=nights.is_maintenance),
    # Not leased: where there is nothing to index, nothing is written.
    Job("search", lambda: settings.SEARCH_INDEX_SECONDS, _index, leased=False),
    Job("alarms", lambda: settings.STALE_AFTER_SECONDS / 3, lambda _, __: health.watch()),
    Job("housekeeping", lambda: 3600.0, _housekeeping),
)


#: While nobody has the console open, transfers are looked for so much more rarely.
UNWATCHED = 3


def _rarer_unwatched(seconds: float) -> float:
    return seconds if screens.agents() else seconds * UNWATCHED


def transfers(agents: Callable[[], Iterable[poll.AtScreen]]) -> Job:
    """The task that looks for offered chats. `agents`: the people at the screen now."""
    return Job(
        "transfers",
        lambda: _rarer_unwatched(settings.SYNC_TRANSFERS_SECONDS),
        lambda client, _: poll.transfers(client, agents()),
    )


def run(
    job: Job,
    client: Callable[[], Client],
    *,
    holder: str,
    stop: Stop = never,
    now_due: bool = False,
) -> bool | None:
    """One round of a task, if it is free and due (`now_due`: due or not, and at any hour).

    Whether it went well; None when it was not ours to do. What went wrong is written down, and
    never ends the caller.
    """
    rests = never if now_due else job.rests
    every = job.every()
    if rests():
        return None
    if job.leased and not leases.claim(job.name, holder=holder, every=every, now_due=now_due):
        return None
    began = timezone.now()
    try:
        job.run(client(), lambda: stop() or rests())
    except Stopped:
        leases.let_go(job.name, holder=holder)
        return None
    except (SuperOfficeError, OddAnswer) as error:
        logger.warning("job failed", extra={"job": job.name, "error": leases.told(error)})
        _note_failure(job, error, holder, every)
        return False
    except Exception as error:  # a mistake in one task must not end the others
        logger.exception("job broke", extra={"job": job.name})
        _note_failure(job, error, holder, every)
        return False
    if job.leased:
        leases.succeeded(job.name, holder=holder, every=every, began=began)
    return True


def _note_failure(job: Job, error: Exception, holder: str, every: float) -> None:
    if job.leased:
        leases.failed(job.name, error, holder=holder, every=every)
