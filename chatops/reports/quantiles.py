"""Medians and their like, by nearest rank: always a value that occurred, on every database."""

from bisect import bisect_right
from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

#: In place of seconds: the thing has not happened. Less than clocks that disagree make of any.
UNKNOWN = -(10**12)


class Spread(NamedTuple):
    """How seconds spread: how many are known, half within `median`, nine of ten within `most`."""

    known: int
    median: int | None
    most: int | None


def nearest_rank(ordered: Sequence[int], share: float) -> int | None:
    """The smallest of these ascending values that `share` of them do not exceed; None of none."""
    if not ordered:
        return None
    return ordered[max(1, ceil(share * len(ordered))) - 1]


def spread(seconds: Sequence[int]) -> Spread:
    """Median and 90 % of seconds in any order, without UNKNOWN ones; below zero counts as zero."""
    ordered = sorted(seconds)
    del ordered[: bisect_right(ordered, UNKNOWN)]
    return Spread(len(ordered), _not_negative(ordered, 0.5), _not_negative(ordered, 0.9))


def _not_negative(ordered: Sequence[int], share: float) -> int | None:
    found = nearest_rank(ordered, share)
    return None if found is None else max(0, found)
