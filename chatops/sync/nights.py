"""When the full comparison runs: nightly, after SuperOffice's own hours of maintenance.

Every night from 01:00 to 03:00 UTC+1 calls to SuperOffice may fail (contract, section 0), and a
comparison that breaks off there proves nothing. Where it is asked for more often than once a day,
as for the demo, it keeps its plain interval at all hours.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

DAY = timedelta(days=1)
#: 01:00 to 03:00 UTC+1, in hours of UTC.
MAINTENANCE = range(0, 2)


def is_nightly() -> bool:
    """Whether the comparison is asked for once a day or more rarely."""
    return timedelta(seconds=settings.SYNC_SWEEP_SECONDS) >= DAY


def until_next(now: datetime | None = None) -> float:
    """Seconds until the comparison is due again, if it ended now."""
    interval = timedelta(seconds=settings.SYNC_SWEEP_SECONDS)
    if not is_nightly():
        return interval.total_seconds()
    now = now or timezone.now()
    begin = (now + interval - DAY).replace(
        hour=settings.SYNC_SWEEP_HOUR % 24, minute=0, second=0, microsecond=0
    )
    while begin <= now + interval - DAY:
        begin += DAY
    return (begin - now).total_seconds()


def is_maintenance(now: datetime | None = None) -> bool:
    """Whether a nightly comparison has to wait, or to pause where it is."""
    return is_nightly() and (now or timezone.now()).hour in MAINTENANCE
