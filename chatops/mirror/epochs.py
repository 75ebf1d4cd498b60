"""Times as whole seconds inside the database: read by the hundred thousand without a Python object.

Both databases count from 1970 in UTC, and keep the seconds in an index (`session_measured`):
making them anew for every session took longer than reading them.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, IntegerField
from django.db.models.sql.compiler import SQLCompiler


class Epoch(Func):
    """A time as seconds since 1970, rounded down; null stays null."""

    output_field = IntegerField()

    def get_db_converters(self, connection: BaseDatabaseWrapper) -> list[Any]:
        """None: both databases answer an integer already."""
        return []

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        # Django stores `2026-03-02 09:01:12.123456`, in UTC. Without its fraction: unixepoch counts
        # in milliseconds and takes 12.9996 for 13, which may be another minute, hour or day.
        return super().as_sql(
            compiler,
            connection,
            template="unixepoch(substr(%(expressions)s, 1, 19))",
            **extra,
        )

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        return super().as_sql(
            compiler,
            connection,
            # In UTC by name: what could depend on the connection may not be in an index. A double
            # is right to the second until the year 2242; EXTRACT is for ever, but twice as slow.
            template="FLOOR(date_part('epoch', timezone('UTC', %(expressions)s)))::bigint",
            **extra,
        )
