"""An exact local copy of what a token sees, kept by following the change feed.

Cursor first, snapshot second, feed third: whatever changes while the snapshot is read comes again
in the feed, and a change only says what to read, so reading it twice does no harm. The place is
written in the transaction of what it stands for: a follower that dies goes on where it was, also
in the middle of its snapshot.

A token limited to topics hears of what is in them. A session that leaves them is not told, so what
has to be exact is followed with a token for every topic.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatops.client.copy import Copy, Found, Place
from chatops.client.office import LATER, LOST, ChatOps, Problem

logger = logging.getLogger(__name__)

JSONDict = dict[str, Any]
#: Changes read at once, and sessions of a page of the snapshot: what is done again after a cut.
CHANGES, SESSIONS = 500, 100
#: Seconds between tries while the server cannot be reached, at most.
LONGEST_PAUSE = 30.0


class Follower:
    """Keeps a SQLite file equal to what the token sees; needs `read`, `transcripts` and `feed`."""

    def __init__(self, office: ChatOps, path: str | Path) -> None:
        self._office = office
        self._copy = Copy(path)

    def close(self) -> None:
        """Close the file; another follower can go on with it."""
        self._copy.close()

    def sessions(self) -> Iterator[JSONDict]:
        """The copy's sessions by id, without what moves by itself (`as_of`)."""
        return self._copy.sessions()

    def messages(self, session_id: int) -> list[JSONDict]:
        """The copy's messages of a session, oldest first."""
        return self._copy.messages(session_id)

    def is_complete(self) -> bool:
        """Whether the snapshot was read to its end. Until then an older one may show through."""
        place = self._copy.place()
        return place is not None and place.complete

    def follow(self, *, seconds: float | None = None, every: float = 0.5) -> None:
        """Follow that long, or for ever; `every` seconds between looks once all is read.

        Goes on by itself after any outage of the server. Raises Problem for what waiting does not
        mend, such as a revoked token.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        failures = 0
        while deadline is None or time.monotonic() < deadline:
            try:
                pause = 0.0 if self.catch_up() else every
                failures = 0
            except (*LOST, Problem) as error:
                if isinstance(error, Problem) and error.status not in {500, *LATER}:
                    raise
                failures += 1
                pause = min(every * 2**failures, LONGEST_PAUSE)
                logger.warning("cannot follow", extra={"error": type(error).__name__})
            left = pause if deadline is None else deadline - time.monotonic()
            time.sleep(max(0.0, min(pause, left)))

    def catch_up(self) -> int:
        """The next step: the snapshot to its end, or a page of the feed. 0 when all is read.

        Raises Problem, requests.RequestException; what was taken before stays.
        """
        place = self._copy.place()
        if place is None:
            place = self._begin(snapshot=1)
        if not place.complete:
            return self._read_snapshot(place)
        try:
            page = self._office.changes(place.number, epoch=place.epoch, limit=CHANGES)
        except Problem as problem:
            if problem.status != 410:
                raise
            return self._read_snapshot(self._begin(snapshot=place.snapshot + 1))
        if page["last"] > place.number:
            read = self._read_again(page["results"])
            self._copy.store(read, replace(place, number=page["last"]))
        # Not the number of results: a token limited to topics may get none of a full page.
        return int(page["last"]) - place.number

    def _begin(self, *, snapshot: int) -> Place:
        """The cursor, before anything is read: what changes meanwhile lies behind it."""
        end = self._office.changes(None)
        place = Place(int(end["head"]), str(end["epoch"]), snapshot)
        self._copy.store({}, place)
        return place

    def _read_snapshot(self, place: Place) -> int:
        """Everything there is, a page at a time; how many sessions."""
        count = 0
        pages = self._office.session_pages(
            cursor=place.cursor, page_size=SESSIONS, ordering="id", gone="false"
        )
        for page in pages:
            read = {one["id"]: self._with_messages(one) for one in page["results"]}
            cursor = page["cursor"]
            self._copy.store(read, replace(place, cursor=cursor, complete=cursor is None))
            count += len(read)
        return max(1, count)  # the feed comes next

    def _read_again(self, changes: Iterable[JSONDict]) -> dict[int, Found]:
        """What the changes are about, as it is now."""
        touched: dict[int, bool] = {}
        for change in changes:
            one = change["session_id"]
            if one is not None and change["kind"] in ("session", "message"):
                touched[one] = touched.get(one, False) or change["kind"] == "message"
        return {one: self._read(one, with_messages=told) for one, told in touched.items()}

    def _read(self, session_id: int, *, with_messages: bool) -> Found:
        """A session as it is now, nothing when gone or out of sight; its messages if they moved."""
        try:
            session = self._office.session(session_id)
        except Problem as problem:
            if problem.status != 404:
                raise
            return Found(None)
        if session.get("gone_at"):
            return Found(None)
        if with_messages or not self._copy.holds(session_id):
            return self._with_messages(session)
        return Found(session)

    def _with_messages(self, session: JSONDict) -> Found:
        """Nothing when it went out of sight meanwhile: the feed tells."""
        try:
            return Found(session, list(self._office.messages(session["id"])))
        except Problem as problem:
            if problem.status != 404:
                raise
            return Found(None)
