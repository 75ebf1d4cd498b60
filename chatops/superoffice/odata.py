"""Archive lists, paged by key (contract G).

A list is computed from its start for every page and leaves out what the caller may not see, so
`$skip` is slow, a short page proves nothing, and `odata.nextLink` may carry an inner host name or
a null that only means "`$top` reached". Therefore: `key gt N`, ordered by the key, until a page is
empty; the link is never followed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from chatops.superoffice.entities.carrier import read_int
from chatops.superoffice.errors import UnreadableAnswer
from chatops.superoffice.transport import Transport

Mode = Literal["Slim", "Full"]
#: The most rows that are asked for at once; no maximum is documented (L 18).
LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list."""

    #: `PrimaryKey`, which is a string in some answers and a number in others.
    pk: int
    #: `EntityName`, e.g. `chat`.
    entity: str
    #: Column to value. In mode Full the raw value; in Slim list columns hold their display text.
    values: dict[str, Any]


def pages(
    transport: Transport,
    path: str,
    *,
    select: Sequence[str],
    key: str = "chatSessionId",
    filter: str | None = None,
    mode: Mode = "Slim",
    top: int = 200,
    after: int = 0,
    deadline: float | None = None,
) -> Iterator[list[Row]]:
    """The pages of a list with keys above `after`, in ascending order of `key`.

    `filter` is added with `and`.
    Raises what `Transport.send` raises; UnreadableAnswer also when the list does not move on.
    """
    columns = list(dict.fromkeys([key, *select]))
    while True:
        answer = transport.send(
            "GET",
            path,
            params={
                "$select": columns,
                "$filter": f"{key} gt {after}" + (f" and {filter}" if filter else ""),
                "$orderBy": key,
                "$top": min(top, LARGEST_PAGE),
                "$mode": mode if mode != "Slim" else None,
            },
            deadline=deadline,
        )
        keyed = sorted(((_key(row, key), row) for row in rows(answer)), key=lambda pair: pair[0])
        if not keyed:
            return
        page = [_numbered(row, number) for number, row in keyed if number > after]
        if not page:
            raise UnreadableAnswer("A list from SuperOffice does not move on when it is paged.")
        yield page
        after = keyed[-1][0]


def rows(answer: Any) -> list[Row]:
    """The rows of one answer. UnreadableAnswer when it is no list."""
    if answer is None:
        return []
    value = answer.get("value") if isinstance(answer, dict) else answer
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UnreadableAnswer("SuperOffice answered with something that is not a list.")
    return [_row(item) for item in value]


def _row(item: dict[str, Any]) -> Row:
    column = item.get("Column")
    if isinstance(column, dict):
        values = {
            name: cell.get("RawValue") if isinstance(cell, dict) else cell
            for name, cell in column.items()
        }
    else:
        values = {k: v for k, v in item.items() if k not in ("PrimaryKey", "EntityName")}
    return Row(read_int(item.get("PrimaryKey")), str(item.get("EntityName") or ""), values)


def _key(row: Row, key: str) -> int:
    """What the list is ordered by: the key column, or the primary key where it is left out."""
    return read_int(row.values.get(key)) or row.pk


def _numbered(row: Row, number: int) -> Row:
    return row if row.pk > 0 else replace(row, pk=number)


# Filter literals (G.3). Only documented operators; `ge`, `le`, `or` and parentheses are avoided.


def quoted(text: str) -> str:
    """A string literal. Doubling the quote is OData's way, which the vendor does not confirm."""
    return "'" + text.replace("'", "''") + "'"


def one_of(column: str, numbers: Iterable[int]) -> str:
    """`column oneOf (4,5,6)`: for list columns, by number."""
    return f"{column} oneOf ({','.join(str(int(number)) for number in numbers)})"


def equals(column: str, number: int) -> str:
    """`column eq 7`: for int columns."""
    return f"{column} eq {number:d}"


def at_or_after(column: str, moment: datetime) -> str:
    """`column afterTime '…'`, in UTC without an offset as in the vendor's samples.

    In which zone SuperOffice reads it is open (L 16): callers overlap their windows by a day.
    """
    return f"{column} afterTime '{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}'"
