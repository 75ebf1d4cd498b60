"""Polls: what SuperOffice's lists show that we do not hold yet (contract G.6).

Lists say which sessions to read, never what is in them: every value that is stored comes from the
session itself.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from chatops.mirror import bulk, ingest, rows
from chatops.mirror.models import ChatSession, SessionReading
from chatops.remote.gate import GateClosed
from chatops.superoffice import odata, text
from chatops.superoffice.client import Client
from chatops.superoffice.entities import ChatSessionStatus
from chatops.superoffice.errors import (
    CredentialsMissing,
    Forbidden,
    SuperOfficeError,
    Throttled,
    Unauthorized,
)
from chatops.sync import absence, accelerator, alarms, hours, refresh, trust
from chatops.sync.errors import OddAnswer
from chatops.sync.models import Cursor
from chatops.sync.refresh import Outcome

logger = logging.getLogger(__name__)

#: Sessions that ended this lately are read again as they are: ratings and forms come late.
SETTLING = timedelta(minutes=15)
PAGE = 200
BLANK = "blank_lists"


class Held(NamedTuple):
    """What is compared with a list's row, of a session that we hold."""

    status: str
    last_message: str
    rating: int
    gone: bool


def _held(ids: Sequence[int]) -> dict[int, Held]:
    found: dict[int, Held] = {}
    for chunk in bulk.in_chunks(ids):
        columns = ("pk", "status", "last_message", "rating", "gone_at")
        for pk, status, last, rating, gone_at in ChatSession.objects.filter(
            pk__in=chunk
        ).values_list(*columns):
            found[pk] = Held(status, last, rating, gone_at is not None)
    return found


def _finish(outcome: Outcome) -> Outcome:
    """The outcome; raises what kept the round from being complete."""
    if outcome.stopped is not None:
        raise outcome.stopped
    return outcome


# New sessions (step 2)


def new_sessions(client: Client) -> Outcome:
    """Read sessions with ids that we do not hold, from a little below the highest one seen.

    The overlap (SYNC_NEW_OVERLAP_IDS) is for ids that become visible late. The cursor moves with
    every page, so that a first run over everything can be killed anywhere.
    """
    row, _ = Cursor.objects.get_or_create(name="new")
    held = ChatSession.objects.aggregate(top=Max("pk"))["top"] or 0
    # After a restore of an older backup at SuperOffice ids may start lower again; the comparison
    # sets the cursor back (contract A.1).
    seen = row.value or held
    outcome = Outcome()
    for page in client.sessions.list(after=max(seen - settings.SYNC_NEW_OVERLAP_IDS, 0), top=PAGE):
        ids = [one.pk for one in page]
        known = _held(ids)
        outcome += refresh.many(
            client, [one for one in ids if one not in known or known[one].gone], complete=True
        )
        _finish(outcome)
        seen = max(seen, ids[-1])
        Cursor.objects.filter(name="new").update(value=seen)
    return outcome


# The open set (steps 3 and 7)


def open_sessions(client: Client) -> Outcome:
    """Read the open sessions that are new or different, and those that are no longer listed.

    While hints are not trusted, also ask every other open session for new messages: an unchanged
    last text proves little. Raises OddAnswer when the list is empty although chats are open.
    """
    listed = {row.id: row for row in client.sessions.open()}
    open_here = set(ChatSession.objects.open().values_list("pk", flat=True))
    held = _held(sorted(listed.keys() | open_here))
    different = [one for one, row in listed.items() if _differs(row.status, row, held.get(one))]
    unlisted = open_here - listed.keys()
    outcome = refresh.many(client, [*different, *unlisted])
    outcome += _read_conversations(client, (listed.keys() & open_here) - set(different))
    _finish(outcome)
    if outcome.absent:
        absence.settle(client)
    _check_list(bool(listed), unlisted)
    hours.note(polls=1)
    return outcome


def _differs(status: int | None, row: Any, held: Held | None) -> bool:
    if held is None or held.gone:
        return True
    if status is not None and ChatSessionStatus.read(status) != held.status:
        return True
    return text.plain(row.last_message) != held.last_message


def _read_conversations(client: Client, ids: set[int]) -> Outcome:
    """New messages of open sessions; now and then whole conversations, for their read flags."""
    row, _ = Cursor.objects.get_or_create(name="conversations")
    age = settings.SYNC_COMPLETE_SECONDS
    if row.ok_at is None or not 0 <= (timezone.now() - row.ok_at).total_seconds() < age:
        outcome = refresh.many(client, ids, complete=True, carrier=False)
        if outcome.stopped is None:
            Cursor.objects.filter(name="conversations").update(ok_at=timezone.now())
        return outcome
    if accelerator.is_proven():
        return refresh.many(client, ids & accelerator.sessions_with_news(client), carrier=False)
    return Outcome() if trust.trusted() else refresh.many(client, ids, carrier=False)


def _check_list(anything_listed: bool, unlisted: Iterable[int]) -> None:
    """An empty list while a session says of itself that it is open is not to be believed."""
    if anything_listed:
        alarms.end(BLANK)
        return
    contradicting = ChatSession.objects.open().filter(pk__in=list(unlisted)[:PAGE]).count()
    if contradicting:
        odd = (
            f"SuperOffice's list of open chats is empty, but {contradicting} of them say that they "
            "are open. New chats may be missing here until the list is right again."
        )
        alarms.sound(BLANK, odd)
        raise OddAnswer(odd)
    alarms.end(BLANK)


# Transfers (step 4): no list shows them and no event is promised


@dataclass(frozen=True, slots=True)
class AtScreen:
    """A person who has the console open: a client in their name, and whom to tell (`refused`) when
    SuperOffice does not accept it."""

    client: Client
    refused: Callable[[], object]


def transfers(client: Client, people: Iterable[AtScreen] = ()) -> Outcome:
    """Who has been asked to take over: what each of these people is shown, and open sessions.

    What goes wrong for one person stops nobody else; only a pause that SuperOffice or the gate
    wants is everybody's, and raised. Of the open sessions SYNC_TRANSFERS_BATCH are read, or what a
    quarter of the call budget allows; those first that were not read for longest.
    """
    for one in people:
        try:
            _store_shown(one.client)
        except (GateClosed, Throttled):
            raise
        except (SuperOfficeError, ValueError) as error:  # ValueError: an answer that is no session
            logger.warning("a person's account", extra={"error": type(error).__name__})
            if isinstance(error, (Unauthorized, Forbidden, CredentialsMissing)):
                one.refused()
    if accelerator.is_proven():
        offered = ChatSession.objects.open().filter(transfer_to_id__isnull=False)
        here = set(offered.values_list("pk", flat=True))
        return _finish(refresh.many(client, here | accelerator.offered_to(client)))
    ids = ChatSession.objects.open().values("pk")
    stalest = SessionReading.objects.filter(session_id__in=ids).order_by("read_at", "session_id")
    batch = list(stalest.values_list("session_id", flat=True)[: _transfers_batch()])
    return _finish(refresh.many(client, batch))


def _transfers_batch() -> int:
    """Two calls for a session; the rest of the budget belongs to hints and to the open set."""
    rate = settings.REMOTE_CALLS_PER_SECOND
    affordable = max(int(rate * settings.SYNC_TRANSFERS_SECONDS / 8), 1)
    batch: int = settings.SYNC_TRANSFERS_BATCH
    return min(batch, affordable) if rate else batch


def _store_shown(agent: Client) -> None:
    """`ForCurrentUser`: absence from it means nothing, and rights differ by agent (L 20)."""
    reading = ingest.next_reading()
    shown = agent.sessions.for_current_user()
    until = ingest.next_reading()
    digests = {one.id: rows.content_digest(one.raw) for one in shown if one.is_open}
    held: dict[int, str] = {}
    for chunk in bulk.in_chunks(sorted(digests)):
        found = SessionReading.objects.filter(session_id__in=chunk)
        held.update(found.values_list("session_id", "content"))
    for one in shown:
        if one.id in digests and held.get(one.id) != digests[one.id]:
            ingest.store_session(one.raw, reading=reading, until=until)


# Recently ended (step 5)


def recently_ended(client: Client) -> Outcome:
    """Read sessions that ended lately and differ from what we hold: ratings, reopened ones.

    The window overlaps by SYNC_ENDED_OVERLAP_SECONDS, because the zone in which SuperOffice reads
    the moment is open (L 16).
    """
    row = Cursor.objects.filter(name="ended").first()
    now = timezone.now()
    last = row.ok_at if row and row.ok_at else now
    since = min(last, now) - timedelta(seconds=settings.SYNC_ENDED_OVERLAP_SECONDS)
    listed: dict[int, Mapping[str, Any]] = {}
    for page in client.sessions.list(
        filter=odata.at_or_after("whenEnded", since),
        select=("chatSessionId", "status", "rating", "lastMessage"),
        mode="Full",
        top=odata.LARGEST_PAGE,
    ):
        listed.update((one.pk, one.values) for one in page)
    held = _held(sorted(listed))
    different = {one for one, values in listed.items() if _ended_differs(values, held.get(one))}
    settling = ChatSession.objects.here().filter(ended_at__gte=now - SETTLING)
    different |= listed.keys() & set(settling.values_list("pk", flat=True))
    return _finish(refresh.many(client, different))


def _ended_differs(values: Mapping[str, Any], held: Held | None) -> bool:
    if held is None or held.gone:
        return True
    status, rating, last = (values.get(name) for name in ("status", "rating", "lastMessage"))
    return (
        (isinstance(status, int) and ChatSessionStatus.read(status) != held.status)
        or (isinstance(rating, int) and rating != held.rating)
        or (isinstance(last, str) and text.plain(last) != held.last_message)
    )
