"""Set-based upserts on Django's own connection.

`executemany` on SQLite and COPY into a temporary table on PostgreSQL: six times faster than
`bulk_create(update_conflicts=True)` on the same rows, because no model instance and no SQL text is
made per row. A few rows go to PostgreSQL one by one, by a statement that it has planned: a
temporary table costs it as much as thirty of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection, models

Row = Sequence[Any]
#: Up to so many rows go to PostgreSQL by themselves.
FEW = 30
T = TypeVar("T")


@contextmanager
def planned() -> Iterator[Any]:
    """A cursor of Django's connection whose statements PostgreSQL plans once, not each time.

    Django's own cursor brings the values in the statement's text, so that none is like another.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            yield cursor
        return
    from psycopg import Cursor  # not there where only SQLite is

    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        yield cursor


@lru_cache(maxsize=64)
def _statement(
    vendor: str, table: str, columns: tuple[str, ...], key: str, keep: bool, few: bool
) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    taken = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name != key)
    do = "NOTHING" if keep else f"UPDATE SET {taken}"
    conflict = f'ON CONFLICT ("{key}") DO {do}'
    if vendor == "sqlite":
        marks = ", ".join("?" * len(columns))
        return f'INSERT INTO "{table}" ({names}) VALUES ({marks}) {conflict}'  # noqa: S608 names are ours
    if few:
        marks = ", ".join(["%s"] * len(columns))
        return f'INSERT INTO "{table}" ({names}) VALUES ({marks}) {conflict}'  # noqa: S608
    return f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "new_{table}" {conflict}'  # noqa: S608


def upsert(
    model: type[models.Model],
    columns: tuple[str, ...],
    rows: Sequence[Row],
    *,
    keep: bool = False,
) -> None:
    """Insert rows, or replace `columns` of those that exist (`keep`: leave those alone).

    Rows are tuples in the order of `columns`, the values already what the database driver takes;
    their keys must differ. The caller holds a transaction.
    """
    if not rows:
        return
    meta = model._meta
    key = str(meta.pk.column)
    few = len(rows) <= FEW
    sql = _statement(connection.vendor, meta.db_table, columns, key, keep, few)
    if connection.vendor == "sqlite":
        # Straight to the driver: Django's wrapper would rewrite the SQL for every call.
        connection.ensure_connection()
        connection.connection.executemany(sql, rows)
        return
    if few:
        _one_by_one(sql, rows)
        return
    table = meta.db_table
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE TEMP TABLE IF NOT EXISTS "new_{table}" (LIKE "{table}" INCLUDING DEFAULTS)'
            " ON COMMIT DELETE ROWS"
        )
        with cursor.cursor.copy(f'COPY "new_{table}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(sql)
        # Not only at the commit: the same transaction may store more, or have to forget.
        cursor.execute(f'TRUNCATE "new_{table}"')


def _one_by_one(sql: str, rows: Sequence[Row]) -> None:
    with planned() as cursor:
        if len(rows) == 1:
            cursor.execute(sql, rows[0], prepare=True)
        else:
            cursor.executemany(sql, rows)


def insert(model: type[models.Model], columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows that are new: as `upsert`, without a look for what they might replace."""
    table, names = model._meta.db_table, ", ".join(f'"{name}"' for name in columns)
    if connection.vendor == "sqlite":
        marks = ", ".join("?" * len(columns))
        connection.ensure_connection()
        sql = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608 names are ours
        connection.connection.executemany(sql, rows)
        return
    if len(rows) <= FEW:
        marks = ", ".join(["%s"] * len(columns))
        _one_by_one(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608
        return
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row(row)


def among(column: str, ids: Iterable[int]) -> tuple[str, Any]:
    """SQL for "this column is one of these", and its only parameter, however many they are."""
    # A list of numbers reads the same in Python and in JSON.
    if connection.vendor == "sqlite":
        return f"{column} IN (SELECT value FROM json_each(%s))", str(list(ids))  # noqa: S608
    return f"{column} = ANY(%s)", list(ids)


def in_chunks(ids: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Ids in lists short enough for one `IN (…)` on both databases; rows, likewise."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
