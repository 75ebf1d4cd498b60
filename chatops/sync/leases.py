"""Who may run a task now, and how it went: one `Cursor` row per task, claimed by an UPDATE.

Two workers by mistake do no harm: of their updates only one finds the row as it was. A worker that
dies leaves a lease that runs out. Clocks jump, so a time too far in the future counts as past.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from chatops.superoffice.errors import SuperOfficeError
from chatops.sync.models import Cursor

#: The longest pause after failures, in seconds: everything is tried again at least this often.
LONGEST_PAUSE = 30.0
#: A task that is rarer than this is tried again after a minute, not after its whole interval.
RETRIED_WITHIN = 60.0
#: A time further ahead than a task's interval and this is one of a clock that jumped. Seconds.
JUMPED = 300.0


def is_due(row: Cursor, *, every: float, now: datetime | None = None) -> bool:
    """Whether the task may be taken now. `every`: its interval in seconds."""
    now = now or timezone.now()
    late = now + timedelta(seconds=every + JUMPED)
    return is_free(row, now=now) and (row.due_at is None or not now < row.due_at <= late)


def is_free(row: Cursor, *, now: datetime | None = None) -> bool:
    """Whether nobody is at it, or whoever was has died."""
    now = now or timezone.now()
    longest = now + timedelta(seconds=settings.SYNC_LEASE_SECONDS + JUMPED)
    return row.leased_until is None or not now < row.leased_until <= longest


def claim(name: str, *, holder: str, every: float, now_due: bool = False) -> bool:
    """Take the task, if it is free and due (`now_due`: due or not); whether we have it now."""
    row, _ = Cursor.objects.get_or_create(name=name)
    if not (is_free(row) if now_due else is_due(row, every=every)):
        return False
    now = timezone.now()
    # Only if it is as it was seen: of several who saw it free, one changes it.
    seen = Cursor.objects.filter(name=name, leased_until=row.leased_until, due_at=row.due_at)
    until = now + timedelta(seconds=settings.SYNC_LEASE_SECONDS)
    return bool(seen.update(leased_by=holder, leased_until=until, ran_at=now))


def keep(holder: str) -> int:
    """Prolong every lease of the holder; how many it still has."""
    until = timezone.now() + timedelta(seconds=settings.SYNC_LEASE_SECONDS)
    return Cursor.objects.filter(leased_by=holder).update(leased_until=until)


def succeeded(name: str, *, holder: str, every: float, began: datetime | None = None) -> None:
    """Write down that it went well, and let go.

    It is due again `every` seconds after it `began`: the interval is not longer for what the round
    takes. A quarter of it is a pause in any case.
    """
    now = timezone.now()
    interval = timedelta(seconds=every)
    due_at = max((began or now) + interval, now + interval / 4)
    Cursor.objects.filter(name=name, leased_by=holder).update(
        ok_at=now,
        failures=0,
        error="",
        due_at=min(due_at, now + interval),
        leased_by="",
        leased_until=None,
    )


def failed(name: str, error: Exception, *, holder: str, every: float) -> None:
    """Write down what went wrong, and let go; the pause grows with failures in a row."""
    row = Cursor.objects.filter(name=name).first()
    failures = (row.failures if row else 0) + 1
    Cursor.objects.filter(name=name, leased_by=holder).update(
        failed_at=timezone.now(),
        failures=failures,
        error=told(error),
        due_at=_again(error, failures, every),
        leased_by="",
        leased_until=None,
    )


def let_go(name: str, *, holder: str) -> None:
    """Give the task back unfinished: it is due at once for whoever comes."""
    Cursor.objects.filter(name=name, leased_by=holder).update(
        leased_by="", leased_until=None, due_at=None
    )


def _again(error: Exception, failures: int, every: float) -> datetime:
    pause = max(min(every, RETRIED_WITHIN), min(2.0 ** min(failures, 10), LONGEST_PAUSE))
    asked = error.retry_after if isinstance(error, SuperOfficeError) else None
    return timezone.now() + timedelta(seconds=max(pause, asked or 0.0))


def told(error: Exception) -> str:
    """The error as it is kept: its class and, for SuperOffice's and ours, its sentence.

    Other errors may carry data in their text, so only their class is kept.
    """
    detail = getattr(error, "detail", "")
    return f"{type(error).__name__}: {detail}".rstrip(": ")[:255]
