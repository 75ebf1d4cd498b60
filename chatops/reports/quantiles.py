"""Medians and their like, by nearest rank: always a value that occurred, on every database."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple


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
    """Median and 90 % of seconds in any order."""
    ordered = sorted(seconds)
    return Spread(len(ordered), nearest_rank(ordered, 0.5), nearest_rank(ordered, 0.9))
