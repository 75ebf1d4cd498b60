"""In which hour of the day, and which part of a period, a second since 1970 is: zones are slow."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from chatops.reports.periods import Period

#: Every time zone in use is a multiple of this many seconds away from UTC.
QUARTER = 900


def hours(zone: tzinfo) -> Callable[[int], int]:
    """A function that says which hour of the day a second is in."""
    known: dict[int, int] = {}

    def hour(seconds: int) -> int:
        quarter = seconds // QUARTER
        found = known.get(quarter)
        if found is None:
            moment = datetime.fromtimestamp(quarter * QUARTER, UTC)
            found = known[quarter] = moment.astimezone(zone).hour
        return found

    return hour


def places(period: Period) -> Callable[[int], int]:
    """A function that says in which of the parts of the period a second is."""
    known: dict[int, int] = {}
    step = period.step

    def place(seconds: int) -> int:
        quarter = seconds // QUARTER
        found = known.get(quarter)
        if found is None:
            moment = datetime.fromtimestamp(quarter * QUARTER, UTC)
            days = (moment.astimezone(period.zone).date() - period.first).days
            found = known[quarter] = days // step
        return found

    return place
