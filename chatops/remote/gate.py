"""The limiter and breaker between us and SuperOffice, shared by all processes through one row.

- Budget: REMOTE_CALLS_PER_SECOND for everything together, at most a second's worth (and one call)
  of it saved up; 0 means no limit. Who goes first is a matter of what has to be left over: a person
  may overdraw it by as much again, a hint may take the last call, polls leave a quarter and
  comparisons half of it to those before them. Who has waited for long leaves nothing any more.
- Not before: a Retry-After is obeyed by every process (at most RETRY_AFTER_CAP_SECONDS), and polls
  wait a second longer, so that people resume first.
- Breaker: after BREAKER_FAILURES failures in a row nothing is tried for BREAKER_SECONDS; a caller
  is told at once instead of waiting for a time-out. Then one call tries for everybody. The pause
  does not grow: what is unknown must be settled within seconds once SuperOffice is back.

Times in the row are of the clock on the wall, which can be set back: what lies further ahead than
anybody would have written is not believed.
"""

import time
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from chatops.remote.models import Gate
from chatops.superoffice.errors import NotSent
from chatops.superoffice.exchange import Exchange, Rank

#: Errors that speak of SuperOffice's health; a refusal is an answer.
FAILURES = frozenset({"Unreachable", "AnswerLost", "ServerFailed", "UnreadableAnswer"})
POLLS_RESUME_LATER = 1.0
#: How much of what can be saved up a call leaves to those that go before it.
LEAVES = {Rank.WHOLE: 0.5, Rank.POLL: 0.25, Rank.HINT: 0.0, Rank.PERSON: 0.0}
#: How much further ahead than we write a time may lie; others may have written it after we looked
#: at our clock. Seconds.
BELIEVED = 30.0
#: A success is written down at most this often, and at once when it ends a failure.
OK_NOTED_EVERY = timedelta(seconds=2)


class GateClosed(NotSent):
    """Our own gate holds the call back; `retry_after` says for how long, in seconds."""

    passing = False


@dataclass(frozen=True, slots=True)
class SharedGate:
    """The gate, as the transport asks it. Keeps nothing itself: the row is the truth."""

    #: Polls may wait this long for budget; people do not wait, they overdraw. Seconds.
    patience: float = 10.0

    def before(self, *, write: bool, rank: Rank) -> None:
        """Let the call pass, now or after a short wait. Raises GateClosed otherwise."""
        began = time.monotonic()
        while True:
            wait = self._try(rank)
            if wait <= 0:
                return
            waited = time.monotonic() - began
            if rank is Rank.PERSON or waited + wait > self.patience:
                raise GateClosed("The call budget is used up.", retry_after=wait)
            if waited > self.patience / 2:  # hints without end must not keep polls out for good
                rank = Rank.HINT
            time.sleep(min(wait, 0.25))

    def _try(self, rank: Rank) -> float:
        now = time.time()
        row = state()
        self._check(row, now, person=rank is Rank.PERSON)
        if not settings.REMOTE_CALLS_PER_SECOND:
            return 0.0
        return _take(rank)

    def _check(self, row: Gate, now: float, *, person: bool) -> None:
        later = 0.0 if person or not row.not_before else POLLS_RESUME_LATER
        pause = row.not_before + later - now
        if 0 < pause <= settings.RETRY_AFTER_CAP_SECONDS + BELIEVED:
            raise GateClosed(
                "SuperOffice asked for a pause before the next call.", retry_after=pause
            )
        rest = row.open_until - now
        if not 0 < rest <= settings.BREAKER_SECONDS + BELIEVED:
            rest = 0.0 if not row.open_until or _tries_for_all(row, now) else 1.0
        if rest:
            raise GateClosed(
                "SuperOffice did not answer several times in a row, so it is left alone for "
                "a moment.",
                retry_after=rest,
            )

    def after(self, exchange: Exchange) -> None:
        """Learn from what came of the call."""
        if exchange.status == 429:
            _pause(exchange.retry_after or settings.REMOTE_THROTTLED_SECONDS)
        elif exchange.retry_after and exchange.status == 503:
            _pause(exchange.retry_after)
        if exchange.error in FAILURES:
            _failed(exchange)
        elif exchange.status is not None:
            _succeeded()


def state() -> Gate:
    """The row, made when there is none yet."""
    row = Gate.objects.filter(pk=1).first()
    return row or Gate.objects.get_or_create(pk=1)[0]


def _tries_for_all(row: Gate, now: float) -> bool:
    """Whether this call is the one that tries after the breaker's pause; the others wait on."""
    mine = Gate.objects.filter(pk=1, open_until=row.open_until)
    return bool(mine.update(open_until=now + settings.BREAKER_SECONDS))


def _take(rank: Rank) -> float:
    """Take one call from the budget; seconds to wait when there is none."""
    rate = float(settings.REMOTE_CALLS_PER_SECOND)
    most = max(rate, 1.0)
    floor = 1.0 + LEAVES[rank] * (most - 1.0) - (most if rank is Rank.PERSON else 0.0)
    with transaction.atomic():
        row = Gate.objects.select_for_update().get(pk=1)
        # Read while the row is ours: with an earlier moment, the same time would count twice. For
        # the same reason a clock that is behind does not turn the row's back, unless by far.
        now = time.time()
        passed = min(max(now - row.filled_at, 0.0), 1.0)
        filled_at = max(now, row.filled_at) if row.filled_at - now < BELIEVED else now
        budget = min(row.budget + passed * rate, most)
        taken = budget >= floor
        Gate.objects.filter(pk=1).update(
            budget=budget - 1 if taken else budget, filled_at=filled_at
        )
    return 0.0 if taken else (floor - budget) / rate


def _pause(seconds: float) -> None:
    until = time.time() + min(seconds, settings.RETRY_AFTER_CAP_SECONDS)
    Gate.objects.filter(pk=1, not_before__lt=until).update(not_before=until)


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
    now = timezone.now()
    row = state()
    if row.failures or row.last_ok_at is None or now - row.last_ok_at > OK_NOTED_EVERY:
        Gate.objects.filter(pk=1).update(
            failures=0, open_until=0.0, failing_since=None, last_ok_at=now
        )
