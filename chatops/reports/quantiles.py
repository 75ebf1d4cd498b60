"""Medians and their like, by nearest rank: always a value that occurred, on every database."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from typing import NamedTuple

#: In place of seconds: the thing has not happened. Less than clocks that disagree make of any.
UNKNOWN = -(10**12)


class Spread(NamedTuple):
    """How seconds spread: how many are known, half within `median`, nine of ten within `most`."""

    known: int
    median: int | None
    most: int | None


def spread(seconds: Sequence[int]) -> Spread:
    """Median and 90 % of seconds in any order, without UNKNOWN ones; below zero counts as zero.

    Many take the same number of seconds: numbers of seconds are counted, and those are sorted.
    """
    counts = Counter(seconds)
    counts.pop(UNKNOWN, None)
    values = sorted(counts)
    upto = list(accumulate(counts[one] for one in values))
    return Spread(sum(counts.values()), _nearest(values, upto, 0.5), _nearest(values, upto, 0.9))


def _nearest(values: Sequence[int], upto: Sequence[int], share: float) -> int | None:
    """The smallest of these ascending values that `share` of all do not exceed; None of none.
    `upto` says how many do not exceed each."""
    if not values:
        return None
    rank = max(1, ceil(share * upto[-1]))
    return max(0, values[bisect_left(upto, rank)])
