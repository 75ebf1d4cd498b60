"""Finds out, by reading, what became of actions whose answer was lost, and watches them for a day.

The rows are the work list: `look_at` says when to look next. A lease in the row keeps two workers
apart; even without it nothing could be doubled, because looking changes nothing at SuperOffice.
"""

import logging
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from chatops.actions import claims, creating, ending, fresh, judging, trail
from chatops.actions.models import OPEN_STATES, WATCHED, Action, State, Verb
from chatops.mirror.models import SessionReading
from chatops.superoffice import entities, errors, text
from chatops.superoffice.client import Client

logger = logging.getLogger(__name__)

BATCH = 50
#: What a worker that died leaves behind delays nobody for longer than this.
LEASE = timedelta(seconds=10)
#: One look takes no longer, so that a silent SuperOffice does not hold up the others. Seconds.
LOOK_SECONDS = 5.0
#: After so many failed looks in a row the round ends: SuperOffice is away.
ENOUGH_FAILURES = 2
#: No look at what has ended already begins later than this in a round: what became open meanwhile
#: waits for the next one. Seconds.
WATCHING_SECONDS = 1.0
#: How long to wait for the next look, by the age of the action. While it is open, so that it is
#: settled within 10 s of SuperOffice's recovery; then now and then, for a day. Seconds.
LOOKS = ((10.0, 1.0), (30.0, 2.0), (float("inf"), 4.0))
WATCHES = ((600.0, 30.0), (3600.0, 120.0), (float("inf"), 900.0))
#: Nobody plans a look, or holds a lease, further ahead than this: such a row was written before
#: the clock was set back, and is due.
FURTHEST_OPEN, FURTHEST = timedelta(minutes=1), timedelta(hours=1)


def run_due(client: Client, *, now: datetime | None = None) -> int:
    """Look at every action that is due; how many. Raises nothing of SuperOffice's."""
    now = now or timezone.now()
    due = _claim(now)
    failures = looked = 0
    until = float("inf")
    for action in due:
        if not action.is_open:
            until = min(until, time.monotonic() + WATCHING_SECONDS)
        if failures >= ENOUGH_FAILURES or time.monotonic() > until:
            break
        failures = 0 if _work_off(action, client, now) else failures + 1
        looked += 1
    Action.objects.filter(pk__in=[one.pk for one in due[looked:]]).update(leased_until=None)
    return looked


def _claim(now: datetime) -> list[Action]:
    free = Q(leased_until=None) | Q(leased_until__lt=now) | Q(leased_until__gt=now + FURTHEST_OPEN)
    due = (
        Q(look_at__lte=now)
        | Q(look_at__gt=now + FURTHEST_OPEN, state__in=OPEN_STATES)
        | Q(look_at__gt=now + FURTHEST)
    )
    with transaction.atomic():
        claimed = list(
            Action.objects.select_for_update(skip_locked=True)
            .filter(free, due)
            # What is open before what is only looked at again.
            .order_by(F("settled_at").asc(nulls_first=True), "look_at")[:BATCH]
        )
        Action.objects.filter(pk__in=[one.pk for one in claimed]).update(leased_until=now + LEASE)
    return claimed


def _work_off(action: Action, client: Client, now: datetime) -> bool:
    """One action; whether SuperOffice could be asked."""
    if action.state == State.QUEUED:
        if now > action.expires_at:
            ending.never_sent(action, "It had waited too long.")
        _plan_next(action, now)
        return True
    if action.verb == Verb.CREATE_SESSION:
        return _work_off_creation(action, client, now)
    if action.state == State.DONE and action.watch_until is None:
        return _read_after(action, client, now)
    try:
        found = fresh.look(
            client,
            action.on_session,
            messages=action.verb == Verb.SEND_MESSAGE,
            above=action.baseline["highest"],
            deadline=time.monotonic() + LOOK_SECONDS,
        )
    except fresh.Vanished:
        found = None  # gone: what became of the action can no longer be read there
    except errors.SuperOfficeError as error:
        logger.info("look failed", extra={"action": action.pk, "error": type(error).__name__})
        _plan_next(action, now)
        return False
    if action.state == State.DONE:
        if found is not None:
            _watch(action, found.messages)
    elif found is None or not _settled(action, found):
        _not_found(action, now)
    _plan_next(action, now)
    return True


def _work_off_creation(action: Action, client: Client, now: datetime) -> bool:
    """One that has no session yet; whether SuperOffice could be asked."""
    settled = None
    # While it may still be answered, its answer tells more than any look.
    if action.state != State.SENDING:
        deadline = time.monotonic() + LOOK_SECONDS
        try:
            settled = creating.find(client, action, now=now, deadline=deadline)
        except errors.SuperOfficeError as error:
            logger.info("look failed", extra={"action": action.pk, "error": type(error).__name__})
            _plan_next(action, now)
            return False
    if settled is None and not creating.may_yet_show(action, now):
        _not_found(action, now)
    _plan_next(action, now)
    return True


def _read_after(action: Action, client: Client, now: datetime) -> bool:
    """A send was proved by the messages alone: the session as it is since, unless it was read."""
    read = SessionReading.objects.filter(session_id=action.on_session)
    reached = True
    if not read.filter(read_at__gt=action.settled_at).exists():
        deadline = time.monotonic() + LOOK_SECONDS
        try:
            fresh.look(client, action.on_session, messages=False, deadline=deadline)
        except fresh.Vanished:
            pass  # comparisons will tell
        except errors.SuperOfficeError:
            reached = False  # the next poll brings it
    _plan_next(action, now)
    return reached


def _settled(action: Action, found: fresh.Fresh) -> bool:
    if action.verb == Verb.SEND_MESSAGE:
        settled = claims.claim_message(action, found.messages)
        return settled is not None and settled.state == State.DONE
    proof = judging.proof_in_session(action, found.session)
    if not proof or claims.rivals(action):
        return False
    return not ending.proved(action, proof).is_open


def _not_found(action: Action, now: datetime) -> None:
    """Nothing shows. It stays open for a while, then a person decides; the watch goes on."""
    since = now - (action.sent_at or action.created_at)
    in_flight = timedelta(seconds=settings.REMOTE_WRITE_TOTAL_SECONDS + 5)
    if action.state == State.SENDING and since > in_flight:
        # Whoever sent it is dead: had it lived, it would have settled it by now.
        ending.unknown(action)
    elif action.state == State.UNKNOWN and since >= timedelta(
        seconds=settings.ACTION_ASKS_AFTER_SECONDS
    ):
        ending.needs_person(action)


def _plan_next(action: Action, now: datetime) -> None:
    """Give the lease back, and say when to look again, if at all."""
    with transaction.atomic():
        row = Action.objects.select_for_update().get(pk=action.pk)
        row.look_at, row.looks, row.leased_until = _next_look(row, now), row.looks + 1, None
        row.save(update_fields=["look_at", "looks", "leased_until"])


def _next_look(row: Action, now: datetime) -> datetime | None:
    """When a look at this row may still find something; None when never again."""
    age = (now - (row.sent_at or row.created_at)).total_seconds()
    if row.is_open:
        return now + _after(LOOKS, age)
    watched = row.state in WATCHED or (row.state == State.DONE and row.verb == Verb.SEND_MESSAGE)
    if not watched or row.watch_until is None:
        return None
    # One that is open may yet turn out to have changed nothing. Two new sessions are two.
    if row.verb != Verb.CREATE_SESSION and any(not one.is_open for one in claims.rivals(row)):
        return None
    next_look = now + _after(WATCHES, age)
    return next_look if next_look <= row.watch_until else None


def _after(waits: tuple[tuple[float, float], ...], age: float) -> timedelta:
    return timedelta(seconds=next(wait for until, wait in waits if age < until))


def _watch(action: Action, messages: tuple[entities.ChatMessage, ...]) -> None:
    """A settled send whose text appears a second time: an alarm, once."""
    if action.message_id is None or "second" in action.proof or _may_be_of_another(action):
        return
    claimed = claims.claimed([one.id for one in messages])
    again = judging.sent_message(action, messages, claimed=claimed)
    if again is None:
        return
    with transaction.atomic():
        action.proof["second"] = again.id
        Action.objects.filter(pk=action.pk).update(proof=action.proof)
        trail.record("appeared_twice", caller=None, action=action, object=f"message:{again.id}")
    logger.error("a message appeared twice", extra={"action": action.pk})


def _may_be_of_another(action: Action) -> bool:
    """Whether another send of this text is not settled: what shows may be its effect."""
    unsettled = Action.objects.filter(
        session_id=action.session_id,
        lane=action.lane,
        state__in=(State.SENDING, State.UNKNOWN, *WATCHED),
    ).exclude(pk=action.pk)
    mine = text.canonical(action.asked["html"])
    return any(text.canonical(one.asked["html"]) == mine for one in unsettled)


def twice() -> int:
    """How many sends were seen twice at SuperOffice: for alarms and metrics."""
    return Action.objects.filter(proof__has_key="second").count()
