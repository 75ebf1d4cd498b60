"""The base of all entities: which carrier property fills which field, and how it is read.

Nothing is required in the official schema (contract E), so every reader takes a missing, null or
oddly typed value and answers with the type's "empty". A word or field we have never seen passes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from chatops.superoffice.jsontext import JSONDict
from chatops.superoffice.times import parse_time

#: Properties that are dropped at every depth before anything is kept (contract K.4): the key that
#: acts as the customer, as each kind of answer spells it (K.2), a webhook's signing key, and what
#: a principal says it signed in with.
NEVER_STORED = frozenset(
    {"SessionKey", "sessionKey", "session_key", "Secret", "ProvidedCredentials"}
)
#: Properties that any carrier may have.
ON_EVERY_CARRIER = frozenset({"TableRight", "FieldProperties", "_Links"})
_INT32 = range(-(2**31), 2**31)


class Plan(NamedTuple):
    """How one field is filled: our name, SuperOffice's, an older one of theirs, and the reader."""

    name: str
    carried: str
    older: str | None
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Carrier:
    """A snapshot of one remote object. Its `repr` shows no personal data."""

    #: The carrier as SuperOffice sent it, less NEVER_STORED.
    raw: JSONDict = field(default_factory=dict, compare=False)

    #: Property that holds the object's own id; empty where it has none.
    KEY: ClassVar[str] = ""
    #: Properties of older servers that have no field here.
    OLDER: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The entity in `data`, a JSON object as SuperOffice sends it.

        Whatever is odd in it passes; only nesting beyond Python's stack is a ValueError.
        """
        try:
            return cls.from_clean(without_secrets(data))
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    @classmethod
    def from_clean(cls, data: JSONDict) -> Self:
        """The same for an object from which the secrets are gone already; `raw` shares it."""
        values: dict[str, Any] = {"raw": data}
        for name, carried, older, read in plan_of(cls):
            value = data.get(carried)
            if value is None and older is not None:
                value = data.get(older)
            values[name] = read(value)
        return cls(**values)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.raw.get(self.KEY, '')}>"


C = TypeVar("C", bound=Carrier)


_PLANS: dict[type[Carrier], tuple[Plan, ...]] = {}


def plan_of(carrier: type[Carrier]) -> tuple[Plan, ...]:
    """The fields of an entity class that are filled from its carrier."""
    if carrier not in _PLANS:
        _PLANS[carrier] = tuple(
            Plan(f.name, f.metadata["carried"], f.metadata["older"], f.metadata["read"])
            for f in fields(carrier)
            if "carried" in f.metadata
        )
    return _PLANS[carrier]


def without_secrets(value: Any) -> Any:
    """A copy of parsed JSON in which no object, at any depth, has a property in NEVER_STORED."""
    if isinstance(value, Mapping):
        return {k: without_secrets(v) for k, v in value.items() if k not in NEVER_STORED}
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    return value


def our_name(carried: str) -> str:
    """SuperOffice's property name as ours: snake_case, and `WhenEnded` becomes `ended_at`."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", carried.lstrip("_"))
    snake = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words).lower()
    return f"{snake[5:]}_at" if snake.startswith("when_") else snake


# Readers: any JSON value in, the field's type out.


def read_int(value: Any) -> int:
    """An int32; digits in a string count (contract G.4), anything else is 0."""
    if isinstance(value, str) and len(value) <= 12:
        try:
            value = int(value)
        except ValueError:
            return 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return int(value) if isinstance(value, int) and value in _INT32 else 0


def read_bool(value: Any) -> bool:
    """A truth value; the words and numbers that stand for one are taken too."""
    return value.strip().lower() in {"true", "1"} if isinstance(value, str) else value in (True, 1)


def read_float(value: Any) -> float:
    """A number, else 0."""
    try:
        return float(value) if isinstance(value, int | float) else 0.0
    except OverflowError:  # an integer with more digits than a double can hold
        return 0.0


def read_text(value: Any) -> str:
    """Text; a number becomes its digits, null and nested values become empty."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def read_dict(value: Any) -> JSONDict:
    """A JSON object, else an empty one: dictionaries may be null."""
    return value if isinstance(value, dict) else {}


def read_ints(value: Any) -> tuple[int, ...]:
    """The numbers of an array."""
    return tuple(read_int(item) for item in value) if isinstance(value, list) else ()


def read_texts(value: Any) -> tuple[str, ...]:
    """The texts of an array."""
    return tuple(read_text(item) for item in value) if isinstance(value, list) else ()


def reader_of(carrier: type[C]) -> Callable[[Any], C | None]:
    """Reads a nested carrier; nobody (null, or an id that is not above 0) is None."""

    def read(value: Any) -> C | None:
        if not isinstance(value, dict):
            return None
        if carrier.KEY and read_int(value.get(carrier.KEY)) <= 0:
            return None
        return carrier.from_clean(value)

    return read


# Field specifiers: `customer_name: str = text("CustomerName")`.


def _carried(name: str, read: Callable[[Any], Any], older: str | None) -> dict[str, Any]:
    return {"carried": name, "older": older, "read": read}


def text(name: str, *, older: str | None = None) -> str:
    """A field of text; null and missing are empty."""
    return field(default="", metadata=_carried(name, read_text, older))


def word(name: str, read: Callable[[Any], str], default: str = "") -> str:
    """A field that holds an enum's word, or any other word SuperOffice used instead."""
    return field(default=default, metadata=_carried(name, read, None))


def number(name: str, *, older: str | None = None) -> int:
    """A field of int32; null and missing are 0."""
    return field(default=0, metadata=_carried(name, read_int, older))


def decimal(name: str) -> float:
    """A field of double; null and missing are 0."""
    return field(default=0.0, metadata=_carried(name, read_float, None))


def flag(name: str) -> bool:
    """A field of bool; null and missing are false."""
    return field(default=False, metadata=_carried(name, read_bool, None))


def moment(name: str) -> datetime | None:
    """A date and time in UTC; "no date" is None."""
    return field(default=None, metadata=_carried(name, parse_time, None))


def mapping(name: str) -> JSONDict:
    """A JSON object kept as it is; null and missing are empty."""
    return field(default_factory=dict, metadata=_carried(name, read_dict, None))


def numbers(name: str) -> tuple[int, ...]:
    """An array of int32."""
    return field(default=(), metadata=_carried(name, read_ints, None))


def texts(name: str) -> tuple[str, ...]:
    """An array of strings."""
    return field(default=(), metadata=_carried(name, read_texts, None))


def dicts(name: str) -> tuple[JSONDict, ...]:
    """An array of JSON objects kept as they are."""

    def read(value: Any) -> tuple[JSONDict, ...]:
        return (
            tuple(row for row in value if isinstance(row, dict)) if isinstance(value, list) else ()
        )

    return field(default=(), metadata=_carried(name, read, None))


def many(name: str, carrier: type[C]) -> tuple[C, ...]:
    """An array of carriers; what is not an object in it is left out."""

    def read(value: Any) -> tuple[C, ...]:
        rows = value if isinstance(value, list) else []
        return tuple(carrier.from_clean(row) for row in rows if isinstance(row, dict))

    return field(default=(), metadata=_carried(name, read, None) | {"nested": carrier})


def nested(name: str, carrier: type[C]) -> C | None:
    """Another carrier inside this one; nobody is None."""
    return field(
        default=None, metadata=_carried(name, reader_of(carrier), None) | {"nested": carrier}
    )
