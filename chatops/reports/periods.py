"""The time that numbers are about: whole days in the reader's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

#: Days in the periods one can choose; 1 is today.
CHOICES = (1, 7, 30, 90, 365)
USUAL = 7
#: A longer period is cut at its beginning: leap years have as many days.
MOST_DAYS = 366
#: A period of more days than this is told by weeks.
SINGLE_DAYS = 62


@dataclass(frozen=True, slots=True)
class Period:
    """From the midnight before `first` to the midnight after `last`, in `zone`."""

    first: date
    last: date
    zone: tzinfo

    @property
    def starts(self) -> datetime:
        return _midnight(self.first, self.zone)

    @property
    def ends(self) -> datetime:
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def step(self) -> int:
        """Days that are counted together: one, or a week when there are too many to look at."""
        return 1 if (self.last - self.first).days < SINGLE_DAYS else 7

    @property
    def parts(self) -> list[Period]:
        """The days, or the weeks from its first day on; the last of them may be shorter."""
        return self._divided(self.step)

    @property
    def stretches(self) -> list[Period]:
        """What is read at once: two months, so that a year of sessions is never held as text."""
        return self._divided(SINGLE_DAYS)

    def _divided(self, days: int) -> list[Period]:
        length = timedelta(days=days - 1)
        count = (self.last - self.first).days // days + 1
        firsts = (self.first + timedelta(days=days * place) for place in range(count))
        return [Period(day, min(day + length, self.last), self.zone) for day in firsts]


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def ending(today: date, days: int, zone: tzinfo) -> Period:
    """So many days, today the last of them."""
    return Period(today - timedelta(days=days - 1), today, zone)


def between(first: date, last: date, zone: tzinfo) -> Period:
    """From one day to another, whichever comes first, at most 366 days of it."""
    first, last = sorted((first, last))
    return Period(max(first, last - timedelta(days=MOST_DAYS - 1)), last, zone)
