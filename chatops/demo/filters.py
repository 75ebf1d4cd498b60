"""`$filter` of the archives: contract G.3, the part that is documented to work.

`or`, parentheses around conditions, `ge` and `le` are refused: the vendor's own samples mark the
last two as failing, and nothing shows the others for this syntax.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatops.demo.errors import Answer
from chatops.demo.times import Clock

TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|([(),])|([^\s(),']+))")
NO_VALUE = frozenset({"currentassociate", "today", "thisweek", "thismonth", "thisyear"})


@dataclass(frozen=True, slots=True)
class Condition:
    """`column operator value`; a list value is a tuple of texts."""

    column: str
    operator: str
    value: str | tuple[str, ...] | None


def bad_filter(message: str) -> Answer:
    """The archive engine throws; the service answers 500 with the reason."""
    return Answer(500, "SoException", f"Invalid $filter: {message}")


def parse(text: str) -> list[Condition]:
    """The conditions, all of which must hold. Raises `Answer` 500."""
    tokens = tokenise(text)
    conditions: list[Condition] = []
    while tokens:
        if conditions:
            joint = tokens.pop(0)[0].lower()
            if joint != "and":
                raise bad_filter(f"expected 'and', found '{joint}'")
        if len(tokens) < 2 or "(" in (tokens[0][0], tokens[1][0]):
            raise bad_filter("expected a column and an operator")
        column, operator = tokens.pop(0)[0], tokens.pop(0)[0].lower()
        value = None if operator in NO_VALUE else take_value(tokens)
        conditions.append(Condition(column, operator, value))
    return conditions


def tokenise(text: str) -> list[tuple[str, bool]]:
    """Words with whether they were quoted."""
    tokens: list[tuple[str, bool]] = []
    position = 0
    while text[position:].strip():
        found = TOKEN.match(text, position)
        if found is None:
            raise bad_filter(f"unreadable at '{text[position : position + 20]}'")
        quoted, mark, word = found.groups()
        tokens.append(
            (quoted.replace("''", "'"), True) if quoted is not None else (mark or word, False)
        )
        position = found.end()
    return tokens


def take_value(tokens: list[tuple[str, bool]]) -> str | tuple[str, ...]:
    """One value, or a list in parentheses, off the front."""
    if not tokens:
        raise bad_filter("a value is missing")
    first = tokens.pop(0)
    if first != ("(", False):
        return first[0]
    values: list[str] = []
    while tokens:
        token = tokens.pop(0)
        if token == (")", False):
            return tuple(values)
        if token != (",", False):
            values.append(token[0])
    raise bad_filter("')' is missing")


Test = Callable[[Any], bool]


def predicate(condition: Condition, clock: Clock, *, me: int) -> Test:
    """The condition as a function of the column's raw value. Raises `Answer` 500."""
    operator, value = condition.operator, condition.value
    try:
        if operator == "currentassociate":
            return lambda raw: raw == me
        if operator in SETS:
            wanted = set(value) if isinstance(value, tuple) else {value}
            keep = SETS[operator]
            return lambda raw: (str(raw) in wanted) is keep
        if operator == "between" and isinstance(value, tuple) and len(value) == 2:
            low, high = int(value[0]), int(value[1])
            return lambda raw: low <= raw <= high
        if isinstance(value, str):
            if operator in TIMES:
                return time_test(TIMES[operator], clock.read(value))
            if operator in NUMBERS and is_number(value):
                return number_test(NUMBERS[operator], int(value))
            if operator in TEXTS:
                return text_test(TEXTS[operator], value.lower())
    except ValueError as error:
        raise bad_filter(f"'{value}' is no value for '{operator}'") from error
    raise bad_filter(f"the operator '{operator}' does not fit '{condition.column}'")


def is_number(value: str) -> bool:
    """Whether it is a whole number, or a boolean word (which the archives read as 1 and 0)."""
    return value.lstrip("-").isdigit()


def time_test(test: Callable[[datetime, datetime], bool], limit: datetime) -> Test:
    """No date is never before or after anything."""
    return lambda raw: raw is not None and test(raw, limit)


def number_test(test: Callable[[int, int], bool], limit: int) -> Test:
    """Nobody and nothing count as 0."""
    return lambda raw: test(raw or 0, limit)


def text_test(test: Callable[[str, str], bool], wanted: str) -> Test:
    """Texts are compared without case."""
    return lambda raw: test(str(raw if raw is not None else "").lower(), wanted)


SETS = {
    "oneof": True,
    "in": True,
    "associateisoneof": True,
    "notoneof": False,
    "associateisnotoneof": False,
}
TIMES: dict[str, Callable[[datetime, datetime], bool]] = {
    "aftertime": lambda raw, limit: raw >= limit,  # at or after (G.3)
    "beforetime": lambda raw, limit: raw < limit,
    "datetime": lambda raw, limit: raw == limit,
}
NUMBERS: dict[str, Callable[[int, int], bool]] = {
    **dict.fromkeys(("eq", "=", "equals", "set"), lambda raw, limit: raw == limit),
    **dict.fromkeys(("ne", "unequals"), lambda raw, limit: raw != limit),
    **dict.fromkeys(("gt", "greater"), lambda raw, limit: raw > limit),
    **dict.fromkeys(("lt", "less"), lambda raw, limit: raw < limit),
}
TEXTS: dict[str, Callable[[str, str], bool]] = {
    **dict.fromkeys(("eq", "=", "equals", "is", "set"), lambda raw, wanted: raw == wanted),
    **dict.fromkeys(("ne", "isnot"), lambda raw, wanted: raw != wanted),
    "begins": lambda raw, wanted: raw.startswith(wanted),
    "notbegins": lambda raw, wanted: not raw.startswith(wanted),
    "contains": lambda raw, wanted: wanted in raw,
    "notcontains": lambda raw, wanted: wanted not in raw,
}
