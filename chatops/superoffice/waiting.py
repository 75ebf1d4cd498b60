"""How long to wait before asking again."""

import random
import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime

#: The longest we let SuperOffice (or whoever answers in its place) keep us quiet, in seconds.
LONGEST_WAIT = 900.0
_SECONDS = re.compile(r"\d+", re.ASCII)


def retry_after(value: str | None, *, date: str | None = None) -> float | None:
    """Seconds from a `Retry-After` header: digits, or an HTTP date; None for anything else.

    A date is measured against the answer's own `Date` where it has one, because clocks differ.
    """
    if value is None:
        return None
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), LONGEST_WAIT)
    then = epoch(value)
    if then is None:
        return None
    now = epoch(date)
    return min(max(then - (time.time() if now is None else now), 0.0), LONGEST_WAIT)


def epoch(http_date: str | None) -> float | None:
    """Seconds since 1970 of an HTTP date; None for anything else."""
    if not http_date:
        return None
    try:
        moment = parsedate_to_datetime(http_date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):  # not a date, or one no clock can show
        return None


def jittered(seconds: float) -> float:
    """About that long: a quarter more or less, so that callers do not return in step."""
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
