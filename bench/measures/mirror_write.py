"""Answers to rows: first load, the same again, and one in twenty changed.

Yardsticks: the same rows, ready-made, upserted by the bare driver into tables of the same columns
and indexes; and Django's `update_or_create`, one by one.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from bench import filling
from bench.data import MESSAGES, Visit, visits
from bench.timing import Result, Run, compared, seconds
from chatops.mirror import bodies, rows
from chatops.mirror.ingest import Answer
from chatops.mirror.models import ChatMessage, ChatSession

SESSIONS = {"small": 2_000, "10k": 10_000, "100k": 20_000, "1m": 20_000}
ONE_BY_ONE = 100
Row = tuple[Any, ...]


def _rows_of(visits: Sequence[Visit]) -> tuple[list[Row], list[Row]]:
    sessions = [
        rows.session_row(bodies.session_of(Answer(one.session_id, one.session)), version=1)
        for one in visits
    ]
    messages = [
        rows.message_row(raw)
        for one in visits
        for raw in bodies.messages_of(Answer(one.session_id, one.messages))
    ]
    return sessions, messages


def _copy_tables() -> None:
    """`bench_…` tables like the mirror's, with their indexes."""
    with connection.cursor() as cursor:
        for model in (ChatSession, ChatMessage):
            name = model._meta.db_table
            cursor.execute(f"DROP TABLE IF EXISTS bench_{name}")
            if connection.vendor == "postgresql":
                cursor.execute(f"CREATE TABLE bench_{name} (LIKE {name} INCLUDING ALL)")
                continue
            cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = %s", [name])
            made = [sql for (sql,) in cursor.fetchall() if sql]
            for sql in made:
                index = sql.replace('INDEX "', 'INDEX "bench_')
                cursor.execute(index.replace(f'"{name}"', f'"bench_{name}"'))


def _upserts(sessions: Sequence[Row], messages: Sequence[Row]) -> Callable[[], None]:
    """The bare driver: prepared statements, a transaction per page."""
    mark = "?" if connection.vendor == "sqlite" else "%s"

    def statement(table: str, columns: Sequence[str]) -> str:
        names = ", ".join(f'"{name}"' for name in columns)
        new = ", ".join(f'"{name}" = excluded."{name}"' for name in columns[1:])
        marks = ", ".join([mark] * len(columns))
        return (
            f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {new}"
        )

    put_session = statement("bench_mirror_chatsession", rows.SESSION_COLUMNS)
    put_message = statement("bench_mirror_chatmessage", rows.MESSAGE_COLUMNS)

    def run() -> None:
        connection.ensure_connection()
        cursor = connection.connection.cursor()
        for start in range(0, len(sessions), filling.PAGE):
            with transaction.atomic():
                cursor.executemany(put_session, sessions[start : start + filling.PAGE])
                first, last = start * MESSAGES, (start + filling.PAGE) * MESSAGES
                cursor.executemany(put_message, messages[first:last])

    return run


def _aware(value: Any) -> Any:
    """A column's value as Django takes it: SQLite's times are texts in the rows."""
    if isinstance(value, str) and _STORED_TIME.fullmatch(value):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value


_STORED_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?")


def _one_by_one(sessions: Sequence[Row], messages: Sequence[Row]) -> None:
    for model, columns, wanted in (
        (ChatSession, rows.SESSION_COLUMNS, sessions),
        (ChatMessage, rows.MESSAGE_COLUMNS, messages),
    ):
        for row in wanted:
            values = dict(zip(columns, map(_aware, row), strict=True))
            model._default_manager.update_or_create(pk=values.pop("id"), defaults=values)


def _turn(prepare: Run, runs: Sequence[Run]) -> list[float]:
    """Seconds of a first load, the same again, and with one in twenty changed."""
    prepare()
    filling.settle()
    return [seconds(run) for run in runs]


def measure(size: str, repeats: int) -> list[Result]:
    """Rows per second; an identical answer counts as the rows it stands for."""
    count = SESSIONS[size]
    amount = count * (1 + MESSAGES)
    first, changed = list(visits(count)), list(visits(count, changed_every=20))
    ready, ready_changed = _rows_of(first), _rows_of(changed)
    few = ready[0][:ONE_BY_ONE], ready[1][: ONE_BY_ONE * MESSAGES]
    load, change = partial(filling.fill, first), partial(filling.fill, changed)
    put, put_changed = _upserts(*ready), _upserts(*ready_changed)
    ways: dict[str, tuple[Run, list[Run]]] = {
        "ours": (filling.empty, [load, load, change]),
        "raw": (_copy_tables, [put, put, put_changed]),
        "single": (filling.empty, [partial(_one_by_one, *few)]),
    }
    taken: dict[str, list[list[float]]] = {name: [] for name in ways}
    for turn in range(repeats):
        for name in ways if turn % 2 == 0 else reversed(ways):
            taken[name].append(_turn(*ways[name]))
    ours, raw = (
        [list(step) for step in zip(*taken[name], strict=True)] for name in ("ours", "raw")
    )
    single = [step[0] for step in taken["single"]]
    bare = "raw upserts of the same rows"
    share = ONE_BY_ONE / count
    one_by_one = "update_or_create one by one"
    return [
        compared("first load", bare, ours[0], raw[0], amount=amount, reach=0.5),
        compared("first load", one_by_one, ours[0], single, amount=amount, share=share, reach=30),
        compared("identical re-sync", bare, ours[1], raw[1], amount=amount, reach=4),
        compared("re-sync, 5 % changed", bare, ours[2], raw[2], amount=amount),
    ]
