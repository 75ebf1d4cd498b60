"""Keyset pages: the rows after a key, never a count and never an offset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import F, Model, QuerySet
from django.http import QueryDict

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows by descending id, and the queries of its neighbours."""

    rows: list[Any]
    older: str
    newer: str


def page(rows: QuerySet[M], query: QueryDict, *, size: int, by_time: bool = False) -> Page:
    """The page that `older` or `newer` in the query asks for; the first one without them.

    `by_time`: the rows are those within a time, of which an index holds all that is asked.
    """
    older, newer = number(query, "older"), number(query, "newer")
    first = _first_by_index if by_time else _first
    if newer is not None:
        found = first(rows.filter(pk__gt=newer), "pk", size + 1)
        more_newer, more_older = len(found) > size, True
        found = list(reversed(found[:size]))
    else:
        if older is not None:
            rows = rows.filter(pk__lt=older)
        found = first(rows, "-pk", size + 1)
        more_newer, more_older = older is not None, len(found) > size
        found = found[:size]
    if not found:
        return Page([], "", address(query) if older or newer else "")
    return Page(
        found,
        address(query, older=found[-1].pk) if more_older else "",
        address(query, newer=found[0].pk) if more_newer else "",
    )


def _first(rows: QuerySet[M], order: str, size: int) -> list[M]:
    return list(rows.order_by(order)[:size])


def _first_by_index(rows: QuerySet[M], order: str, size: int) -> list[M]:
    """The ids alone are sorted, so that no row is read in vain. The sum keeps the database from
    going through the table in the order of its ids, until it comes to the time."""
    place = F("pk") + 0
    sums = place.desc() if order.startswith("-") else place.asc()
    ids = list(rows.order_by(sums).values_list("pk", flat=True)[:size])
    return list(rows.filter(pk__in=ids).order_by(order))


def number(query: QueryDict, name: str, *, most: int = 2**63 - 1) -> int | None:
    """A parameter as a number; None when it is missing or nonsense."""
    text = query.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    return int(text) if int(text) <= most else None


def address(query: QueryDict, **changed: Any) -> str:
    """The address of another page of the same list."""
    kept = query.copy()
    for name in ("older", "newer"):
        kept.pop(name, None)
    for name, value in changed.items():
        kept[name] = str(value)
    return f"?{kept.urlencode()}"
