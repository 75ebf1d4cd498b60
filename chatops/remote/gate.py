"""The limiter and breaker between us and SuperOffice, shared by all processes through one row.

- Budget: REMOTE_CALLS_PER_SECOND for everything together, at most a second's worth (and one call)
  of it saved up; 0 means no limit. Who goes first is a matter of what has to be left over: a person
  may overdraw it by as much again, a hint may take the last call, polls leave a quarter and
  comparisons half of it to those before them. Who has waited for long leaves nothing any more.
  Whoever has sent something always sees what became of it: what was sent was within the budget.
- Not before: a Retry-After is obeyed by every process (at most RETRY_AFTER_CAP_SECONDS), and polls
  wait a second longer, so that people resume first.
- Breaker: after BREAKER_FAILURES failures in a row nothing is tried for BREAKER_SECONDS; a caller
  is told at once instead of waiting for a time-out. Then one call tries for everybody. The pause
  does not grow: what is unknown must be settled within seconds once SuperOffice is back.

Times in the row are of the clock on the wall, which can be set back: what lies further ahead than
anybody would have written is not believed.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from chatops.remote.models import Gate
from chatops.superoffice.errors import NotSent, Unreachable
from chatops.superoffice.exchange import Exchange, Rank

#: Errors that speak of SuperOffice's health; a refusal is an answer.
FAILURES = frozenset({"Unreachable", "AnswerLost", "ServerFailed", "UnreadableAnswer"})
POLLS_RESUME_LATER = 1.0
#: How much of what can be saved up a call leaves to those that go before it.
LEAVES = {Rank.WHOLE: 0.5, Rank.POLL: 0.25, Rank.HINT: 0.0, Rank.PERSON: 0.0, Rank.PROOF: 0.0}
#: By how many times of it a call may overdraw the budget.
OVERDRAWS = {Rank.PERSON: 1.0, Rank.PROOF: 1_000_000.0}
#: How much further ahead than we write a time may lie; others may have written it after we looked
#: at our clock. Seconds.
BELIEVED = 30.0
#: Polls and hints believe for so long, in seconds, that the row still holds nobody back. A call
#: that is under way when a pause begins is not called back either, and takes longer than this.
CLEAR_FOR = 0.05
#: A success is written down at most this often, and at once when it ends a failure.
OK_NOTED_EVERY = timedelta(seconds=2)


class _Standing(NamedTuple):
    """What calls ask of the row: in plain SQL, since making the query with the ORM took several
    times as long as the database does to answer it."""

    not_before: float
    open_until: float
    failures: int
    #: Whether the last success was written down so long ago that the next one is, too.
    ok_is_old: bool


_ASK = """
SELECT not_before, open_until, failures, (last_ok_at IS NULL OR last_ok_at < %s)
FROM remote_gate WHERE id = 1
"""
#: Takes one call, if the budget reaches down to the floor. By the time the row is ours, its moment
#: may be later than the given one: then no time has passed and the row's stays, so that none is
#: counted twice. A row whose moment is far ahead is from before the clock was set back.
_TAKE = """
UPDATE remote_gate SET budget = {budget} - 1, filled_at = CASE
  WHEN filled_at > %(now)s AND filled_at < %(far)s THEN filled_at ELSE %(now)s END
WHERE id = 1 AND {budget} >= %(floor)s RETURNING 1
"""
_BUDGET = """
{least}(%(most)s, budget + %(rate)s * CASE
  WHEN filled_at >= %(far)s THEN 1.0 ELSE {greatest}(0.0, %(now)s - filled_at) END)
"""


#: The row that keeps the sign-in host's "not before".
SIGN_IN = 2
#: A row that holds nobody back, and into which a success need not be written.
_CLEAR = _Standing(0.0, 0.0, 0, ok_is_old=False)


class _Noted(threading.local):
    """What this thread saw before the call it is making."""

    standing: _Standing | None = None


_noted = _Noted()


class GateClosed(NotSent):
    """Our own gate holds the call back; `retry_after` says for how long, in seconds."""

    passing = False


@dataclass(slots=True)
class SharedGate:
    """The gate, as the transport asks it. The row is the truth; kept here is only until when it is
    believed to hold nobody back."""

    #: So long polls may wait for budget, and people once they have overdrawn it. Seconds.
    patience: float = 10.0
    patience_of_people: float = 1.0
    #: On the monotonic clock.
    _clear_until: float = field(default=0.0, init=False)

    def before(self, *, write: bool, rank: Rank) -> None:
        """Let the call pass, now or after a short wait. Raises GateClosed otherwise."""
        began = time.monotonic()
        patience = self.patience_of_people if rank >= Rank.PERSON else self.patience
        while True:
            wait = self._try(rank)
            if wait <= 0:
                return
            waited = time.monotonic() - began
            if waited + wait > patience:
                raise GateClosed("The call budget is used up.", retry_after=wait)
            # Hints without end must not keep polls out for good.
            if rank < Rank.HINT and waited > patience / 2:
                rank = Rank.HINT
            time.sleep(min(wait, 0.25))

    def _try(self, rank: Rank) -> float:
        person = rank >= Rank.PERSON
        if person or time.monotonic() >= self._clear_until:
            self._ask(person=person)
        else:
            _noted.standing = _CLEAR
        if not settings.REMOTE_CALLS_PER_SECOND:
            return 0.0
        return _take(rank)

    def _ask(self, *, person: bool) -> None:
        now, asked = time.time(), time.monotonic()
        if 0 <= asked - self._clear_until < CLEAR_FOR:
            self._clear_until = asked + CLEAR_FOR  # this thread asks for the others, too
        _noted.standing = seen = _standing()
        clear = seen._replace(not_before=0.0) == _CLEAR
        clear = clear and seen.not_before + POLLS_RESUME_LATER <= now
        self._clear_until = asked + CLEAR_FOR if clear else 0.0
        self._check(seen, now, person=person)

    def _check(self, seen: _Standing, now: float, *, person: bool) -> None:
        pause = _pause_left(seen.not_before, now, person=person)
        rest = _rest_left(seen, now)
        if pause:
            raise GateClosed(
                "SuperOffice asked for a pause before the next call.", retry_after=pause
            )
        if not rest and seen.open_until and not _tries_for_all(seen, now):
            rest = 1.0
        if rest:
            raise GateClosed(
                "SuperOffice did not answer several times in a row, so it is left alone for "
                "a moment.",
                retry_after=rest,
            )

    def after(self, exchange: Exchange) -> None:
        """Learn from what came of the call."""
        if exchange.error is not None:
            self._clear_until = 0.0
        if exchange.status == 429:
            _pause(exchange.retry_after or settings.REMOTE_THROTTLED_SECONDS)
        elif exchange.retry_after and exchange.status == 503:
            _pause(exchange.retry_after)
        if exchange.error in FAILURES:
            _failed(exchange)
        elif exchange.status is not None:
            _succeeded()


class SignInGate:
    """Before the sign-in host, which is another machine: a Retry-After of its is obeyed by every
    process, and nothing else holds calls back."""

    def before(self, *, write: bool, rank: Rank) -> None:
        """Let the call pass. Raises Unreachable while the host wants to be left alone."""
        held = Gate.objects.filter(pk=SIGN_IN).values_list("not_before", flat=True)
        left = _pause_left(held.first() or 0.0, time.time(), person=True)
        if left:
            raise Unreachable(
                "SuperOffice's sign-in asked for a pause before the next call.", retry_after=left
            )

    def after(self, exchange: Exchange) -> None:
        """Remember the pause that it asked for."""
        if exchange.retry_after and exchange.status in (429, 503):
            Gate.objects.get_or_create(pk=SIGN_IN)
            _pause(exchange.retry_after, row=SIGN_IN)


def is_closed() -> bool:
    """Whether nothing but a person's call may pass now, as far as a look tells; for work that costs
    something even when its first call is held back."""
    seen, now = _standing(), time.time()
    return bool(_pause_left(seen.not_before, now, person=False) or _rest_left(seen, now))


def _pause_left(not_before: float, now: float, *, person: bool) -> float:
    """Seconds for which SuperOffice wants to be left alone; polls resume later than people."""
    later = 0.0 if person or not not_before else POLLS_RESUME_LATER
    left = not_before + later - now
    return left if 0 < left <= settings.RETRY_AFTER_CAP_SECONDS + BELIEVED else 0.0


def _rest_left(seen: _Standing, now: float) -> float:
    """Seconds for which the breaker leaves SuperOffice alone."""
    left = seen.open_until - now
    return left if 0 < left <= settings.BREAKER_SECONDS + BELIEVED else 0.0


def state() -> Gate:
    """The row, made when there is none yet."""
    row = Gate.objects.filter(pk=1).first()
    return row or Gate.objects.get_or_create(pk=1)[0]


def _standing() -> _Standing:
    lately = connection.ops.adapt_datetimefield_value(timezone.now() - OK_NOTED_EVERY)
    with connection.cursor() as cursor:
        cursor.execute(_ASK, [lately])
        row = cursor.fetchone()
    if row is None:
        state()
        return _Standing(0.0, 0.0, 0, ok_is_old=True)
    not_before, open_until, failures, old = row
    return _Standing(not_before, open_until, failures, bool(old))


def _tries_for_all(seen: _Standing, now: float) -> bool:
    """Whether this call is the one that tries after the breaker's pause; the others wait on."""
    mine = Gate.objects.filter(pk=1, open_until=seen.open_until)
    return bool(mine.update(open_until=now + settings.BREAKER_SECONDS))


def _take(rank: Rank) -> float:
    """Take one call from the budget; seconds to wait when there is none."""
    rate = float(settings.REMOTE_CALLS_PER_SECOND)
    most = max(rate, 1.0)
    floor = 1.0 + LEAVES[rank] * (most - 1.0) - OVERDRAWS.get(rank, 0.0) * most
    now = time.time()
    given = {"now": now, "far": now + BELIEVED, "rate": rate, "most": most, "floor": floor}
    lite = connection.vendor == "sqlite"
    least, greatest = ("MIN", "MAX") if lite else ("LEAST", "GREATEST")
    budget = _BUDGET.format(least=least, greatest=greatest)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(budget=budget), given)
        if cursor.fetchone():
            return 0.0
        cursor.execute(f"SELECT {budget} FROM remote_gate WHERE id = 1", given)  # noqa: S608 ours
        held = float(cursor.fetchone()[0])
    # Somebody may have given the budget what was missing between the two: then at once again.
    return max((floor - held) / rate, 0.001)


def _pause(seconds: float, *, row: int = 1) -> None:
    now, longest = time.time(), settings.RETRY_AFTER_CAP_SECONDS
    until = now + min(seconds, longest)
    # The longer pause holds, unless it is not believed.
    others = Q(not_before__lt=until) | Q(not_before__gt=now + longest + BELIEVED)
    Gate.objects.filter(others, pk=row).update(not_before=until)


def _failed(exchange: Exchange) -> None:
    now = timezone.now()
    with transaction.atomic():
        Gate.objects.filter(pk=1).update(
            failures=F("failures") + 1,
            last_error=f"{exchange.error} ({exchange.status or 'no answer'})",
        )
        Gate.objects.filter(pk=1, failing_since=None).update(failing_since=now)
        failures = Gate.objects.values_list("failures", flat=True).get(pk=1)
        if failures >= settings.BREAKER_FAILURES:
            until = time.time() + settings.BREAKER_SECONDS
            Gate.objects.filter(pk=1).update(open_until=until)


def _succeeded() -> None:
    """What the thread saw before the call decides: a failure that others met since is newer than
    this success, and is not undone by it."""
    seen = _noted.standing or _standing()
    if seen.failures or seen.open_until or seen.ok_is_old:
        _noted.standing = seen._replace(failures=0, open_until=0.0, ok_is_old=False)
        Gate.objects.filter(pk=1).update(
            failures=0, open_until=0.0, failing_since=None, last_ok_at=timezone.now()
        )
