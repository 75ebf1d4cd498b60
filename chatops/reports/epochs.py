"""Times as whole seconds inside the database: read by the hundred thousand without a Python object.

Both databases count from 1970 in UTC.
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
        # Django stores `2026-03-02 09:01:12.123456`, in UTC; unixepoch cuts the fraction off.
        return super().as_sql(
            compiler,
            connection,
            template="unixepoch(%(expressions)s)",
            **extra,
        )

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        return super().as_sql(
            compiler,
            connection,
            template="FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint",
            **extra,
        )
