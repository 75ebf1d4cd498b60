"""Medians and their like, by nearest rank: always a value that occurred, on every database."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: A column of whole numbers, or the places of sessions among some groups; of any width.
Ints = NDArray[np.signedinteger[Any]]

#: In place of seconds: the thing has not happened. Clocks that disagree by 68 years, to the second,
#: would make the same of it.
UNKNOWN = -(2**31)
#: Seconds below this leave room for their group in the same number: 34,000 years.
_ROOM = 40
_SECONDS = (1 << _ROOM) - 1


class Spread(NamedTuple):
    """How seconds spread: how many are known, half within `median`, nine of ten within `most`."""

    known: int
    median: int | None
    most: int | None


#: The spread of nothing.
NEVER = Spread(0, None, None)


def spreads(places: Ints, seconds: Ints, groups: int) -> list[Spread]:
    """Median and 90 % of the seconds of each of so many groups; those below zero count as zero.

    `places` says for each of the seconds in which group it is. One sort puts all of them in the
    order of group and seconds.
    """
    known = seconds != UNKNOWN
    ordered = places[known].astype(np.int64)
    many = np.bincount(ordered, minlength=groups)
    ordered <<= _ROOM
    ordered |= np.clip(seconds[known], 0, _SECONDS)
    ordered.sort()
    begins = np.cumsum(many) - many

    def nearest(tenths: int) -> list[int]:
        """The smallest second of each group that so many tenths of it do not exceed."""
        last = begins + np.maximum(-(-many * tenths // 10), 1) - 1
        found: list[int] = (ordered.take(last, mode="clip") & _SECONDS).tolist()
        return found

    if not ordered.size:
        return [NEVER] * groups
    found = zip(many.tolist(), nearest(5), nearest(9), strict=True)
    return [Spread(*one) if one[0] else NEVER for one in found]
