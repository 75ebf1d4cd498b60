"""Received hints: stored once and at once, worked off later, retried, re-run, dropped by age.

A hint says that something happened to a session, never what: the worker reads the session, and
nothing of the hint's body is copied anywhere (contract, fact 3).
"""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from itertools import chain, islice
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Count, F
from django.utils import timezone

from chatops.mirror.querysets import verbatim
from chatops.remote import gate
from chatops.superoffice import webhooks
from chatops.superoffice.client import Client
from chatops.superoffice.errors import NotSent, SuperOfficeError
from chatops.superoffice.exchange import Rank
from chatops.superoffice.waiting import LONGEST_WAIT
from chatops.sync import absence, leases, refresh
from chatops.sync.fetching import never
from chatops.sync.models import WebhookDelivery

State = WebhookDelivery.State


_OPEN = verbatim("state IN ('waiting', 'failed')")
_RARE = verbatim("state IN ('ignored', 'failed', 'dead')")
#: Seconds until the next try, by tries made; the last holds for all further ones.
BACKOFF = (1, 5, 30, 120)
#: After so many failures only a person tries again.
TRIES = 8
#: A session that SuperOffice does not know may not be visible yet; after so many tries it is not.
TRIES_UNKNOWN = 4
#: So many hints are looked at together.
BATCH = 200
#: Sessions of a round, per reading thread: what is read is stored, and so seen, round by round.
OF_A_THREAD = 2
LONGEST_ID = 64


#: One statement, its own transaction, for all that came together: at 200 a second each further one
#: counts. `repeats` of a new row are those that came with it.
_INSERT = """
INSERT INTO sync_webhookdelivery
    (event_id, event, session_id, received_at, due_at, state, settled_at, detail, repeats, attempts)
VALUES {rows}
ON CONFLICT (event_id) DO UPDATE SET
    repeats = sync_webhookdelivery.repeats + 1 + excluded.repeats
RETURNING event_id, repeats
"""
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, 0)"
_DOOR = threading.Lock()
#: Seconds that a hint waits for the database; then SuperOffice is told to come again.
PATIENCE = 1.4


@contextmanager
def _turn() -> Iterator[None]:
    """SQLite lets one write at a time and the others look again later and later: here whoever is
    next writes as soon as it is free. PostgreSQL commits many at once, and better without.

    Raises OperationalError when the database does not come free in PATIENCE seconds, or nearly
    twice that: later, SuperOffice has hung up anyway.
    """
    if connection.vendor != "sqlite":
        yield
        return
    if not _DOOR.acquire(timeout=PATIENCE):
        raise OperationalError("Too many hints wait to be stored.")
    try:
        _wait_at_most(PATIENCE)
        try:
            yield
        finally:
            _wait_at_most(connection.settings_dict["OPTIONS"]["timeout"])
    finally:
        _DOOR.release()


def _wait_at_most(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


class Verdict(StrEnum):
    """What became of a delivery at the door; the answer to SuperOffice is 200 for all of them."""

    STORED = "stored"
    REPEATED = "repeated"
    #: Signed, but nothing we act on: a test, a ping, an event we do not know, or no JSON at all.
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Hint:
    """A delivery as it is remembered: nothing else of its body is kept."""

    #: What makes it the same as another.
    key: str
    event: str = ""
    #: The session to read; None when there is none.
    session_id: int | None = None
    detail: str = ""


def read(body: bytes, event_header: str | None = None) -> Hint:
    """What is remembered of a delivery, whatever it contains.

    Keyed by the event's id in the body, else by the header's, else by the body itself (L 26).
    """
    try:
        payload = webhooks.parse(body)
    except webhooks.UnreadableWebhook as error:
        return Hint(_digest(body), detail=str(error))
    event_id = payload.event_id or event_header or ""
    # Resends of one event have one id; two events of a sender without ids differ in their bodies.
    key = event_id if 0 < len(event_id) <= LONGEST_ID else _digest(body)
    return Hint(
        key.replace("\x00", ""),
        event=payload.event[:64],
        session_id=None if payload.is_test else payload.session_id,
    )


def store(body: bytes, event_header: str | None = None) -> Verdict:
    """Remember a delivery, whose signature the caller has checked, once. No remote call.

    Raises DatabaseError, within 3 seconds on SQLite, when it cannot be stored.
    """
    return store_all([read(body, event_header)])[0]


def store_all(hints: Sequence[Hint]) -> list[Verdict]:
    """Remember these in one commit; what became of each. Raises DatabaseError: none is stored."""
    times = Counter(hint.key for hint in hints)
    # In one order everywhere, so that two processes with the same hints never wait for each other.
    first = sorted({hint.key: hint for hint in reversed(hints)}.values(), key=lambda one: one.key)
    values: list[Any] = []
    for hint in first:
        values += _row(hint, repeats=times[hint.key] - 1)
    with _turn(), connection.cursor() as cursor:
        cursor.execute(_INSERT.format(rows=", ".join([_ROW] * len(first))), values)
        held: dict[str, int] = dict(cursor.fetchall())
    new = {key for key, repeats in held.items() if repeats == times[key] - 1}
    return [_verdict(hint, new) for hint in hints]


def _verdict(hint: Hint, new: set[str]) -> Verdict:
    if hint.key not in new:
        return Verdict.REPEATED
    new.remove(hint.key)  # what comes with it is a repeat
    return Verdict.IGNORED if hint.session_id is None else Verdict.STORED


def _digest(body: bytes) -> str:
    return f"digest:{blake2b(body, digest_size=16).hexdigest()}"


def _row(hint: Hint, *, repeats: int) -> tuple[object, ...]:
    ignored = hint.session_id is None
    moment = connection.ops.adapt_datetimefield_value(timezone.now())
    state = State.IGNORED if ignored else State.WAITING
    settled = moment if ignored else None
    who = (hint.key, hint.event, hint.session_id)
    return (*who, moment, moment, state, settled, hint.detail, repeats)


def run_due(client: Client, *, stop: Callable[[], bool] = never) -> int:
    """Work off hints that are due, round by round, until none is left or half a lease is over: one
    read per session of a round, however many hints it has. How many hints.

    These reads go before those of polls. While no call may pass hints stay as they are: writing
    them down as held back, over and over, would keep new ones waiting for the database.
    """
    if gate.is_closed():
        return 0
    hinted = client.ranked(Rank.HINT)
    done = 0
    end = time.monotonic() + settings.SYNC_LEASE_SECONDS / 2
    while (taken := take()) and _work_off(hinted, taken):
        done += len(taken)
        if stop() or time.monotonic() > end:
            return done
    return done + len(taken)


def _work_off(client: Client, taken: list[WebhookDelivery]) -> bool:
    """Read the sessions of these hints; whether SuperOffice answers at all."""
    by_session: dict[int, list[WebhookDelivery]] = defaultdict(list)
    for delivery in taken:
        by_session[delivery.session_id or 0].append(delivery)
    outcome = refresh.many(client, by_session)
    if outcome.absent:
        absence.settle(client)
    absent = set(outcome.absent)
    odd = set(outcome.stored.odd)
    for session_id, deliveries in by_session.items():
        if session_id in odd:
            _failed(deliveries, "The answer could not be understood.")
        elif session_id in absent:
            _unknown(deliveries)
        elif (error := outcome.failed.get(session_id)) is not None:
            _failed(deliveries, error)
        elif outcome.stopped is not None and session_id not in outcome.read:
            _failed(deliveries, outcome.stopped, tried=False)
        else:
            _applied(deliveries)
    return outcome.stopped is None


def take() -> list[WebhookDelivery]:
    """Due hints of some sessions, ours for a lease: whoever dies over them loses nothing.

    If reading them takes longer after all, another worker reads them as well, which does no harm.
    """
    now = timezone.now()
    is_open = WebhookDelivery.objects.filter(_OPEN)
    due = is_open.filter(due_at__lte=now)
    if not due.exists():
        due = is_open.filter(due_at__gt=_latest(now))  # written before the clock was set back
        if not due.exists():  # looked at several times a second: no write lock for nothing
            return []
    with transaction.atomic():
        rows = due.select_for_update(skip_locked=True).order_by("due_at", "pk")
        taken = _of_a_round(rows[:BATCH])
        WebhookDelivery.objects.filter(pk__in=[one.pk for one in taken]).update(
            due_at=now + timedelta(seconds=settings.SYNC_LEASE_SECONDS), attempts=F("attempts") + 1
        )
    for one in taken:
        one.attempts += 1
    return taken


def _latest(now: datetime) -> datetime:
    """What is due after this was not written by a clock that shows `now`."""
    longest = max(LONGEST_WAIT, settings.RETRY_AFTER_CAP_SECONDS, settings.SYNC_LEASE_SECONDS)
    return now + timedelta(seconds=longest + leases.JUMPED)


def _of_a_round(due: Iterable[WebhookDelivery]) -> list[WebhookDelivery]:
    """All hints, as far as looked at, of the sessions that come first: of no more than can be read
    in half a lease by the call budget, two calls for a session.
    """
    by_session: dict[int | None, list[WebhookDelivery]] = defaultdict(list)
    for one in due:
        by_session[one.session_id].append(one)
    most = OF_A_THREAD * settings.SYNC_THREADS
    if rate := settings.REMOTE_CALLS_PER_SECOND:
        most = min(most, max(int(rate * settings.SYNC_LEASE_SECONDS / 4), 1))
    return list(chain.from_iterable(islice(by_session.values(), most)))


def _applied(deliveries: list[WebhookDelivery]) -> None:
    """The first hint of a session caused the read; those taken with it were covered by it."""
    first, *others = sorted(deliveries, key=lambda one: one.pk)
    _settle([first], State.APPLIED)
    _settle(others, State.REPEATED, "Covered by the same read.")


def _settle(deliveries: list[WebhookDelivery], state: State, detail: str = "") -> None:
    if deliveries:
        rows = WebhookDelivery.objects.filter(pk__in=[one.pk for one in deliveries])
        rows.update(state=state, settled_at=timezone.now(), detail=detail)


def _unknown(deliveries: list[WebhookDelivery]) -> None:
    """404: an id that is not visible yet, or a session that is gone; the polls see to both."""
    again = [one for one in deliveries if one.attempts < TRIES_UNKNOWN]
    last = [one for one in deliveries if one.attempts >= TRIES_UNKNOWN]
    _failed(again, "SuperOffice does not know the session.")
    _settle(last, State.IGNORED, "SuperOffice does not know the session.")


def _failed(
    deliveries: list[WebhookDelivery], error: SuperOfficeError | str, *, tried: bool = True
) -> None:
    """Again later. What never left does not count as a try: an outage must not kill hints."""
    sent = tried and not isinstance(error, NotSent)
    by_tries: dict[int, list[int]] = defaultdict(list)
    for one in deliveries:
        by_tries[one.attempts if sent else one.attempts - 1].append(one.pk)
    now = timezone.now()
    for tries, ids in by_tries.items():
        pause = float(BACKOFF[min(max(tries, 1), len(BACKOFF)) - 1])
        if isinstance(error, SuperOfficeError):
            pause = max(pause, error.retry_after or 0.0)
        dead = tries >= TRIES
        WebhookDelivery.objects.filter(pk__in=ids).update(
            state=State.DEAD if dead else State.FAILED,
            attempts=tries,
            due_at=now + timedelta(seconds=pause),
            settled_at=now if dead else None,
            detail=error[:255] if isinstance(error, str) else leases.told(error),
        )


def rerun(ids: Collection[int]) -> int:
    """A person wants these hints, as far as they were given up, worked off again from their first
    try; how many.
    """
    rows = WebhookDelivery.objects.filter(pk__in=ids, state=State.DEAD)
    return rows.update(
        state=State.WAITING, attempts=0, due_at=timezone.now(), settled_at=None, detail=""
    )


def prune() -> int:
    """Drop settled hints after HINT_KEEP_DAYS; how many."""
    before = timezone.now() - timedelta(days=settings.HINT_KEEP_DAYS)
    rows = WebhookDelivery.objects.filter(received_at__lt=before)
    dropped, _ = rows.exclude(state__in=(State.WAITING, State.FAILED)).delete()
    return dropped


def counts() -> Mapping[str, int]:
    """How many hints wait, failed and will be tried again, or are dead."""
    found = Counter[str]()
    for of_these, states in ((_OPEN, (State.WAITING, State.FAILED)), (_RARE, (State.DEAD,))):
        rows = WebhookDelivery.objects.filter(of_these, state__in=states).order_by()
        found.update(dict(rows.values_list("state").annotate(Count("pk"))))
    return {state.value: found[state] for state in (State.WAITING, State.FAILED, State.DEAD)}
