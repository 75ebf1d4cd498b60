"""What is asked and written again and again: its SQL is made once, not each time.

Making the SQL of a statement over four tables takes Django twenty times as long as the database
needs to answer it; of a list of fifty rows, as long.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.query import get_related_populators

from chatops.mirror.bulk import planned

M = TypeVar("M", bound=models.Model)

#: Stands for the value while the SQL is made.
_VALUE = "\ue000the value\ue000"


class _Plan(NamedTuple):
    """A statement, and how its row becomes a model with what was selected along."""

    database: str
    sql: str
    parameters: tuple[Any, ...]
    compiler: Any
    converters: dict[int, Any]
    model: type[models.Model]
    columns: slice
    names: list[str]
    related: list[Any]
    annotations: dict[str, int]


class Prepared(Generic[M]):
    """The first row of a queryset that differs from call to call by one text only.

    `rows` makes the queryset for a text. It may select and defer related rows, and must compare the
    text as it is (no transforms: `exact` on a column of text).
    """

    def __init__(self, rows: Callable[[str], models.QuerySet[M]]) -> None:
        self._rows = rows
        # A plan holds on to a connection, which belongs to its thread.
        self._mine = threading.local()

    def first(self, text: str) -> M | None:
        """The row for this text; None when there is none."""
        plan: _Plan | None = getattr(self._mine, "plan", None)
        if plan is None:
            plan = self._mine.plan = _made(self._rows(_VALUE))
        if plan is None:
            return None
        held: M | None = _first(plan, _VALUE, text)
        return held


#: Stands for the number while the SQL is made; an int32, as Django answers others without asking.
NUMBER = -2_147_480_007


class _Statement(NamedTuple):
    database: str
    sql: str
    parameters: tuple[Any, ...]
    names: list[str]
    #: By column: what makes its values of what the driver answers.
    converters: dict[str, Any]
    connection: Any


class Kept:
    """Querysets of which those with the same name differ by one number only.

    `name` says all that the statement depends on; `make` is called when it is not known, and puts
    NUMBER where the number belongs. Statements that were not asked for longest are forgotten.
    """

    def __init__(self, most: int = 200) -> None:
        self._most = most
        self._mine = threading.local()

    def _known(self, name: Hashable, make: Callable[[], Any]) -> Any:
        kept: OrderedDict[Hashable, Any]
        kept = self._mine.__dict__.setdefault("kept", OrderedDict())
        if name in kept:
            kept.move_to_end(name)
        else:
            kept[name] = make()
            if len(kept) > self._most:
                kept.popitem(last=False)
        return kept[name]

    def first(
        self, name: Hashable, make: Callable[[], models.QuerySet[M]], number: int
    ) -> M | None:
        """The first row of the queryset, as its model; None when there is none."""
        plan = self._known((models.Model, name), lambda: _made(make()))
        return None if plan is None else _first(plan, NUMBER, number)

    def rows(
        self, name: Hashable, make: Callable[[], models.QuerySet[Any, Any]], number: int
    ) -> list[dict[str, Any]]:
        """The rows of the queryset, which answers `values` of columns, as dicts."""
        one: _Statement | None = self._known(name, lambda: _statement(make()))
        if one is None:
            return []
        parameters = [number if given == NUMBER else given for given in one.parameters]
        found = _asked(one.sql, parameters)
        rows = [dict(zip(one.names, row, strict=True)) for row in found]
        for column, (converters, expression) in one.converters.items():
            for row in rows:
                if (value := row[column]) is not None:
                    for convert in converters:
                        value = convert(value, expression, one.connection)
                    row[column] = value
        return rows


def _asked(sql: str, parameters: list[Any]) -> list[Any]:
    """The rows. PostgreSQL plans the statement once, too, for each connection: reading and planning
    the token's takes it ten times as long as answering it."""
    with _executed(sql, parameters) as cursor:
        found: list[Any] = cursor.fetchall()
    return found


@contextmanager
def _executed(sql: str, parameters: Sequence[Any]) -> Iterator[Any]:
    with planned() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(sql, parameters)
        else:
            cursor.execute(sql, parameters, prepare=True)
        yield cursor


def _statement(rows: models.QuerySet[Any, Any]) -> _Statement | None:
    """What Django's own iteration over `values` works out each time; None when nothing fits."""
    compiler = rows.query.get_compiler(using=rows.db)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return None
    select: Any = compiler.select
    names = [*rows.query.values_select, *rows.query.annotation_select]
    converters: Any = compiler.get_converters([one[0] for one in select])
    by_name = {names[place]: one for place, one in converters.items()}
    return _Statement(rows.db, sql, tuple(parameters), names, by_name, compiler.connection)


def _made(rows: models.QuerySet[M]) -> _Plan | None:
    """What Django's own iteration over a queryset works out each time (`ModelIterable`); None when
    nothing fits."""
    compiler = rows.order_by()[:1].query.get_compiler(using=rows.db)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return None
    told: Any = compiler.klass_info
    fields = told["select_fields"]
    columns = slice(fields[0], fields[-1] + 1)
    select: Any = compiler.select
    return _Plan(
        rows.db,
        sql,
        tuple(parameters),
        compiler,
        compiler.get_converters([one[0] for one in select]),
        told["model"],
        columns,
        [one[0].target.attname for one in select[columns]],
        get_related_populators(told, select, rows.db),  # type: ignore[call-arg]  # of a later Django
        compiler.annotation_col_map or {},
    )


def _first(plan: _Plan, place_holder: Any, value: Any) -> Any:
    parameters = [value if one == place_holder else one for one in plan.parameters]
    found = _asked(plan.sql, parameters)
    if not found:
        return None
    (row,) = plan.compiler.apply_converters(found, plan.converters)
    one: Any = plan.model.from_db(plan.database, plan.names, row[plan.columns])
    for related in plan.related:
        related.populate(row, one)
    for name, place in plan.annotations.items():
        setattr(one, name, row[place])
    return one


# --- Writing -------------------------------------------------------------------------------------


def insert(row: models.Model) -> None:
    """As `row.save(force_insert=True)`, where the database gives out the key and nobody listens."""
    sql, fields = _insertion(type(row))
    ours = connections[DEFAULT_DB_ALIAS]  # each use of `connection` would look for it anew
    values = [one.get_db_prep_save(one.pre_save(row, True), ours) for one in fields]
    with _executed(sql, values) as cursor:
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, ours.alias


def update(model: type[models.Model], where: Mapping[str, Any], changes: Mapping[str, Any]) -> int:
    """As `model.objects.filter(**where).update(**changes)`, with columns that equal values only;
    how many rows."""
    sql, fields = _change(model, tuple(changes), tuple(where))
    given = (*changes.values(), *where.values())
    ours = connections[DEFAULT_DB_ALIAS]
    values = [one.get_db_prep_save(value, ours) for one, value in zip(fields, given, strict=True)]
    with _executed(sql, values) as cursor:
        return int(cursor.rowcount)


@lru_cache(maxsize=32)
def _insertion(model: type[models.Model]) -> tuple[str, list[Any]]:
    meta = model._meta
    fields = [one for one in meta.concrete_fields if not one.primary_key]
    names = ", ".join(f'"{one.column}"' for one in fields)
    marks = ", ".join(["%s"] * len(fields))
    key = meta.pk.column
    sql = f'INSERT INTO "{meta.db_table}" ({names}) VALUES ({marks}) RETURNING "{key}"'  # noqa: S608 ours
    return sql, fields


@lru_cache(maxsize=64)
def _change(
    model: type[models.Model], changes: tuple[str, ...], where: tuple[str, ...]
) -> tuple[str, list[Any]]:
    fields: list[Any] = [model._meta.get_field(name) for name in (*changes, *where)]
    marks = [f'"{one.column}" = %s' for one in fields]
    to, only = ", ".join(marks[: len(changes)]), " AND ".join(marks[len(changes) :])
    return f'UPDATE "{model._meta.db_table}" SET {to} WHERE {only}', fields  # noqa: S608 ours
