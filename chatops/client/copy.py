"""The local copy itself: sessions, messages, and how far it is, in one SQLite file.

Whoever only reads the copy may open the file beside the follower: it is in WAL mode.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JSONDict = dict[str, Any]
#: When it was last read, and the customer's widget's last poll: no change is told of them.
MOVES_BY_ITSELF = frozenset({"as_of", "fetched_at", "flags"})
_TABLES = """
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS session
        (id INTEGER PRIMARY KEY, body TEXT NOT NULL, snapshot INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS message
        (id INTEGER PRIMARY KEY, session_id INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS message_session ON message (session_id, id);
    CREATE TABLE IF NOT EXISTS place
        (only INTEGER PRIMARY KEY CHECK (only = 1), number INTEGER NOT NULL, epoch TEXT NOT NULL,
         snapshot INTEGER NOT NULL, complete INTEGER NOT NULL, cursor TEXT);
"""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a copy is: the feed's number and epoch, and the snapshot it stands on."""

    number: int
    epoch: str
    #: Which snapshot this is, from 1.
    snapshot: int = 1
    #: Whether the snapshot was read to its end; until then `cursor` is the page to go on with.
    complete: bool = False
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A session as just read; None when it is gone. `messages` is None when they did not move."""

    session: JSONDict | None
    messages: Sequence[JSONDict] | None = None


class Copy:
    """One SQLite file. Used by one thread."""

    def __init__(self, path: str | Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=20.0)
        self._db.executescript(_TABLES)

    def close(self) -> None:
        self._db.close()

    def sessions(self) -> Iterator[JSONDict]:
        """The sessions by id."""
        with closing(self._db.execute("SELECT body FROM session ORDER BY id")) as found:
            for (body,) in found:
                yield json.loads(body)

    def messages(self, session_id: int) -> list[JSONDict]:
        """A session's messages, oldest first."""
        query = "SELECT body FROM message WHERE session_id = ? ORDER BY id"
        with closing(self._db.execute(query, [session_id])) as found:
            return [json.loads(body) for (body,) in found]

    def holds(self, session_id: int) -> bool:
        """Whether the session is in the copy."""
        found = self._db.execute("SELECT 1 FROM session WHERE id = ?", [session_id])
        return found.fetchone() is not None

    def place(self) -> Place | None:
        """How far the copy is; None when it was not begun."""
        query = "SELECT number, epoch, snapshot, complete, cursor FROM place"
        row = self._db.execute(query).fetchone()
        return Place(row[0], row[1], row[2], bool(row[3]), row[4]) if row else None

    def store(self, read: Mapping[int, Found], place: Place) -> None:
        """Write what was read together with the place it belongs to: both, or neither."""
        before = self.place()
        with self._transaction():
            for one, found in read.items():
                self._store(one, found, place.snapshot)
            if place.complete and before and not before.complete:
                self._drop_older_than(place.snapshot)
            self._db.execute(
                "REPLACE INTO place VALUES (1, ?, ?, ?, ?, ?)",
                [place.number, place.epoch, place.snapshot, place.complete, place.cursor],
            )

    def _store(self, one: int, found: Found, snapshot: int) -> None:
        session = found.session
        if session is None or session.get("gone_at"):
            self._db.execute("DELETE FROM session WHERE id = ?", [one])
            self._db.execute("DELETE FROM message WHERE session_id = ?", [one])
            return
        kept = {name: value for name, value in session.items() if name not in MOVES_BY_ITSELF}
        self._db.execute("REPLACE INTO session VALUES (?, ?, ?)", [one, json.dumps(kept), snapshot])
        if found.messages is not None:
            self._db.execute("DELETE FROM message WHERE session_id = ?", [one])
            self._db.executemany(
                "REPLACE INTO message VALUES (?, ?, ?)",
                [(each["id"], one, json.dumps(each)) for each in found.messages],
            )

    def _drop_older_than(self, snapshot: int) -> None:
        """What an earlier snapshot had and this one has not."""
        left = "SELECT id FROM session WHERE snapshot < ?"
        self._db.execute(f"DELETE FROM message WHERE session_id IN ({left})", [snapshot])  # noqa: S608  # a constant
        self._db.execute("DELETE FROM session WHERE snapshot < ?", [snapshot])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
