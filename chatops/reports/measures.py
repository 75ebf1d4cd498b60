"""The numbers: how many, how long, by topic, agent, day and hour. `definitions` says what each is.

Every number carries the slice of the sessions that it counts. Whose sessions are counted is the
policy's answer; nothing here knows a role. The number of queries depends on how long the period
is, one for each two months, and not on what it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from django.db.models import F, Subquery

from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.reports import calendars, columns, groups
from chatops.reports.columns import Columns
from chatops.reports.periods import Period
from chatops.reports.quantiles import Spread
from chatops.reports.slices import Slice, answers
from chatops.reports.tallies import Tally, tallies

#: First responses are looked up session by session, so only for the newest of a long period. The
#: slice behind that number begins where the sample begins.
RESPONSES = 3000


class Number(NamedTuple):
    """How many, and the slice that holds exactly these."""

    value: int
    slice: Slice


class Times(NamedTuple):
    """How long it took, in seconds, and the slice of those it is known for."""

    spread: Spread
    slice: Slice


@dataclass(frozen=True, slots=True)
class Line:
    """The measures of one slice. `key` says which: an id, an hour, a part's place, or None."""

    key: Any
    requested: Number
    picked_up: Number
    abandoned: Number
    wait: Times
    handling: Times
    response: Times


@dataclass(frozen=True, slots=True)
class Numbers:
    """A period in numbers. `ratings` is for 1 to 5 stars."""

    total: Line
    #: By day or by week; the key is the place among the period's parts.
    parts: list[Line]
    hours: list[Line]
    topics: list[Line]
    agents: list[Line]
    ratings: list[Number]
    rated: Number
    #: Whether first responses are those of the newest sessions only.
    sampled: bool


def numbers(sessions: ChatSessionQuerySet, period: Period, within: Slice) -> Numbers:
    """The measures of the sessions that were requested in the period and are in this slice.

    Hours are hours of the day in the period's zone, which has to be Django's current one.
    """
    whole = within.but(requested_after=period.starts, requested_before=period.ends)
    found = columns.joined(
        [
            columns.read(
                whole.but(requested_after=one.starts, requested_before=one.ends).of(sessions),
                abandoned=columns.ABANDONED,
                wait=columns.seconds("requested_at", "started_at"),
                handling=columns.seconds("started_at", "ended_at"),
                rating=F("rating"),
            )
            for one in period.stretches
        ]
    )
    sample = _sample(sessions, whole)
    responses = _responses(sessions, sample)
    total, topics, agents, hours, parts = (
        tallies(found, responses, grouping)
        for grouping in (
            groups.all_in_one,
            groups.by_topic,
            groups.by_agent,
            groups.since(calendars.hours(period)),
            groups.since(calendars.parts(period)),
        )
    )
    given = np.bincount(np.clip(found.values["rating"], 0, 6), minlength=7).tolist()

    def line(key: Any, tally: Tally, **part: Any) -> Line:
        return _line(key, tally, whole.but(**part), sample)

    return Numbers(
        total=line(None, total[0]),
        parts=[
            line(place, parts[place], requested_after=one.starts, requested_before=one.ends)
            for place, one in enumerate(period.parts)
        ],
        hours=[line(hour, hours[hour], hour=hour) for hour in range(24)],
        topics=[line(one, topics[one], topic=one) for one in _busiest_first(topics)],
        agents=[line(one, agents[one], agent=one) for one in _busiest_first(agents)],
        ratings=[Number(given[stars], whole.but(rating=str(stars))) for stars in range(1, 6)],
        rated=Number(sum(given[1:]), whole.but(rating="any")),
        sampled=sample is not whole,
    )


def _sample(sessions: ChatSessionQuerySet, whole: Slice) -> Slice:
    """The slice of the newest sessions whose first responses are looked up."""
    taken = whole.but(outcome="picked_up").of(sessions).order_by("-requested_at", "-id")
    edge = taken.values_list("requested_at", flat=True)[RESPONSES : RESPONSES + 1].first()
    return whole if edge is None else whole.but(requested_after=edge)


def _responses(sessions: ChatSessionQuerySet, sample: Slice) -> Columns:
    """Seconds to the first answer, of the sessions of the sample."""
    first = Subquery(answers().order_by("id").values("posted_at")[:1])
    taken = sample.but(outcome="picked_up").of(sessions).annotate(answered_at=first)
    return columns.read(taken, response=columns.seconds("started_at", "answered_at"))


def _busiest_first(told: Mapping[int, Tally]) -> list[int]:
    return sorted(told, key=lambda one: (-told[one].sessions, one))


def _line(key: Any, tally: Tally, part: Slice, sample: Slice) -> Line:
    """The measures of a slice whose sessions were counted."""
    taken = part.but(outcome="picked_up")
    # First responses begin no earlier than their sample.
    begins = [one for one in (part.requested_after, sample.requested_after) if one]
    sampled = part.but(outcome="responded", requested_after=max(begins, default=None))
    return Line(
        key=key,
        requested=Number(tally.sessions, part),
        picked_up=Number(tally.wait.known, taken),
        abandoned=Number(tally.abandoned, part.but(outcome="abandoned")),
        wait=Times(tally.wait, taken),
        handling=Times(tally.handling, part.but(outcome="handled")),
        response=Times(tally.response, sampled),
    )
