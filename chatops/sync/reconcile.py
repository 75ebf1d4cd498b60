"""The full comparison, by ranges of session ids: what differs is repaired, what is equal is proved.

For each range SuperOffice's list is walked, every session and conversation in it is read, and
digests of what was said and of what we hold are kept. A proof is equal only when all of it was
read, and was the same on both sides afterwards.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from chatops.mirror.models import ChatSession
from chatops.superoffice.client import Client
from chatops.superoffice.errors import SuperOfficeError
from chatops.superoffice.exchange import Rank
from chatops.sync import absence, hours, leases, ranges
from chatops.sync.errors import OddAnswer, Stopped
from chatops.sync.fetching import never
from chatops.sync.models import Cursor, RangeProof, SyncRun
from chatops.sync.ranges import Comparison, Range

logger = logging.getLogger(__name__)

#: An interrupted comparison is gone on with for this long; then it begins anew.
RESUMED_WITHIN = timedelta(days=1)

#: Called with the sessions compared so far.
Progress = Callable[[int], None]


@dataclass(slots=True)
class Report:
    """What a comparison found and did."""

    dry_run: bool = False
    #: It came to the end; without that nothing is known of what it did not reach.
    complete: bool = False
    ranges: int = 0
    ranges_equal: int = 0
    sessions: int = 0
    #: Not equal when the comparison came to them; of these, unknown here before.
    differed: int = 0
    unknown_here: int = 0
    repaired: int = 0
    #: Held here, listed nowhere and answered with 404; of these, now with a tombstone.
    missing: int = 0
    gone: int = 0
    #: Could not be read or understood.
    unread: int = 0
    #: Why missing sessions were not given tombstones, or what was odd.
    held_back: str = ""
    seconds: float = 0.0

    @property
    def is_equal(self) -> bool:
        """Whether everything was compared, and was the same in the end."""
        return self.complete and self.ranges == self.ranges_equal and not self.held_back

    def as_dict(self) -> dict[str, Any]:
        """For `--json`, the run's row and the API."""
        return {**asdict(self), "is_equal": self.is_equal}


@dataclass
class _Sweep:
    client: Client
    report: Report
    run: SyncRun | None
    #: Ranges with sessions that are missing at SuperOffice, until those are settled.
    pending: list[Comparison] = field(default_factory=list)

    def take(self, comparison: Comparison) -> None:
        """Count a compared range, and keep its proof unless this only looks."""
        report = self.report
        report.ranges += 1
        report.ranges_equal += comparison.is_equal
        report.sessions += len(comparison.said)
        report.differed += len(comparison.differed)
        report.unknown_here += comparison.unknown_here
        report.repaired += comparison.repaired
        report.missing += len(comparison.missing)
        report.unread += len(comparison.unread)
        if self.run is None:
            return
        prove(comparison)
        if comparison.missing:
            self.pending.append(comparison)
        self.run.through = comparison.range.last
        self.run.counts = report.as_dict()
        self.run.save(update_fields=["through", "counts"])

    def settle(self, *, accept: bool) -> None:
        """Decide what is missing; the proofs of its ranges are then made again."""
        settled = absence.settle(self.client, at_once=True, accept=accept)
        self.report.gone = len(settled.gone)
        self.report.held_back = settled.held_back
        for comparison in self.pending:
            was = comparison.is_equal
            comparison.look_again(gone=settled.gone)
            prove(comparison)
            self.report.ranges_equal += comparison.is_equal - was


def reconcile(
    client: Client,
    *,
    dry_run: bool = False,
    accept_gone: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] = never,
) -> Report:
    """Compare everything with SuperOffice and repair what differs.

    `dry_run` changes nothing and proves nothing. `accept_gone`: a person has looked, and however
    many sessions are missing may go. `resume`: go on with an interrupted comparison. Raises Stopped
    or SuperOfficeError; what was compared by then is kept.
    """
    started = time.monotonic()
    run = None if dry_run else _run(resume=resume)
    sweep = _Sweep(client.ranked(Rank.WHOLE), _report(run, dry_run), run)
    try:
        _walk(sweep, progress, stop)
        if not dry_run:
            sweep.settle(accept=accept_gone)
        sweep.report.complete = True
    except OddAnswer as odd:
        sweep.report.held_back = odd.detail
    except SuperOfficeError as error:
        if run is not None:
            SyncRun.objects.filter(pk=run.pk).update(error=leases.told(error))
        raise
    sweep.report.seconds = round(time.monotonic() - started, 1)
    if run is not None:
        _end(run, sweep.report)
    return sweep.report


def _run(*, resume: bool) -> SyncRun:
    rows = SyncRun.objects.filter(kind=SyncRun.Kind.RECONCILE, ended_at=None)
    fresh = rows.filter(started_at__gt=timezone.now() - RESUMED_WITHIN)
    last = fresh.order_by("-pk").first() if resume else None
    if last is not None:
        return last
    rows.update(ended_at=timezone.now(), ok=False)  # whoever began them is not coming back
    return SyncRun.objects.create(kind=SyncRun.Kind.RECONCILE)


def _report(run: SyncRun | None, dry_run: bool) -> Report:
    kept = dict(run.counts) if run is not None else {}
    kept.pop("is_equal", None)
    return Report(**kept) if kept else Report(dry_run=dry_run)


def _end(run: SyncRun, report: Report) -> None:
    run.ended_at, run.ok, run.counts = timezone.now(), report.is_equal, report.as_dict()
    run.error = report.held_back[:255]
    run.save()
    logger.info("compared", extra={"run": run.pk, **report.as_dict()})


def _walk(sweep: _Sweep, progress: Progress | None, stop: Callable[[], bool]) -> None:
    write = sweep.run is not None
    after = sweep.run.through if sweep.run is not None else 0
    highest = after
    reached = after
    for one, listed in _ranges(sweep.client, after):
        if write:
            # Nothing here and nothing there any more: proofs of empty ranges say nothing.
            RangeProof.objects.filter(first_id__gt=reached, first_id__lt=one.first).delete()
        sweep.take(ranges.compare_range(sweep.client, one, listed, write=write, stop=stop))
        reached, highest = one.last, max([highest, *listed])
        if progress:
            progress(sweep.report.sessions)
        if stop():
            raise Stopped
    if write:
        RangeProof.objects.filter(first_id__gt=reached).delete()
        # Where new sessions are looked for: after a restore of a backup at SuperOffice, ids may
        # have gone back (contract A.1).
        Cursor.objects.update_or_create(name="new", defaults={"value": highest})


class _Listed:
    """SuperOffice's ids, of which the next one can be looked at before it is taken."""

    def __init__(self, client: Client, after: int) -> None:
        self._ids = client.sessions.ids(after=after)
        self.next = next(self._ids, None)

    def up_to(self, last: int) -> list[int]:
        """Take the ids up to `last`."""
        taken = []
        while self.next is not None and self.next <= last:
            taken.append(self.next)
            self.next = next(self._ids, None)
        return taken


def _next_here(after: int) -> int | None:
    """The lowest session id above `after` that we hold."""
    rows = ChatSession.objects.here().filter(pk__gt=after).order_by("pk")
    return rows.values_list("pk", flat=True).first()


def _ranges(client: Client, after: int) -> Iterator[tuple[Range, list[int]]]:
    """Ranges in which there are sessions, there or here, with the ids that are listed there."""
    listed = _Listed(client, after)
    reached = after
    while True:
        ahead = [one for one in (listed.next, _next_here(reached)) if one is not None]
        if not ahead:
            return
        one = Range.around(min(ahead))
        yield one, listed.up_to(one.last)
        reached = one.last


def prove(comparison: Comparison) -> None:
    """Keep what was compared, whatever it was."""
    RangeProof.objects.update_or_create(
        first_id=comparison.range.first, defaults=comparison.proof()
    )
    if comparison.is_equal:
        hours.note(compared=1)
