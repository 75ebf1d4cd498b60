"""What the database knows of its own rows, so that it picks the right index."""

from django.db import connection

#: Rows of each index that SQLite looks at: milliseconds also at a million sessions.
LOOKED_AT = 1000


def refresh() -> None:
    """Have SQLite look at its tables again where they have grown; PostgreSQL does so by itself.

    Without it, a lead's pages over 100,000 sessions take the wrong index, and half a second.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit = {LOOKED_AT:d}")
        # 0x10000: also tables that were not asked about on this connection (SQLite 3.46; before
        # that the flag is ignored); 0x02: analyse where it helps.
        cursor.execute("PRAGMA optimize = 0x10002")
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone() is None:
            cursor.execute("ANALYZE")
