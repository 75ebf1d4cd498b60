"""The numbers of any past are those that somebody finds who looks at its chats one by one."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from chatops.mirror.models import ChatSession
from chatops.reports import measures, periods
from chatops.reports.measures import Line
from chatops.reports.periods import Period
from chatops.reports.quantiles import Spread
from chatops.reports.slices import Slice
from tests.reports.conftest import carrier, store

OSLO = ZoneInfo("Europe/Oslo")
#: Ids that Python has one object each of, and others.
TOPICS, AGENTS = (7, 8, 4711), (0, 17, 18, 100_000)


def _some_chats(dice: random.Random, first: datetime, days: int) -> None:
    """Chats at any time of these days; picked up or not, ended or not, some by odd clocks."""
    told = []
    for number in range(1, 151):
        asked = first + timedelta(seconds=dice.uniform(0, days * 86_400))
        more: dict[str, Any] = {
            "TopicId": dice.choice(TOPICS),
            "User": {"AssociateId": dice.choice(AGENTS)},
            "Status": dice.choice(("Closed", "Closed", "UserLast", "ClosedFromQueue")),
            "Rating": dice.randint(0, 5),
        }
        if dice.random() < 0.8:
            more["WhenStarted"] = asked + timedelta(seconds=dice.uniform(-5, 400))
        if dice.random() < 0.8:
            more["WhenEnded"] = asked + timedelta(seconds=dice.uniform(300, 4000))
        told.append(carrier(number, asked, **more))
    store(*told)


def _seconds(first: datetime | None, last: datetime | None) -> int | None:
    return int(last.timestamp()) - int(first.timestamp()) if first and last else None


def _spread(found: list[int | None]) -> Spread:
    known = sorted(max(0, one) for one in found if one is not None)
    nearest = [known[ceil(len(known) * share / 10) - 1] if known else None for share in (5, 9)]
    return Spread(len(known), *nearest)


def _naive(rows: list[ChatSession]) -> tuple[Any, ...]:
    return (
        len(rows),
        sum(one.started_at is not None for one in rows),
        sum(one.status == "ClosedFromQueue" for one in rows),
        _spread([_seconds(one.requested_at, one.started_at) for one in rows]),
        _spread([_seconds(one.started_at, one.ended_at) for one in rows]),
    )


def _told(line: Line) -> tuple[Any, ...]:
    return (
        *(line.requested.value, line.picked_up.value, line.abandoned.value),
        *(line.wait.spread, line.handling.spread),
    )


def _agree(
    lines: list[Line], rows: list[ChatSession], key: Callable[[ChatSession], object]
) -> None:
    groups: defaultdict[object, list[ChatSession]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    assert groups.keys() <= {line.key for line in lines}
    assert [_told(line) for line in lines] == [_naive(groups[line.key]) for line in lines]


def _place(period: Period, row: ChatSession) -> int:
    assert row.requested_at
    return (row.requested_at.astimezone(OSLO).date() - period.first).days // period.step


@pytest.mark.parametrize("days", [9, 100])
@pytest.mark.parametrize("seed", range(4))
def test_the_numbers_are_those_of_somebody_who_counts_by_hand(
    office: None, seed: int, days: int
) -> None:
    # Around the end of summer time: an hour comes twice, and a day has 25.
    first = date(2026, 10, 20)
    _some_chats(random.Random(seed), datetime(2026, 10, 19, 12, tzinfo=UTC), days + 1)
    period = periods.between(first, first + timedelta(days=days - 1), OSLO)
    rows = [
        one
        for one in ChatSession.objects.order_by("id")
        if one.requested_at and period.starts <= one.requested_at < period.ends
    ]
    with timezone.override(OSLO):
        found = measures.numbers(ChatSession.objects.all(), period, Slice())
    assert len(rows) > 100
    _agree([found.total], rows, lambda _: None)
    _agree(found.topics, rows, lambda one: one.topic_id or 0)
    _agree(found.agents, rows, lambda one: one.associate_id or 0)
    _agree(
        found.hours, rows, lambda one: one.requested_at and one.requested_at.astimezone(OSLO).hour
    )
    _agree(found.parts, rows, lambda one: _place(period, one))
    assert [one.value for one in found.ratings] == [
        sum(one.rating == stars for one in rows) for stars in range(1, 6)
    ]
    assert found.rated.value == sum(one.rating > 0 for one in rows)
