"""OData lists: contract G. Filter, order, page and show rows of an archive."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

from chatops.demo import columns, filters
from chatops.demo.errors import Answer, not_found
from chatops.demo.records import STATUSES
from chatops.demo.routing import Call
from chatops.demo.wire import JSONDict

PAGE = 1000  # default page size (G.1)
LABELS = {number: name for name, (number, _, _) in STATUSES.items()}


@dataclass(frozen=True, slots=True)
class Archive:
    """Rows from an id upwards, the columns, the key column, and the name of a row's kind."""

    entity: str
    key: str
    columns: dict[str, columns.Column]
    rows_above: Callable[[int], Iterable[Any]]


def answer_list(call: Call, name: str, *, topic_id: int | None = None) -> JSONDict:
    """The OData answer for the call's query. Raises `Answer` 404, 500."""
    archive = archive_of(call, name, topic_id)
    query = (
        {**call.request.params, **call.request.form}
        if call.request.method == "POST"
        else (call.request.params)
    )
    rows = matching(call, archive, query.get("$filter", ""))
    rows = ordered(archive, rows, query.get("$orderby", ""))
    skip, top = number(query, "$skip", 0), number(query, "$top", -1)
    page = list(islice(rows, skip, skip + (top if top >= 0 else PAGE) + 1))
    more = len(page) > (top if top >= 0 else PAGE)
    page = page[: top if top >= 0 else PAGE]
    show = full if query.get("$mode", "").lower() == "full" else slim
    wanted = [c.strip() for c in query.get("$select", archive.key).split(",") if c.strip()]
    safe = query.get("$jsonsafe", "").lower() == "true"
    link = None
    if more and top < 0:  # with `$top` there is no next link, though more may follow (G.5)
        link = (
            f"{call.view.base}/{name}?{quote(call.request.query, safe='=&$,')}&$skip={skip + PAGE}"
        )
    return {
        "odata.metadata": f"{call.view.base}/archive/$metadata",
        "odata.nextLink": link,
        "value": [show(call, archive, row, wanted, safe) for row in page],
    }


def number(query: dict[str, str], name: str, default: int) -> int:
    """A whole number of the query. Raises `Answer` 500 for another."""
    text = query.get(name, "")
    if text and not text.isdigit():
        raise Answer(500, "FormatException", f"Input string '{text}' was not in a correct format")
    return int(text) if text else default


def archive_of(call: Call, name: str, topic_id: int | None = None) -> Archive:
    """The archive of that name. Raises `Answer` 404."""
    office = call.office
    if name.lower() in ("chatsession", "findchatsession", "simplechatsession"):

        def sessions(after: int) -> Iterator[Any]:
            for number_ in office.ids_above(after):
                session = office.sessions[number_]
                if (
                    number_ not in call.hidden
                    and topic_id in (None, session.topic_id)
                    and office.may_see(call.who, session)
                ):
                    yield session

        entity = "chat" if name.lower() == "chatsession" else "chatsession"
        return Archive(entity, "chatSessionId", columns.session_columns(office), sessions)
    if name.lower() in ("user", "allusers", "internalusers"):
        people = sorted(office.people.values(), key=lambda a: a.id)
        return Archive("associate", "associateDbId", columns.USER_COLUMNS, lambda _: people)
    if name.lower() == "dynamic" and office.options.dynamic_archive:
        return dynamic(call)
    raise not_found("Archive provider", name)


def dynamic(call: Call) -> Archive:
    """The dynamic archive over one table: that of the first selected column (G.6)."""
    query = {**call.request.form, **call.request.params}
    table = query.get("$select", "").partition(".")[0].strip().lower()
    office, who = call.office, call.who

    def named(table_columns: dict[str, columns.Column]) -> dict[str, columns.Column]:
        return {f"{table}.{name}": column for name, column in table_columns.items()}

    def visible(session_id: int) -> bool:
        return session_id not in call.hidden and office.may_see(who, office.sessions[session_id])

    def sessions(after: int) -> Iterable[Any]:
        return (office.sessions[n] for n in office.ids_above(after) if visible(n))

    def messages(after: int) -> Iterable[Any]:
        return (
            m
            for m in office.messages_above(after)
            if m.id not in call.hidden and visible(m.session_id)
        )

    tables: dict[str, tuple[dict[str, columns.Column], Callable[[int], Iterable[Any]]]] = {
        "chat_session": (columns.chat_session_table(office), sessions),
        "chat_message": (columns.CHAT_MESSAGE_TABLE, messages),
        "chat_topic": (columns.CHAT_TOPIC_TABLE, lambda _: list(office.topics.values())),
        "chat_topic_user": (
            columns.chat_topic_user_table(office),
            lambda _: [
                (topic, member)
                for topic in office.topics.values()
                for member in topic.members.values()
            ],
        ),
    }
    if table == "webhook_usage":
        hooks = list(call.hooks.rows.values())
        key = f"{table}.webhook_usage_id"
        return Archive(table, key, named(columns.WEBHOOK_USAGE_TABLE), lambda _: hooks)
    if table not in tables:
        raise Answer(500, "SoException", f"The table '{table}' is not known")
    found, rows = tables[table]
    return Archive(table, f"{table}.id", named(found), rows)


def matching(call: Call, archive: Archive, text: str) -> Iterator[Any]:
    """Rows that fulfil the filter, in key order. Raises `Answer` 500 for a bad one."""
    conditions = filters.parse(text)
    after = 0
    tests = []
    for condition in conditions:
        column = column_of(archive, condition.column)
        if column is None:
            raise filters.bad_filter(f"the column '{condition.column}' is not known")
        test = filters.predicate(condition, call.view.clock, me=call.who.id)
        tests.append((column, test))
        key = condition.column.lower() == archive.key.lower()
        if key and condition.operator in ("gt", "greater") and isinstance(condition.value, str):
            after = max(after, int(condition.value))
    rows = archive.rows_above(after)
    return (row for row in rows if all(test(column(row)) for column, test in tests))


def column_of(archive: Archive, name: str) -> columns.Column | None:
    """A column by name, whatever its case; `getAllRows` and `getNoRows` are columns too."""
    if name in archive.columns:
        return archive.columns[name]
    found = {known.lower(): column for known, column in archive.columns.items()}
    return found.get(name.lower())


def ordered(archive: Archive, rows: Iterator[Any], text: str) -> Iterator[Any]:
    """Rows by `$orderBy`; without one, or by the key, they come as they are stored."""
    parts = [part.split() for part in text.split(",") if part.strip()]
    if not parts or (len(parts) == 1 and parts[0] in ([archive.key], [archive.key, "asc"])):
        return rows
    result = list(rows)
    for name, *direction in reversed(parts):
        column = column_of(archive, name)
        if column is None:
            raise Answer(500, "SoException", f"Invalid $orderBy: '{name}' is not known")
        result.sort(key=sort_key(column), reverse=direction[:1] == ["desc"])
    return iter(result)


def sort_key(column: columns.Column) -> Callable[[Any], tuple[bool, Any]]:
    """Nothing goes before something."""

    def key(row: Any) -> tuple[bool, Any]:
        value = column(row)
        return (value is not None, value)

    return key


def slim(call: Call, archive: Archive, row: Any, wanted: list[str], safe: bool) -> JSONDict:
    """A flat row; `PrimaryKey` is a text, list columns hold display texts (G.4)."""
    result: JSONDict = {
        "PrimaryKey": str(archive.columns[archive.key](row)),
        "EntityName": archive.entity,
    }
    for name in wanted:
        column = column_of(archive, name)
        if column is None:
            continue  # an unknown column is left out, not refused
        shown = name.replace("/", "_").replace(".", "_") if safe else name
        value = column(row)
        result[shown] = display(call, name, value) if name == "status" else raw(call, value)
    return result


def full(call: Call, archive: Archive, row: Any, wanted: list[str], safe: bool) -> JSONDict:
    """A row with raw and display values; `PrimaryKey` is a number (G.4)."""
    cells: JSONDict = {}
    for name in wanted:
        column = column_of(archive, name)
        if column is None:
            continue
        value = column(row)
        shown = name.replace("/", "_").replace(".", "_") if safe else name
        cells[shown] = {
            "RawValue": raw(call, value),
            "DisplayValue": display(call, name, value),
            "LinkHint": "",
            "TooltipHint": "",
        }
    return {
        "PrimaryKey": archive.columns[archive.key](row),
        "EntityName": archive.entity,
        "StyleHint": "",
        "LinkHint": "",
        "TableRight": {"Mask": 1, "Reason": ""},
        "Column": cells,
    }


def raw(call: Call, value: Any) -> Any:
    """A value as JSON."""
    return call.view.clock.write(value) if isinstance(value, datetime) else value


def display(call: Call, name: str, value: Any) -> str:
    """A value as people see it; some services wrap it, as here numbers and dates (G.4)."""
    if name == "status":
        return call.view.label(LABELS.get(value, "Invalid"))
    if isinstance(value, datetime):
        return f"[DT:{value:%m/%d/%Y %H:%M:%S}]"
    return "" if value is None else f"[I:{value}]" if isinstance(value, int) else str(value)
