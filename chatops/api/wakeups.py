"""When to look at the change feed: what each database tells of a commit by somebody else.

A wake-up may come for nothing and may be lost; both do no harm, because whoever waits looks at the
table after a second at the latest.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from django.db import OperationalError, connection

from chatops.mirror import feed

#: Seconds between looks at SQLite's commit counter: a few microseconds each.
SQLITE_EVERY = 0.03
#: Seconds after which there is a look in any case.
AT_LATEST = 1.0

Wait = Callable[[], None]


def wakeups(stopped: threading.Event) -> AbstractContextManager[Wait]:
    """A function that returns when there may be news, within AT_LATEST; at once when `stopped`.

    Raises django.db.OperationalError when the database cannot be asked.
    """
    if connection.vendor == "postgresql":
        return _postgres(stopped)
    return _sqlite(stopped)


@contextmanager
def _sqlite(stopped: threading.Event) -> Iterator[Wait]:
    """`PRAGMA data_version` moves when another connection has committed; ours never writes."""
    path = str(connection.settings_dict["NAME"])
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as raw:

            def version() -> int:
                return int(raw.execute("PRAGMA data_version").fetchone()[0])

            seen = version()

            def wait() -> None:
                nonlocal seen
                until = time.monotonic() + AT_LATEST
                while not stopped.wait(SQLITE_EVERY) and time.monotonic() < until:
                    now = version()
                    if now != seen:
                        seen = now
                        return

            yield wait
    except sqlite3.Error as error:
        raise OperationalError(str(error)) from error


@contextmanager
def _postgres(stopped: threading.Event) -> Iterator[Wait]:
    """LISTEN on a connection of its own: one from the pool would take its slot for good."""
    import psycopg  # comes with the extra `postgres` only

    try:
        with psycopg.connect(**connection.get_connection_params(), autocommit=True) as raw:
            raw.execute(f"LISTEN {feed.CHANNEL}")

            def wait() -> None:
                if not stopped.is_set():
                    for _ in raw.notifies(timeout=AT_LATEST / 2, stop_after=1):
                        pass

            yield wait
    except psycopg.Error as error:
        raise OperationalError(str(error)) from error
