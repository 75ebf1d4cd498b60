"""Pages of what the text index finds; a cursor of the API is here a place in the index.

What a caller may not see is not searched either: "is there anything?" would tell it. Each page
looks through a bounded part of the index: it may hold fewer rows than asked for, and still have a
`next`.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.actions.policy import Right
from chatops.api.pages import Cursor, Order, Page, Row
from chatops.mirror import search
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.mirror.search import Found, Hit, Where

T = TypeVar("T")

#: Narrows sessions to those that a list's other filters leave.
Narrow = Callable[[ChatSessionQuerySet], ChatSessionQuerySet]


class Around(NamedTuple):
    """The cursors of a page's neighbours."""

    next: Cursor | None
    previous: Cursor | None


def allowed(caller: Caller, narrow: Narrow) -> Where:
    """Which of the narrowed sessions this caller may search in which part."""
    return within(
        narrow(policy.visible_sessions(caller)),
        lambda right: narrow(policy.sessions_with(caller, right)),
    )


def within(rows: ChatSessionQuerySet, having: Callable[[Right], ChatSessionQuerySet]) -> Where:
    """Which of the rows may be searched in which part; `having` gives those with a right."""
    return Where(texts=having(Right.TRANSCRIPT), customers=rows, personal=having(Right.PERSONAL))


def sessions(
    words: str,
    where: Where,
    order: Order,
    start: Cursor | None,
    size: int,
    *,
    columns: Sequence[str],
) -> Page:
    """A page of the sessions in which the words stand, by id, with these columns."""
    ascending = _is_ascending(order, start)
    after = start.id if start else None
    found = search.sessions(words, where, limit=size, after=after, ascending=ascending)
    around = _around(found, start, ascending, lambda one: _before(one, ascending))
    visible = where.customers
    assert visible is not None  # `allowed` hands in all three
    rows: dict[int, Row] = {
        row["id"]: row for row in visible.filter(pk__in=found.hits).order_by().values(*columns)
    }
    # A session may have gone since it was found.
    held = [rows[one] for one in _in_order(found.hits, start) if one in rows]
    return Page(held, *around)


def _before(session_id: int, ascending: bool) -> int:
    return search.beyond(session_id, ascending=not ascending)


def messages(
    words: str,
    where: ChatSessionQuerySet,
    start: Cursor | None,
    size: int,
    *,
    session: int | None = None,
) -> tuple[list[Hit], Around]:
    """A page of messages in which the words stand: newest session first, and in it newest message
    first. `session`: in this one, which is the only one that `where` has."""
    ascending = _is_ascending(Order(), start)
    after = start.id if start else None
    if session is not None and start is None:
        after = search.beyond(session + 1)
    found = search.messages(words, where, limit=size, after=after, ascending=ascending)
    if session is not None and found.next is not None and found.next >> 32 != session:
        found = Found(found.hits, None)  # the rest of the index is about others
    around = _around(found, start, ascending, search.place)
    return _in_order(found.hits, start), around


def _is_ascending(order: Order, start: Cursor | None) -> bool:
    return order.descending == bool(start and start.back)


def _in_order(hits: list[T], start: Cursor | None) -> list[T]:
    return hits[::-1] if start and start.back else hits


def _around(
    found: Found[T], start: Cursor | None, ascending: bool, place: Callable[[T], int]
) -> Around:
    """`place`: from where one goes the other way, to what comes before a hit."""
    back = bool(start and start.back)
    ahead = None if found.next is None else Cursor(back, None, found.next)
    behind = None
    if start is not None:
        # Of an empty page, what `start` names is itself on the page before.
        here = place(found.hits[0]) if found.hits else start.id + (-1 if not ascending else 1)
        behind = Cursor(not back, None, max(here, 0))
    return Around(behind, ahead) if back else Around(ahead, behind)


def excerpt(parts: Sequence[tuple[str, bool]]) -> tuple[str, list[tuple[int, int]]]:
    """An excerpt as one plain text, and where in it the words stand: characters `[start, end)`, so
    that a client marks them without markup of ours."""
    shown, places = "", []
    for text, marked in parts:
        if marked:
            places.append((len(shown), len(shown) + len(text)))
        shown += text
    return shown, places
