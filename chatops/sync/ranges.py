"""One range of the comparison: read all of it, repair what differs, compare again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.utils import timezone

from chatops.mirror import doubt
from chatops.mirror.models import ChatSession
from chatops.superoffice.client import Client
from chatops.sync import absence, alarms, compare, reading
from chatops.sync.errors import OddAnswer
from chatops.sync.fetching import never
from chatops.sync.reading import Batch, Wish

WIDTH = 500
#: Sessions that others read meanwhile are compared again, so many times.
TRIES = 3
LACKING = "lists_lack_sessions"


class Range(NamedTuple):
    """Session ids from `first` to `last`, both included."""

    first: int
    last: int

    @classmethod
    def around(cls, session_id: int) -> Self:
        """The range that an id belongs to."""
        first = (session_id - 1) // WIDTH * WIDTH + 1
        return cls(first, first + WIDTH - 1)


@dataclass
class Comparison:
    """What a range was compared to be."""

    range: Range
    at: datetime = field(default_factory=timezone.now)
    #: Digests by session id: as SuperOffice said them, as we held them before and hold them now.
    said: dict[int, str] = field(default_factory=dict)
    held: dict[int, str] = field(default_factory=dict)
    differed: set[int] = field(default_factory=set)
    unknown_here: int = 0
    #: Held here, but SuperOffice answers 404.
    missing: set[int] = field(default_factory=set)
    #: Could not be read or understood.
    unread: set[int] = field(default_factory=set)

    @property
    def is_equal(self) -> bool:
        """Whether everything was read and is the same on both sides."""
        return not self.unread and self.said == self.held

    @property
    def repaired(self) -> int:
        """How many of those that differed are equal now."""
        same = {one for one, digest in self.said.items() if self.held.get(one) == digest}
        return len(self.differed & same)

    def look_again(self, *, gone: Sequence[int] = ()) -> None:
        """Look at what we hold now."""
        self.held = compare.held(sorted(self.said.keys() | self.missing))
        self.missing -= set(gone)

    def proof(self) -> dict[str, Any]:
        """The columns of its `RangeProof`."""
        return {
            "last_id": self.range.last,
            "compared_at": self.at,
            "remote_count": len(self.said),
            "remote_digest": compare.together(self.said, self.said),
            "mirror_count": len(self.held),
            "mirror_digest": compare.together(self.held, self.held),
            "differed": len(self.differed),
            "repaired": self.repaired,
            "unread": len(self.unread),
        }


class _Work:
    """The comparison of one range, under way."""

    def __init__(
        self, client: Client, one: Range, *, write: bool, stop: Callable[[], bool]
    ) -> None:
        self.client, self.write, self.stop = client, write, stop
        self.found = Comparison(one)

    def read(self, ids: Sequence[int], *, first: bool) -> list[int]:
        """Read, compare and repair these; those that somebody else read meanwhile."""
        batch = reading.read(self.client, [Wish(one) for one in ids], stop=self.stop)
        if batch.stopped is not None:
            raise batch.stopped
        found = self.found
        found.unread |= batch.failed.keys()
        found.missing |= set(batch.absent)
        found.said.update(self._said(batch))
        before = compare.held(ids)
        differ = {one for one, said in found.said.items() if before.get(one) != said}
        differ &= set(ids)
        if first:
            found.differed |= differ
            found.unknown_here += len(differ - before.keys())
        if self.write:
            doubt.forget(sorted(differ), reading=batch.reading)
            found.unread |= set(reading.store(batch).odd)
            absence.note(batch.absent, reading=batch.reading)
        return sorted(differ & set(reading.overtaken(batch)))

    def _said(self, batch: Batch) -> dict[int, str]:
        said: dict[int, str] = {}
        for one in batch.reads:
            try:
                said[one.session_id] = compare.said(one)
            except (ValueError, TypeError, KeyError, AttributeError):
                # No carrier that the contract knows; nothing can be said of that session.
                self.found.unread.add(one.session_id)
        return said


def compare_range(
    client: Client,
    one: Range,
    listed: Sequence[int],
    *,
    write: bool,
    stop: Callable[[], bool] = never,
) -> Comparison:
    """Compare a range with what SuperOffice lists in it; `write`: repair it as well.

    Raises OddAnswer when the list lacks sessions that SuperOffice knows very well, Stopped when
    `stop` says so.
    """
    here = ChatSession.objects.here().filter(pk__range=one).values_list("pk", flat=True)
    ids = sorted({*listed, *here})
    unlisted = sorted(set(ids) - set(listed))
    work = _Work(client, one, write=write, stop=stop)
    _check_list(client, unlisted)
    again = work.read(ids, first=True)
    for _ in range(TRIES - 1):
        if not again:
            break
        again = work.read(again, first=False)
    found = work.found
    found.missing -= found.said.keys()
    found.look_again()
    return found


def _check_list(client: Client, unlisted: Sequence[int]) -> None:
    """A list that lacks more than may go at once is tried on some of them before it is believed."""
    if len(unlisted) <= absence.limit():
        alarms.end(LACKING)
        return
    sample = [Wish(one) for one in unlisted[:: max(len(unlisted) // 10, 1)][:10]]
    batch = reading.read(client, sample)
    if batch.stopped is not None:
        raise batch.stopped
    if batch.reads:
        odd = (
            f"SuperOffice's list lacks {len(unlisted)} sessions in one range, but answers when "
            "asked for them. The comparison ended there; nothing was removed."
        )
        alarms.sound(LACKING, odd)
        raise OddAnswer(odd)
