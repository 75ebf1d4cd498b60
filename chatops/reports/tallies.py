"""How many sessions there are, and how long they took, for every group of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from chatops.reports.columns import Columns
from chatops.reports.groups import Grouping
from chatops.reports.quantiles import NEVER, Spread, spreads


@dataclass(slots=True)
class Tally:
    """Sessions of a group, those of them that were abandoned, and how long the others took."""

    sessions: int = 0
    abandoned: int = 0
    wait: Spread = NEVER
    handling: Spread = NEVER
    response: Spread = NEVER


def tallies(found: Columns, responses: Columns, grouping: Grouping) -> defaultdict[int, Tally]:
    """By the name of the group; one in which nothing falls has an empty tally.

    `responses` are those of a sample of the sessions.
    """
    names, places = grouping(found)
    values, many = found.values, len(names)
    counted = zip(
        np.bincount(places, minlength=many).tolist(),
        np.bincount(places[values["abandoned"] == 1], minlength=many).tolist(),
        spreads(places, values["wait"], many),
        spreads(places, values["handling"], many),
        strict=True,
    )
    told: defaultdict[int, Tally] = defaultdict(Tally)
    told.update((name, Tally(*one)) for name, one in zip(names, counted, strict=True))
    names, places = grouping(responses)
    response = spreads(places, responses.values["response"], len(names))
    for name, spread in zip(names, response, strict=True):
        told[name].response = spread
    return told
