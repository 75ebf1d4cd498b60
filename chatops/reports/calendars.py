"""Where the hours of the day and the parts of a period begin, as seconds since 1970.

A time zone is asked a few thousand times for a year, not once for every session.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import cycle, islice, pairwise
from typing import NamedTuple

from chatops.reports.periods import Period

HOUR, DAY = 3600, 86_400
#: Every time zone in use is a multiple of this many seconds away from UTC, and changes at one.
QUARTER = 900


class Edges(NamedTuple):
    """From each of these seconds on, until the next one, it is the hour of the day or the part of
    the period that stands at the same place in `keys`. A year has nine thousand of them.
    """

    seconds: Sequence[int]
    keys: Sequence[int]


def parts(period: Period) -> Edges:
    """Where each part of the period begins."""
    starts = [int(part.starts.timestamp()) for part in period.parts]
    return Edges(starts, range(len(starts)))


def hours(period: Period) -> Edges:
    """Where each hour of the period begins, and which of the day it is."""
    starts, ends = int(period.starts.timestamp()), int(period.ends.timestamp())
    seconds: list[int] = []
    keys: list[int] = []
    stretches = [*_stretches(starts, ends, period.zone), (ends, 0)]
    for (second, offset), (until, _next) in pairwise(stretches):
        full = range(second + HOUR - (second + offset) % HOUR, until, HOUR)
        seconds += [second, *full]
        first = _hour(second + offset)
        keys += islice(cycle(range(24)), first, first + 1 + len(full))
    return Edges(seconds, keys)


def _hour(local: int) -> int:
    return local // HOUR % 24


def _stretches(starts: int, ends: int, zone: tzinfo) -> Iterator[tuple[int, int]]:
    """From when on which offset holds. No zone changes and changes back within a day."""
    offset = _offset(starts, zone)
    yield starts, offset
    for day in range(starts, ends, DAY):
        if _offset(day + DAY, zone) == offset:
            continue
        for quarter in range(day + QUARTER, min(day + DAY, ends - 1) + 1, QUARTER):
            if (now := _offset(quarter, zone)) != offset:
                offset = now
                yield quarter, offset


def _offset(second: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    assert offset is not None  # a time that was made in a zone
    return int(offset.total_seconds())
