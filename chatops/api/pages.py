"""Pages by key: a page begins after a row, not at a number, so writes never shift what follows.

A cursor names the row at the edge of a page by what the list is ordered by, and its id. It grants
nothing: whoever makes one up sees what their rights show anyway.
"""

import base64
import binascii
import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from chatops.actions.prepared import NUMBER, Kept
from chatops.api.params import INT64, Query
from chatops.api.problems import invalid

Row = dict[str, Any]
SIZE, MOST = 50, 500


@dataclass(frozen=True, slots=True)
class Order:
    """An indexed column that a list may be ordered by; rows without a value come last."""

    column: str = "id"
    descending: bool = True
    nullable: bool = False


class Cursor(NamedTuple):
    """The row at the edge; `back` asks for the rows before it."""

    back: bool
    value: str | None
    id: int


class Page(NamedTuple):
    """Rows in order, and the cursors of its neighbours."""

    rows: list[Row]
    next: Cursor | None
    previous: Cursor | None


def encode(cursor: Cursor) -> str:
    """A cursor as it stands in an URL."""
    text = json.dumps([int(cursor.back), cursor.value, cursor.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(text: str, order: Order) -> Cursor:
    """A cursor of a list in this order. Raises a 422 for what is none."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        back, value, one = json.loads(base64.b64decode(padded, b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise _no_cursor() from error
    if back not in (0, 1) or type(one) is not int or not 0 <= one <= INT64:
        raise _no_cursor()
    if order.column == "id":
        fits = value is None
    else:
        fits = (value is None and order.nullable) or _is_time(value)
    if not fits:
        raise _no_cursor()
    return Cursor(bool(back), value, one)


def _no_cursor() -> Exception:
    return invalid("cursor", "This is not a cursor of this list in this order.")


def _is_time(value: Any) -> bool:
    """Whether it is a time with its offset, which UTC's calendar has, too."""
    if not isinstance(value, str):
        return False
    try:
        found = datetime.fromisoformat(value)
        found.astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return found.tzinfo is not None


def size_of(query: Query, *, default: int = SIZE) -> int:
    """`page_size`, 1 to 500."""
    return query.number("page_size", low=1, high=MOST) or default


def cursor_of(query: Query, order: Order) -> Cursor | None:
    """`cursor`, if it is given."""
    text = query.text("cursor", longest=300)
    return decode(text, order) if text else None


_kept = Kept()


def page(
    rows: QuerySet[Any, Any] | Callable[[], QuerySet[Any, Any]],
    order: Order,
    start: Cursor | None,
    size: int,
    *,
    known_as: Hashable | None = None,
) -> Page:
    """The page of `size` rows that `start` asks for; the first one without.

    `known_as` says all that `rows` depends on: a list by id then makes its statement only once, and
    `rows`, if it is a function, is called only for that.
    """
    made = rows if callable(rows) else lambda: rows
    back = start is not None and start.back
    if known_as is not None and order.column == "id":
        name = (known_as, order.descending, start is None, back, size)
        found = _kept.rows(
            name, lambda: _by_id(made(), order, start, size), 0 if start is None else start.id
        )
    else:
        found = _in_parts(made(), order, start, size, back=back)
    more = len(found) > size
    del found[size:]
    if back:
        found.reverse()
    return _with_edges(found, order, start, more)


def _by_id(
    rows: QuerySet[Any, Any], order: Order, start: Cursor | None, size: int
) -> QuerySet[Any, Any]:
    """The rows of a page, and one more, with NUMBER in place of the cursor's id."""
    place = None if start is None else start._replace(id=NUMBER)
    back = start is not None and start.back
    return _part(rows, order, place, empty=False, back=back)[: size + 1]


def _in_parts(
    rows: QuerySet[Any, Any], order: Order, start: Cursor | None, size: int, *, back: bool
) -> list[Row]:
    """The rows of a page, and one more when there are more."""
    found: list[Row] = []
    for empty in _parts(order, back):
        if start is not None and _is_behind(order, start, empty):
            continue
        part = _part(rows, order, start, empty=empty, back=back)
        found += part[: size + 1 - len(found)]
        if len(found) > size:
            break
    return found


def _parts(order: Order, back: bool) -> list[bool]:
    """The rows with a value, then those without; the other way round when paging back."""
    if not order.nullable:
        return [False]
    return [True, False] if back else [False, True]


def _is_behind(order: Order, start: Cursor, empty: bool) -> bool:
    """Whether a part was left behind by the pages before."""
    if not order.nullable:
        return False
    started_in_empty = start.value is None
    return started_in_empty != empty and started_in_empty != start.back


def _part(
    rows: QuerySet[Any, Any], order: Order, start: Cursor | None, *, empty: bool, back: bool
) -> QuerySet[Any, Row]:
    """One part of the list, from the cursor on, in the direction of the page."""
    down = order.descending != back
    sign, less = ("-", "lt") if down else ("", "gt")
    keyed = order.column != "id" and not empty
    if order.nullable:
        rows = rows.filter(**{f"{order.column}__isnull": empty})
    if start is not None and (start.value is None) == (empty or order.column == "id"):
        beyond = Q(**{f"id__{less}": start.id})
        if keyed:
            same = Q(**{order.column: start.value})
            further = Q(**{f"{order.column}__{less}": start.value})
            # The first condition alone lets the index find the place.
            reached = Q(**{f"{order.column}__{less}e": start.value})
            beyond = reached & (further | (same & beyond))
        rows = rows.filter(beyond)
    return rows.order_by(*([f"{sign}{order.column}"] if keyed else []), f"{sign}id")


def _with_edges(found: list[Row], order: Order, start: Cursor | None, more: bool) -> Page:
    """Neighbours: there is one where we came from, and one ahead when there was more."""
    back = start is not None and start.back
    if not found:
        if start is None:
            return Page(found, None, None)
        turned = _turned(start, order)
        return Page(found, turned if back else None, None if back else turned)
    ahead = _edge(found[0 if back else -1], order, back=back) if more else None
    behind = _edge(found[-1 if back else 0], order, back=not back) if start else None
    return Page(found, behind, ahead) if back else Page(found, ahead, behind)


def _turned(start: Cursor, order: Order) -> Cursor:
    """From an empty page back to where it was reached from: what `start` names is itself there."""
    down = order.descending != start.back
    beyond = start.id - 1 if down else start.id + 1
    return start._replace(back=not start.back, id=min(max(beyond, 0), INT64))


def _edge(row: Mapping[str, Any], order: Order, *, back: bool) -> Cursor:
    value = None if order.column == "id" else row[order.column]
    return Cursor(back, value.isoformat() if value is not None else None, row["id"])


def address(request: Request, cursor: Cursor | None) -> str | None:
    """The absolute URL of the page at a cursor."""
    if cursor is None:
        return None
    return replace_query_param(request.build_absolute_uri(), "cursor", encode(cursor))
