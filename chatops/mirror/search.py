"""Full-text search over what was ever said, and over who said it; the same on both databases.

Every search looks through a bounded number of rows. So a page may hold fewer than asked for, or
none, and still have a `next`: whoever wants all follows it to the end. What a caller may not see is
left out by the querysets that are handed in; the index itself knows no rights.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Generic, NamedTuple, TypeVar

from chatops.mirror import search_rows, words
from chatops.mirror.models import ChatMessage
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.superoffice import text

T = TypeVar("T")

#: Rows of the index that one page looks at.
MOST_LOOKED_AT = 10_000
#: Rows that are asked for at once for each session of a page: a session may be found by many. Every
#: question costs the beginnings of words anew, which is the most of it when they are common.
ROWS_EACH = 10
#: Times that a page of sessions goes back to the index, and that newest messages do.
MOST_BITES, MOST_BITES_OF_NEWEST = 50, 5
#: Characters shown before and after what was found.
AROUND = 80
_SHOWN = 4 * AROUND
_ALL = (1 << 63) - 1


class Found(NamedTuple, Generic[T]):
    """A page, and what to hand in as `after` for the following one; None at the end."""

    hits: list[T]
    next: int | None


class Hit(NamedTuple):
    """A message that was found, and what stands around it: parts of plain text, True where it is
    what was looked for."""

    session_id: int
    message_id: int
    excerpt: list[tuple[str, bool]]


class Where(NamedTuple):
    """Which sessions are searched in which part; None: in none."""

    texts: ChatSessionQuerySet | None = None
    #: Name and company of the customer.
    customers: ChatSessionQuerySet | None = None
    #: E-mail and phone.
    personal: ChatSessionQuerySet | None = None


def is_searchable(query: str) -> bool:
    """Whether there is a word in it; otherwise nothing is found."""
    return bool(words.query(query))


def messages(
    query: str,
    where: ChatSessionQuerySet | None,
    *,
    limit: int = 50,
    after: int | None = None,
    ascending: bool = False,
    at_most: int = MOST_LOOKED_AT,
) -> Found[Hit]:
    """Messages that hold all of the query, of these sessions: newest session first, and in it
    newest message first, unless `ascending`. `at_most`: rows of the index that are looked at."""
    wanted = words.query(query)
    if not wanted or where is None:
        return Found([], None)
    allowed = Where(texts=where)
    numbers = _numbers(wanted, allowed, limit, after, ascending=ascending, at_most=at_most)
    bodies = _texts([one & search_rows.LOW for one in numbers.hits])
    hits = [
        Hit(one >> 32, message_id, _excerpt(bodies[message_id], wanted))
        for one in numbers.hits
        if (message_id := one & search_rows.LOW) in bodies
    ]
    return Found(hits, numbers.next)


def sessions(
    query: str,
    where: Where,
    *,
    limit: int = 50,
    after: int | None = None,
    ascending: bool = False,
) -> Found[int]:
    """Ids of sessions in which one message, or what is known of the customer, holds all of the
    query; highest id first, or lowest."""
    wanted = words.query(query)
    if not wanted:
        return Found([], None)
    found: list[int] = []
    for _ in range(MOST_BITES):
        rows = (limit - len(found)) * ROWS_EACH + 1
        page = _numbers(wanted, where, rows, after, ascending=ascending)
        after = page.next
        for session_id, _rows in groupby(page.hits, key=lambda one: one >> 32):
            found.append(session_id)
            after = beyond(session_id, ascending=ascending)
            if len(found) == limit:
                return Found(found, after)
        if page.next is None:
            return Found(found, None)
        if not page.hits:
            break
    return Found(found, after)


def newest(query: str, where: ChatSessionQuerySet, ids: Collection[int]) -> dict[int, Hit]:
    """The newest message of each of these sessions that holds all of the query, where the session
    is allowed and there is one. A bounded part of the index is looked through."""
    wanted, ids = words.query(query), _among(ids, where)
    first: dict[int, int] = {}
    if not wanted or not ids:
        return {}
    low, high = search_rows.number(min(ids), 0), beyond(max(ids), ascending=True)
    for _ in range(MOST_BITES_OF_NEWEST):
        numbers, after = search_rows.matching(wanted, low, high, limit=len(ids) * 4 * ROWS_EACH)
        for one in numbers:
            if one >> 32 in ids and one & search_rows.LOW < search_rows.CUSTOMER:
                first.setdefault(one >> 32, one & search_rows.LOW)
        if after is None or after <= low or len(first) == len(ids):
            break
        high = after - 1
    bodies = _texts(list(first.values()))
    return {
        session_id: Hit(session_id, message_id, _excerpt(bodies[message_id], wanted))
        for session_id, message_id in first.items()
        if message_id in bodies
    }


def every_session(query: str, where: Where, *, chunk: int = 500) -> Iterator[list[int]]:
    """Every session that `sessions` finds, highest id first, in chunks: for exports."""
    after: int | None = None
    while True:
        found = sessions(query, where, limit=chunk, after=after)
        if found.hits:
            yield found.hits
        if found.next is None:
            return
        after = found.next


def beyond(session_id: int, *, ascending: bool = False) -> int:
    """What to hand in as `after` to go on behind a session."""
    return search_rows.number(session_id, search_rows.LOW if ascending else 0)


def place(hit: Hit) -> int:
    """What to hand in as `after` to go on behind a message that was found."""
    return search_rows.number(hit.session_id, hit.message_id)


def excerpt(query: str, fragment: str) -> list[tuple[str, bool]]:
    """What stands around the query's words in a message's text: plain parts, True where they are
    one of the words. The beginning when none is there."""
    return _excerpt(text.plain(fragment), words.query(query))


def _numbers(
    wanted: words.Query,
    where: Where,
    limit: int,
    after: int | None,
    *,
    ascending: bool,
    at_most: int = MOST_LOOKED_AT,
) -> Found[int]:
    """Rows that the querysets allow, from `after` (a row's number) on."""
    low, high = 0, _ALL
    if after is not None:
        after = min(max(after, 1), _ALL - 1)  # whatever a caller made up
    found: list[int] = []
    batch, looked_at = min(max(limit, 20) + 1, at_most), 0
    while looked_at < at_most:
        if after is not None:
            low, high = (after + 1, high) if ascending else (low, after - 1)
        numbers, after = search_rows.matching(wanted, low, high, limit=batch, ascending=ascending)
        looked_at += max(len(numbers), batch // 4)
        found += _allowed(numbers, where)
        if len(found) > limit:
            return Found(found[:limit], found[limit - 1])
        if after is None:
            return Found(found, None)
        # Few are allowed: larger bites.
        batch = min(batch * 4, at_most // 4 + 1)
    return Found(found, after)


def _allowed(numbers: Sequence[int], where: Where) -> list[int]:
    """Those rows whose session may be searched in that part."""
    texts = [one for one in numbers if one & search_rows.LOW < search_rows.CUSTOMER]
    customers = [one for one in numbers if one & search_rows.LOW == search_rows.CUSTOMER]
    personal = [one for one in numbers if one & search_rows.LOW == search_rows.PERSONAL]
    held: set[int] = set()
    for rows, allowed in zip((texts, customers, personal), where, strict=True):
        if rows and allowed is not None:
            ids = {one >> 32 for one in rows}
            seen = _among(ids, allowed)
            held.update(one for one in rows if one >> 32 in seen)
    return [one for one in numbers if one in held]


def _among(ids: Iterable[int], allowed: ChatSessionQuerySet) -> set[int]:
    # Asked for in their order, SQLite goes from id to id. Of thousands of ids it prefers otherwise
    # to go through all sessions within a time that bounds the search.
    return set(allowed.filter(pk__in=sorted(ids)).order_by("pk").values_list("pk", flat=True))


def _texts(ids: Sequence[int]) -> dict[int, str]:
    rows = ChatMessage.objects.filter(pk__in=ids, gone_at=None).values_list("id", "message")
    return {pk: text.plain(message) for pk, message in rows}


def _excerpt(plain: str, wanted: words.Query) -> list[tuple[str, bool]]:
    places = words.marked(plain, wanted)
    first = places[0][0] if places else 0
    begin = max(0, first - AROUND)
    end = min(len(plain), begin + _SHOWN)
    parts: list[tuple[str, bool]] = [("…", False)] if begin else []
    at = begin
    for start, stop in places:
        if start >= end:
            break
        parts += [(plain[at:start], False), (plain[start : min(stop, end)], True)]
        at = min(stop, end)
    parts += [(plain[at:end], False), ("…" if end < len(plain) else "", False)]
    return [part for part in parts if part[0]]
