"""The numbers: how many, how long, by topic, agent, day and hour. `definitions` says what each is.

Every number carries the slice of the sessions that it counts. Whose sessions are counted is the
policy's answer; nothing here knows a role. A fixed number of queries, whatever the period holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple, TypeVar

from django.db.models import Subquery

from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.reports import calendars
from chatops.reports.epochs import Epoch
from chatops.reports.periods import Period
from chatops.reports.quantiles import Spread, spread
from chatops.reports.slices import NOBODY, Slice, answers
from chatops.superoffice.entities import ChatSessionStatus as Status

#: First responses are looked up session by session, so only for the newest of a long period. The
#: slice behind that number begins where the sample begins.
RESPONSES = 3000
K = TypeVar("K", bound=Hashable)


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


class _Where(NamedTuple):
    """What sessions are told apart by, as columns: a loop over each is several times faster."""

    topics: list[int]
    agents: list[int]
    requested: list[int]


class _Columns(NamedTuple):
    """The sessions of a period; seconds are None where something has not happened."""

    where: _Where
    ratings: list[int]
    abandoned: list[bool]
    waits: list[int | None]
    handled: list[int | None]


class _Responses(NamedTuple):
    """Seconds to the first answer, of the sessions in `slice` that have one."""

    where: _Where
    seconds: list[int]
    slice: Slice


def numbers(sessions: ChatSessionQuerySet, period: Period, within: Slice) -> Numbers:
    """The measures of the sessions that were requested in the period and are in this slice.

    Hours are hours of the day in the period's zone, which has to be Django's current one.
    """
    whole = within.but(requested_after=period.starts, requested_before=period.ends)
    columns = _columns(whole.of(sessions))
    responses = _responses(sessions, whole)
    hour_of, place_of = calendars.hours(period.zone), calendars.places(period)
    parts = period.parts
    lines = _Lines(columns, responses)

    def during(place: int) -> Slice:
        one = parts[place]
        return whole.but(requested_after=one.starts, requested_before=one.ends)

    return Numbers(
        total=lines.by(lambda where: [None] * len(where.requested), [None], lambda _: whole)[0],
        parts=lines.by(
            lambda where: [place_of(one) for one in where.requested], range(len(parts)), during
        ),
        hours=lines.by(
            lambda where: [hour_of(one) for one in where.requested],
            range(24),
            lambda hour: whole.but(hour=hour),
        ),
        topics=lines.by(lambda where: where.topics, None, lambda one: whole.but(topic=one)),
        agents=lines.by(lambda where: where.agents, None, lambda one: whole.but(agent=one)),
        ratings=_ratings(columns.ratings, whole),
        rated=Number(sum(one > 0 for one in columns.ratings), whole.but(rating="any")),
        sampled=responses.slice is not whole,
    )


def _columns(sessions: ChatSessionQuerySet) -> _Columns:
    rows = sessions.order_by().values_list(
        "topic_id",
        "associate_id",
        Epoch("requested_at"),
        "rating",
        "status",
        Epoch("started_at"),
        Epoch("ended_at"),
    )
    found = list(zip(*rows.iterator(chunk_size=5000), strict=True)) or [()] * 7
    topics, agents, requested, ratings, statuses, started, ended = found
    return _Columns(
        _where(topics, agents, requested),
        ratings=list(ratings),
        abandoned=[one == Status.CLOSED_FROM_QUEUE.value for one in statuses],
        waits=_between(requested, started),
        handled=_between(started, ended),
    )


def _where(
    topics: Iterable[int | None], agents: Iterable[int | None], requested: Iterable[int]
) -> _Where:
    return _Where(
        [one or NOBODY for one in topics], [one or NOBODY for one in agents], list(requested)
    )


def _between(first: Iterable[int | None], last: Iterable[int | None]) -> list[int | None]:
    """Seconds from one to the other; clocks that disagree make none of it negative."""
    return [
        None if one is None or two is None else (two - one if two > one else 0)
        for one, two in zip(first, last, strict=True)
    ]


def _responses(sessions: ChatSessionQuerySet, whole: Slice) -> _Responses:
    """Seconds to the first answer, of the newest sessions."""
    sample = whole
    taken = whole.but(outcome="picked_up").of(sessions).order_by("-requested_at", "-id")
    edge = taken.values_list("requested_at", flat=True)[RESPONSES : RESPONSES + 1].first()
    if edge is not None:
        sample = whole.but(requested_after=edge)
    rows = (
        sample.but(outcome="picked_up")
        .of(sessions)
        .order_by()
        .annotate(answered_at=Subquery(answers().order_by("id").values("posted_at")[:1]))
        .filter(answered_at__isnull=False)
        .values_list(
            "topic_id",
            "associate_id",
            Epoch("requested_at"),
            Epoch("started_at"),
            Epoch("answered_at"),
        )
    )
    topics, agents, requested, started, answered = list(zip(*rows, strict=True)) or [()] * 5
    seconds = [max(0, two - one) for one, two in zip(started, answered, strict=True)]
    return _Responses(_where(topics, agents, requested), seconds, sample)


class _Lines:
    """Makes lines out of columns: one for each key that the sessions fall under."""

    def __init__(self, columns: _Columns, responses: _Responses) -> None:
        self.columns = columns
        self.responses = responses

    def by(
        self,
        keys_of: Callable[[_Where], Sequence[K]],
        wanted: Iterable[K] | None,
        slice_of: Callable[[K], Slice],
    ) -> list[Line]:
        """A line per wanted key; without, for those that occur, the busiest first."""
        keys = keys_of(self.columns.where)
        requested = Counter(keys)
        abandoned = Counter(compress(keys, self.columns.abandoned))
        waits = _gathered(keys, self.columns.waits)
        handled = _gathered(keys, self.columns.handled)
        responses = _gathered(keys_of(self.responses.where), self.responses.seconds)
        if wanted is None:
            wanted = [one for one, _ in requested.most_common()]

        def line(one: K) -> Line:
            part = slice_of(one)
            taken = part.but(outcome="picked_up")
            return Line(
                key=one,
                requested=Number(requested[one], part),
                picked_up=Number(len(waits[one]), taken),
                abandoned=Number(abandoned[one], part.but(outcome="abandoned")),
                wait=Times(spread(waits[one]), taken),
                handling=Times(spread(handled[one]), part.but(outcome="handled")),
                response=Times(spread(responses[one]), self._sampled(part)),
            )

        return [line(one) for one in wanted]

    def _sampled(self, part: Slice) -> Slice:
        """The slice of the first responses of a part: it begins no earlier than the sample."""
        begins = [
            one for one in (part.requested_after, self.responses.slice.requested_after) if one
        ]
        return part.but(outcome="responded", requested_after=max(begins, default=None))


def _gathered(keys: Iterable[K], seconds: Iterable[int | None]) -> defaultdict[K, list[int]]:
    found: defaultdict[K, list[int]] = defaultdict(list)
    for key, one in zip(keys, seconds, strict=True):
        if one is not None:
            found[key].append(one)
    return found


def _ratings(ratings: Sequence[int], whole: Slice) -> list[Number]:
    given = Counter(ratings)
    return [Number(given[stars], whole.but(rating=str(stars))) for stars in range(1, 6)]
