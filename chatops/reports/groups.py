"""How sessions fall into groups: by topic, by agent, by what it is from a time on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from chatops.reports.calendars import Edges
from chatops.reports.columns import Columns
from chatops.reports.quantiles import Ints


class Groups(NamedTuple):
    """What the groups are called, and for each session the place of its group's name."""

    names: Sequence[int]
    places: Ints


Grouping = Callable[[Columns], Groups]


def all_in_one(found: Columns) -> Groups:
    """All sessions under 0."""
    return Groups([0], np.zeros(len(found.requested), np.int8))


def by_topic(found: Columns) -> Groups:
    """Under their topics."""
    return _by(found.topics)


def by_agent(found: Columns) -> Groups:
    """Under their agents."""
    return _by(found.agents)


def _by(column: Ints) -> Groups:
    names = np.unique(column)
    return Groups(names.tolist(), np.searchsorted(names, column))


def since(edges: Edges) -> Grouping:
    """Under what it is from each of these edges on; none was requested before the first."""
    names = range(max(edges.keys) + 1)
    seconds, keys = np.array(edges.seconds, np.int64), np.array(edges.keys, np.int16)
    return lambda found: Groups(names, keys[np.searchsorted(seconds, found.requested, "right") - 1])
