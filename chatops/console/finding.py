"""Searching the list of sessions: through the text index, and what was said around the words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.http import QueryDict

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.actions.policy import Right
from chatops.console import lines, paging
from chatops.console.filters import SessionFilters
from chatops.console.lines import Excerpt
from chatops.mirror import search
from chatops.mirror.models import ChatSession
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.mirror.search import Where

#: An index page may hold nothing that the caller may see; so many are looked at for one screen.
MOST_PAGES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """A search within the other filters of the list, for one caller."""

    text: str
    #: The session of that number, where the text is one and the caller sees it.
    numbered: int | None
    where: Where
    #: The sessions that the other filters leave, of those that the caller sees.
    listed: ChatSessionQuerySet

    def page(self, query: QueryDict, *, size: int) -> paging.Page:
        """The page that `older` or `newer` (places in the index) asks for, newest session first."""
        older, newer = paging.number(query, "older"), paging.number(query, "newer")
        ascending = newer is not None
        start = newer if ascending else older
        found = self._page(start, size, ascending=ascending)
        ids = found.hits
        before = after = None
        if start is not None:
            # Of an empty page, the place it began at belongs to the page before.
            other = start + (1 if ascending else -1)
            before = search.beyond(ids[0], ascending=not ascending) if ids else max(other, 0)
        if found.next is not None:
            after = found.next
        if ascending:
            ids, before, after = ids[::-1], after, before
        elif older is None and self.numbered is not None:
            ids = [self.numbered, *ids]
        return paging.Page(
            self._rows(ids),
            paging.address(query, older=after) if after is not None else "",
            paging.address(query, newer=before) if before is not None else "",
        )

    def _page(self, after: int | None, limit: int, *, ascending: bool) -> search.Found[int]:
        found: search.Found[int] = search.Found([], after)
        for _ in range(MOST_PAGES):
            found = search.sessions(
                self.text, self.where, limit=limit, after=after, ascending=ascending
            )
            after = found.next
            if found.hits or after is None:
                break
        return found

    def _rows(self, ids: Collection[int]) -> list[ChatSession]:
        rows = lines.listed(self.listed).in_bulk(ids)
        return [rows[one] for one in ids if one in rows]

    def excerpts(self, ids: Collection[int]) -> dict[int, Excerpt]:
        """The newest message of each session in which the words stand, where there is one."""
        if self.where.texts is None:
            return {}
        found = search.newest(self.text, self.where.texts, ids)
        return {one: Excerpt(hit.message_id, hit.excerpt) for one, hit in found.items()}

    def newest(self, most: int) -> tuple[list[int], bool]:
        """Ids of the newest sessions found, at most so many; whether there may be more of them.

        A bounded part of the index is looked through, as for a page.
        """
        ids = [] if self.numbered is None else [self.numbered]
        after: int | None = None
        for _ in range(MOST_PAGES):
            found = search.sessions(self.text, self.where, limit=most + 1 - len(ids), after=after)
            ids, after = [*ids, *found.hits], found.next
            if after is None or len(ids) > most:
                break
        return ids[:most], after is not None or len(ids) > most

    def chunks(self) -> Iterator[list[int]]:
        """Every session found, newest first: for exports."""
        if self.numbered is not None:
            yield [self.numbered]
        yield from search.every_session(self.text, self.where)


def finding(caller: Caller, filters: SessionFilters) -> Finding | None:
    """The search that is asked for; None when none is. What the caller may not see of a session is
    not searched either."""
    text = filters.searched
    if not text:
        return None
    listed = filters.apply(policy.visible_sessions(caller))
    number = listed.filter(pk=_number(text)).values_list("pk", flat=True).first()

    def searched(rows: ChatSessionQuerySet) -> ChatSessionQuerySet:
        return rows if number is None else rows.exclude(pk=number)

    where = Where(
        texts=searched(filters.apply(policy.sessions_with(caller, Right.TRANSCRIPT))),
        customers=searched(listed),
        personal=searched(filters.apply(policy.sessions_with(caller, Right.PERSONAL))),
    )
    return Finding(text, number, where, listed)


def _number(text: str) -> int:
    """The text as a session's number; 0, which none has, when it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
