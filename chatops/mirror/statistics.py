"""What the database knows of its own rows, so that it picks the right index."""

from typing import Any

from django.db import connection

#: Rows of each index that SQLite looks at: milliseconds also at a million sessions.
LOOKED_AT = 1000


def refresh() -> None:
    """Have SQLite look at its tables again; PostgreSQL does so by itself.

    Without it, a lead's pages over 100,000 sessions take the wrong index, and half a second.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        before = _known(cursor)
        cursor.execute(f"PRAGMA analysis_limit = {LOOKED_AT:d}")
        # Not `PRAGMA optimize`: before SQLite 3.46 it leaves out tables that this connection was
        # not asked about, and the worker is asked about few.
        cursor.execute("ANALYZE")
        after = _known(cursor)
        if any(not 0.5 < before.get(name, 0) / rows < 2 for name, rows in after.items() if rows):
            # Connections that are open go by what was known when they read the schema; this has
            # them read it again.
            cursor.execute(f"CREATE VIEW IF NOT EXISTS {_READ_AGAIN} AS SELECT 1")
            cursor.execute(f"DROP VIEW IF EXISTS {_READ_AGAIN}")


_READ_AGAIN = "chatops_read_again"


def _known(cursor: Any) -> dict[str, int]:
    """How many rows each index is taken to have; empty before the first look."""
    cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
    if cursor.fetchone() is None:
        return {}
    cursor.execute("SELECT idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL")
    return {name: int(stat.split()[0]) for name, stat in cursor.fetchall()}
