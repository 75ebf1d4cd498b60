"""Sessions as columns of whole numbers: a hundred thousand of them without an object for each.

The database hands every column over as one JSON array; both of ours do that several times faster
than they hand over rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    Aggregate,
    BigIntegerField,
    Case,
    Expression,
    F,
    IntegerField,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.reports.epochs import Epoch
from chatops.reports.quantiles import UNKNOWN
from chatops.reports.slices import NOBODY
from chatops.superoffice.entities import ChatSessionStatus as Status


class _Column(Aggregate):
    """All values of an expression as one JSON array. Those of one query are in the same order."""

    output_field = TextField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        return super().as_sql(compiler, connection, function="json_group_array", **extra)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        template = "json_agg(%(expressions)s)::text"
        return super().as_sql(compiler, connection, template=template, **extra)


@dataclass(frozen=True, slots=True)
class Columns:
    """Sessions by the time of their request. `values` stand under their names."""

    requested: Sequence[int]
    topics: Sequence[int]
    agents: Sequence[int]
    values: Mapping[str, Sequence[int]]


def seconds(first: str, last: str) -> Expression:
    """The seconds from one time to another; UNKNOWN when one of them is not known."""
    return Coalesce(Epoch(last) - Epoch(first), Value(UNKNOWN), output_field=BigIntegerField())


#: Whether the customer left the queue, as 1 or 0.
ABANDONED = Case(
    When(status=Status.CLOSED_FROM_QUEUE.value, then=Value(1)),
    default=Value(0),
    output_field=IntegerField(),
)


def ordering(keys: Sequence[int]) -> Callable[[Sequence[int]], Sequence[int]]:
    """What puts a column of as many values into the ascending order of these keys."""
    if len(keys) < 2:
        return lambda column: column  # itemgetter makes no tuple of one
    return itemgetter(*sorted(range(len(keys)), key=keys.__getitem__))


def read(sessions: ChatSessionQuerySet, **values: Expression | F) -> Columns:
    """The sessions, each of which has a time of its request, with these values; one query."""
    asked: dict[str, Any] = {
        "requested": Epoch("requested_at"),
        "topics": Coalesce("topic_id", Value(NOBODY)),
        "agents": Coalesce("associate_id", Value(NOBODY)),
        **values,
    }
    answer = sessions.order_by().aggregate(
        **{f"{name}_column": _Column(one) for name, one in asked.items()}
    )
    found: dict[str, Sequence[int]] = {
        name: json.loads(answer[f"{name}_column"] or "[]") for name in asked
    }
    requested = found["requested"]
    if list(requested) != sorted(requested):
        put = ordering(requested)
        found = {name: put(column) for name, column in found.items()}
    return Columns(found.pop("requested"), found.pop("topics"), found.pop("agents"), values=found)
