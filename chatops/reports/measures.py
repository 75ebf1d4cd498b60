"""The numbers: how many, how long, by topic, agent, day and hour. `definitions` says what each is.

Every number carries the slice of the sessions that it counts. Whose sessions are counted is the
policy's answer; nothing here knows a role. A fixed number of queries, whatever the period holds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any, NamedTuple

from django.db.models import F, Subquery

from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.reports import calendars, columns
from chatops.reports.calendars import Edge
from chatops.reports.columns import Columns
from chatops.reports.periods import Period
from chatops.reports.quantiles import Spread, spread
from chatops.reports.slices import Slice, answers

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


#: The values of a column by what their sessions fall under.
Groups = Mapping[Any, Sequence[int]]
#: How sessions fall into groups: found out once, then asked for one column after the other.
Grouping = Callable[[Columns], Callable[[str], Groups]]


def numbers(sessions: ChatSessionQuerySet, period: Period, within: Slice) -> Numbers:
    """The measures of the sessions that were requested in the period and are in this slice.

    Hours are hours of the day in the period's zone, which has to be Django's current one.
    """
    whole = within.but(requested_after=period.starts, requested_before=period.ends)
    found = columns.read(
        whole.of(sessions),
        abandoned=columns.ABANDONED,
        wait=columns.seconds("requested_at", "started_at"),
        handling=columns.seconds("started_at", "ended_at"),
        rating=F("rating"),
    )
    sample = _sample(sessions, whole)
    lines = _Lines(found, _responses(sessions, sample), sample)
    parts = period.parts

    def during(place: int) -> Slice:
        one = parts[place]
        return whole.but(requested_after=one.starts, requested_before=one.ends)

    return Numbers(
        total=lines.by(_together, [None], lambda _: whole)[0],
        parts=lines.by(_from(calendars.parts(period)), range(len(parts)), during),
        hours=lines.by(
            _from(calendars.hours(period)), range(24), lambda hour: whole.but(hour=hour)
        ),
        topics=lines.by(_topic, None, lambda one: whole.but(topic=one)),
        agents=lines.by(_agent, None, lambda one: whole.but(agent=one)),
        ratings=_ratings(found.values["rating"], whole),
        rated=Number(sum(one > 0 for one in found.values["rating"]), whole.but(rating="any")),
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


def _together(found: Columns) -> Callable[[str], Groups]:
    return lambda name: {None: found.values[name]}


def _topic(found: Columns) -> Callable[[str], Groups]:
    return _gathered(found, found.topics)


def _agent(found: Columns) -> Callable[[str], Groups]:
    return _gathered(found, found.agents)


def _gathered(found: Columns, keys: Sequence[int]) -> Callable[[str], Groups]:
    put = columns.ordering(keys)
    stretches = [(one, len(list(same))) for one, same in groupby(put(keys))]
    ends = list(accumulate(length for _key, length in stretches))

    def cut(name: str) -> Groups:
        column = put(found.values[name])
        return {
            key: column[end - length : end]
            for (key, length), end in zip(stretches, ends, strict=True)
        }

    return cut


def _from(edges: Sequence[Edge]) -> Grouping:
    """By what it is from each of these edges on: columns are in the order of time."""

    def grouping(found: Columns) -> Callable[[str], Groups]:
        places = [bisect_left(found.requested, edge.second) for edge in edges]
        ends = [*places[1:], len(found.requested)]
        stretches = [
            (edge.key, first, last)
            for edge, first, last in zip(edges, places, ends, strict=True)
            if first < last
        ]

        def cut(name: str) -> Groups:
            groups: defaultdict[int, list[int]] = defaultdict(list)
            column = found.values[name]
            for key, first, last in stretches:
                groups[key] += column[first:last]
            return groups

        return cut

    return grouping


class _Lines:
    """Makes lines out of columns: one for each key that the sessions fall under."""

    def __init__(self, found: Columns, responses: Columns, sample: Slice) -> None:
        self.found = found
        self.responses = responses
        self.sample = sample

    def by(
        self,
        grouping: Grouping,
        wanted: Iterable[Any] | None,
        slice_of: Callable[[Any], Slice],
    ) -> list[Line]:
        """A line per wanted key; without, for those that occur, the busiest first."""
        of = grouping(self.found)
        abandoned, waits, handled = of("abandoned"), of("wait"), of("handling")
        responses = grouping(self.responses)("response")
        if wanted is None:
            wanted = sorted(abandoned, key=lambda one: -len(abandoned[one]))

        def line(one: Any) -> Line:
            part = slice_of(one)
            taken = part.but(outcome="picked_up")
            every, wait = abandoned.get(one, ()), spread(waits.get(one, ()))
            return Line(
                key=one,
                requested=Number(len(every), part),
                picked_up=Number(wait.known, taken),
                abandoned=Number(sum(every), part.but(outcome="abandoned")),
                wait=Times(wait, taken),
                handling=Times(spread(handled.get(one, ())), part.but(outcome="handled")),
                response=Times(spread(responses.get(one, ())), self._sampled(part)),
            )

        return [line(one) for one in wanted]

    def _sampled(self, part: Slice) -> Slice:
        """The slice of the first responses of a part: it begins no earlier than the sample."""
        begins = [one for one in (part.requested_after, self.sample.requested_after) if one]
        return part.but(outcome="responded", requested_after=max(begins, default=None))


def _ratings(ratings: Iterable[int], whole: Slice) -> list[Number]:
    given = Counter(ratings)
    return [Number(given[stars], whole.but(rating=str(stars))) for stars in range(1, 6)]
