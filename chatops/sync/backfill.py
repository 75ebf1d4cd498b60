"""Everything once, by ascending id, so that what is newest is read last.

A page is stored together with the note that it is done, in one transaction: killed anywhere, the
next start goes on with the page that was not finished, and the totals are those of one run.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chatops.mirror.ingest import Counts
from chatops.superoffice import odata
from chatops.superoffice.client import Client
from chatops.superoffice.errors import SuperOfficeError
from chatops.superoffice.exchange import Rank
from chatops.sync import absence, health, leases, people, poll, reading
from chatops.sync.errors import Stopped
from chatops.sync.fetching import never
from chatops.sync.models import Cursor, SyncRun

__all__ = ["Progress", "Report", "Stopped", "backfill"]

LARGEST_PAGE, SMALLEST_PAGE = 200, 10
#: How long reading a page may take by the call budget, in seconds: so much is lost when killed.
PAGE_SECONDS = 5.0
#: In which zone SuperOffice reads a moment is open (L 16): `since` reaches back this much further.
ZONES = timedelta(days=1)
_HIGHEST_ID = 2**31 - 1

#: Called with the sessions done, and an estimate of how many there are (None: not known yet).
Progress = Callable[[int, int | None], None]


@dataclass(slots=True)
class Report:
    """What a backfill found and changed, over all its starts."""

    seen: int = 0
    failed: int = 0
    absent: int = 0
    sessions: Counts = field(default_factory=Counts)
    messages: Counts = field(default_factory=Counts)

    @classmethod
    def of(cls, counts: dict[str, object]) -> "Report":
        """The report that a run has kept."""
        kept = dict(counts)
        sessions, messages = kept.pop("sessions", {}), kept.pop("messages", {})
        known = {name: kept[name] for name in ("seen", "failed", "absent") if name in kept}
        return cls(
            **known,  # type: ignore[arg-type]  # JSON that we wrote ourselves
            sessions=Counts(**sessions),  # type: ignore[arg-type]
            messages=Counts(**messages),  # type: ignore[arg-type]
        )

    @property
    def changed_nothing(self) -> bool:
        """Whether all that SuperOffice has was here already, as it is."""
        both = self.sessions + self.messages
        return not (both.created or both.changed or both.gone or self.failed)


def backfill(
    client: Client,
    *,
    since: datetime | None = None,
    page: int | None = None,
    progress: Progress | None = None,
    stop: Callable[[], bool] = never,
) -> Report:
    """Read every session (`since`: requested at or after) with its messages; what came of it.

    `page` sessions are held in memory and stored at a time. An unfinished run is gone on with.
    Raises Stopped, or SuperOfficeError when SuperOffice does not answer; both leave a run that can
    be gone on with.
    """
    client = client.ranked(Rank.WHOLE)
    run = _run(since)
    report = Report.of(run.counts)
    try:
        people.refresh(client)
        highest = _highest_id(client, run.through) if progress else 0
        first = 0
        pages = _pages(client, run.through, since, page or _page_size())
        for ids in pages:
            first = first or ids[0]
            _store_page(client, ids, run, report, stop)
            if progress:
                progress(report.seen, _estimate(report.seen, first, ids[-1], highest))
            if stop():
                raise Stopped
        # What opened, changed or ended while the pages were read.
        poll.new_sessions(client)
        poll.open_sessions(client)
        Cursor.objects.update_or_create(name=health.OPEN, defaults={"ok_at": timezone.now()})
    except SuperOfficeError as error:
        SyncRun.objects.filter(pk=run.pk).update(error=leases.told(error))
        raise
    SyncRun.objects.filter(pk=run.pk).update(
        ended_at=timezone.now(), ok=not report.failed, error=""
    )
    return report


def _run(since: datetime | None) -> SyncRun:
    """The unfinished run of the same question, or a new one."""
    asked = since.isoformat() if since else ""
    last = SyncRun.objects.filter(kind=SyncRun.Kind.BACKFILL, ended_at=None).order_by("-pk").first()
    if last is not None and last.counts.get("since", "") == asked:
        return last
    return SyncRun.objects.create(kind=SyncRun.Kind.BACKFILL, counts={"since": asked})


def _pages(client: Client, after: int, since: datetime | None, size: int) -> Iterator[list[int]]:
    requested = None if since is None else odata.at_or_after("whenRequested", since - ZONES)
    for rows in client.sessions.list(filter=requested, after=after, top=size):
        yield [row.pk for row in rows]


def _page_size() -> int:
    """Large pages are quick to store; small ones are soon done where calls are rationed."""
    rate = settings.REMOTE_CALLS_PER_SECOND
    if not rate:
        return LARGEST_PAGE
    return int(min(max(rate * PAGE_SECONDS / 2, SMALLEST_PAGE), LARGEST_PAGE))


def _store_page(
    client: Client, ids: list[int], run: SyncRun, report: Report, stop: Callable[[], bool]
) -> None:
    batch = reading.read(client, [reading.Wish(one) for one in ids], stop=stop)
    if batch.stopped is not None:
        raise batch.stopped
    with transaction.atomic():
        stored = reading.store(batch)
        report.seen += len(ids)
        report.failed += len(batch.failed) + len(stored.odd)
        report.absent += len(batch.absent)
        report.sessions += stored.sessions
        report.messages += stored.messages
        run.through = ids[-1]
        run.counts = {**run.counts, **asdict(report)}
        run.save(update_fields=["through", "counts"])
        Cursor.objects.get_or_create(name="new")
        Cursor.objects.filter(name="new", value__lt=ids[-1]).update(value=ids[-1])
    absence.note(batch.absent, reading=batch.reading)


# How far it is


def _highest_id(client: Client, known: int) -> int:
    """The highest session id, by some twenty questions "is there one above": no count is asked for.

    A count is expensive at SuperOffice (contract J.3), and listing all ids first takes a call per
    500 sessions.
    """
    low, step = known, 1024
    while low + step < _HIGHEST_ID and (above := _first_above(client, low + step)):
        low, step = above, step * 2
    high = min(low + step, _HIGHEST_ID)
    while low < high:
        middle = (low + high) // 2
        above = _first_above(client, middle)
        if above:
            low = above
        else:
            high = middle
    return low


def _first_above(client: Client, session_id: int) -> int:
    page = next(iter(client.sessions.list(after=session_id, top=1)), [])
    return page[0].pk if page else 0


def _estimate(seen: int, first: int, last: int, highest: int) -> int:
    """How many sessions there are in all, if they go on to be as dense as they were so far."""
    density = min(seen / max(last - first + 1, 1), 1.0)
    return seen + round(max(highest - last, 0) * density)
