"""Sessions that SuperOffice no longer knows: suspected first, a tombstone only when it is certain.

One odd answer deletes nothing. A tombstone takes a 404 now and a 404 at an earlier time, a list
without the session, and proof that SuperOffice knows its sessions at all: another one that answers.
More than max(MIRROR_MAX_GONE, MIRROR_MAX_GONE_SHARE) within an hour is not a clean-up but
a mistake of somebody's: nothing is removed, and a person is told.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chatops.mirror import bulk, ingest
from chatops.mirror.models import ChatSession, SessionReading
from chatops.superoffice import odata
from chatops.superoffice.client import Client
from chatops.superoffice.errors import NotFound
from chatops.sync import alarms, reading
from chatops.sync.models import Absence

TOO_MANY = "too_many_gone"
ODD = "known_sessions_missing"
#: Tombstones that count as "at once".
AT_ONCE = timedelta(hours=1)
#: So many other sessions are tried before SuperOffice is taken to know none.
WITNESSES = 3


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the suspicions that were old enough."""

    gone: tuple[int, ...] = ()
    back: tuple[int, ...] = ()
    #: Why the others wait; empty when none do.
    held_back: str = ""


def note(ids: Collection[int], *, reading: int) -> list[int]:
    """Suspect those of these sessions that we hold; which. `reading` is that of the 404."""
    if not ids:
        return []
    held: list[int] = []
    for chunk in bulk.in_chunks(sorted(ids)):
        held += ChatSession.objects.here().filter(pk__in=chunk).values_list("pk", flat=True)
    _drop_what_was_read_since(held)
    Absence.objects.bulk_create(
        [Absence(session_id=one, reading=reading) for one in held], ignore_conflicts=True
    )
    return held


def settle(client: Client, *, at_once: bool = False, accept: bool = False) -> Settled:
    """Decide the suspicions that are SYNC_GONE_AFTER_SECONDS old (`at_once`: all of them).

    `accept`: a person has looked, and as many as there are may go. Raises SuperOfficeError when
    SuperOffice stops answering.
    """
    _drop_what_was_read_since(_waiting())
    patience = timedelta(seconds=0 if at_once else settings.SYNC_GONE_AFTER_SECONDS)
    due = _waiting(noted_by=timezone.now() - patience)
    if not due:
        if not Absence.objects.exists():
            alarms.end(TOO_MANY)
            alarms.end(ODD)
        return Settled()
    if not accept and (many := _too_many(len(due))):
        alarms.sound(TOO_MANY, many)
        return Settled(held_back=many)
    alarms.end(TOO_MANY)
    batch = reading.read(client, [reading.Wish(one) for one in due])
    reading.store(batch)
    back = [one.session_id for one in batch.reads]
    Absence.objects.filter(session_id__in=back).delete()
    if batch.stopped is not None:
        raise batch.stopped
    odd = _contradiction(client, batch.absent)
    if odd:
        alarms.sound(ODD, odd)
        return Settled(back=tuple(sorted(back)), held_back=odd)
    alarms.end(ODD)
    _bury(batch.absent, reading=batch.reading)
    return Settled(gone=tuple(sorted(batch.absent)), back=tuple(sorted(back)))


def _bury(ids: Collection[int], *, reading: int) -> None:
    until = ingest.next_reading()
    with transaction.atomic():
        ingest.mark_gone([*ids], reading=reading, until=until)
        Absence.objects.filter(session_id__in=ids).delete()


def _waiting(*, noted_by: datetime | None = None) -> list[int]:
    """The sessions under suspicion (`noted_by`: since then or longer)."""
    rows = Absence.objects.order_by("session_id")
    if noted_by is not None:
        rows = rows.filter(first_at__lte=noted_by)
    return list(rows.values_list("session_id", flat=True))


def limit() -> int:
    """How many sessions may go at once."""
    share = ceil(ChatSession.objects.here().count() * settings.MIRROR_MAX_GONE_SHARE)
    return int(max(settings.MIRROR_MAX_GONE, share))


def _too_many(going: int) -> str:
    since = timezone.now() - AT_ONCE
    lately = ChatSession.objects.filter(gone_at__gt=since).count()
    allowed = limit()
    if going + lately <= allowed:
        return ""
    return (
        f"{going} sessions are missing at SuperOffice ({lately} more went within the last hour), "
        f"more than the {allowed} that may go at once. Nothing was removed: look at SuperOffice, "
        "then accept it with a reconcile, or wait until they are back."
    )


def _contradiction(client: Client, missing: Collection[int]) -> str:
    """Why SuperOffice's 404s are not to be believed; empty when nothing speaks against them."""
    if not missing:
        return ""
    others = list(
        ChatSession.objects.here()
        .exclude(pk__in=[*missing][:500])
        .order_by("-pk")
        .values_list("pk", flat=True)[:WITNESSES]
    )
    if others and not any(_answers(client, one) for one in others):
        return (
            "SuperOffice says that it does not know sessions, but it does not know any others "
            "either. Nothing was removed."
        )
    listed = 0
    for one in missing:
        near = _neighbours(one, missing)
        page = _page_around(client, min([one, *near]))
        listed += one in page
        if near and page.isdisjoint(near):
            return (
                "SuperOffice's list lacks sessions that it was not said to miss, besides those "
                "that it does not know. Nothing was removed."
            )
    if listed:
        return (
            f"SuperOffice says that it does not know {listed} sessions that are in its list. "
            "Nothing was removed."
        )
    return ""


def _neighbours(session_id: int, missing: Collection[int]) -> set[int]:
    """Sessions that we hold, nearest by their ids: a list that has none of them is odd itself."""
    here = ChatSession.objects.here().exclude(pk__in=[*missing][:500])
    below = here.filter(pk__lt=session_id).order_by("-pk").values_list("pk", flat=True)
    above = here.filter(pk__gt=session_id).order_by("pk").values_list("pk", flat=True)
    return {*below[:WITNESSES], *above[:WITNESSES]}


def _page_around(client: Client, first: int) -> set[int]:
    """The ids of one answer, from `first` on."""
    page = next(iter(client.sessions.list(after=first - 1, top=odata.LARGEST_PAGE)), [])
    return {row.pk for row in page}


def _answers(client: Client, session_id: int) -> bool:
    try:
        client.sessions.get_raw(session_id)
    except NotFound:
        return False
    return True


def _drop_what_was_read_since(ids: Collection[int]) -> None:
    """A session that was read after it had been missed is there."""
    for chunk in bulk.in_chunks(sorted(ids)):
        suspected = dict(
            Absence.objects.filter(session_id__in=chunk).values_list("session_id", "reading")
        )
        readings = SessionReading.objects.filter(session_id__in=list(suspected))
        back = [row.session_id for row in readings if row.reading > suspected[row.session_id]]
        Absence.objects.filter(session_id__in=back).delete()
