"""Edits of a session: what may be changed, in either patch format, as SuperOffice takes it.

Both formats end as JSON Patch operations with SuperOffice's own paths. What may be changed is the
contract's list (F.4); anything else is refused here, before any call.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from chatops.actions.errors import Invalid
from chatops.mirror.rendering import LINKS
from chatops.superoffice import patching

JSONDict = dict[str, Any]
MOST_OPERATIONS = 100
INT32_MAX = 2**31 - 1

#: Texts and the length of their columns (contract, E.1).
TEXTS = {
    "CustomerName": 255,
    "CustomerEmail": 255,
    "CustomerPhone": 32,
    "CustomerCompanyName": 255,
}
#: Links are patched by the id inside them; setting the whole object may work differently (F.4).
LINK_PATHS = tuple(
    f"{link}/{LINKS[link]}" for link in ("Person", "Contact", "Project", "Sale", "Ticket")
)
OPERATIONS = ("add", "replace", "remove", "test")
ALLOWED = frozenset({*TEXTS, *LINK_PATHS})


class Operation(NamedTuple):
    """One operation on one of the paths that may be changed."""

    op: str
    path: str
    value: str | int

    def as_json(self) -> JSONDict:
        return {"op": self.op, "path": self.path, "value": self.value}


def parse(changes: Any) -> list[Operation]:
    """Operations from a JSON Patch (a list) or a JSON Merge Patch (an object), checked.

    `remove` and null become the explicit empty value, because what SuperOffice makes of a removed
    value is not documented (contract, L.11). Raises Invalid, naming the field.
    """
    if isinstance(changes, Mapping):
        found = _from_merge_patch(changes)
    elif isinstance(changes, Sequence) and not isinstance(changes, str | bytes):
        found = _from_json_patch(changes)
    else:
        raise Invalid("A patch is a list of operations (JSON Patch) or an object (Merge Patch).")
    if not any(one.op != "test" for one in found):
        raise Invalid("The patch changes nothing.")
    return found


def _from_json_patch(operations: Sequence[Any]) -> list[Operation]:
    if len(operations) > MOST_OPERATIONS:
        raise Invalid(f"A patch has at most {MOST_OPERATIONS} operations.")
    return [_operation(one, index) for index, one in enumerate(operations)]


def _operation(one: Any, index: int) -> Operation:
    if not isinstance(one, Mapping):
        raise Invalid(f"Operation {index} is not an object.")
    op, path = one.get("op"), one.get("path")
    if not isinstance(op, str) or op not in OPERATIONS:
        allowed = ", ".join(OPERATIONS)
        raise Invalid(f"Operation {index}: `op` must be one of {allowed}.", field="op")
    if not isinstance(path, str):
        raise Invalid(f"Operation {index}: `path` must be a text.", field="path")
    unknown = set(one) - {"op", "path", "value"}
    if unknown:
        name = sorted(map(str, unknown))[0][:100]
        raise Invalid(f"Operation {index}: `{name}` is not part of an operation.", field=name)
    if op != "remove" and "value" not in one:
        raise Invalid(f"Operation {index}: `value` is missing.", field=path[:100])
    if op == "remove":
        return _checked("replace", path, None)  # whatever else it says (RFC 6902, 4.2)
    return _checked(op, path, one.get("value"))


def _from_merge_patch(changes: Mapping[str, Any]) -> list[Operation]:
    if len(changes) > MOST_OPERATIONS:
        raise Invalid(f"A patch has at most {MOST_OPERATIONS} fields.")
    found = []
    for name, value in changes.items():
        if not isinstance(value, Mapping):
            found.append(_checked("replace", name, value))
        elif len(value) == 1:
            found += [_checked("replace", f"{name}/{inner}", one) for inner, one in value.items()]
        else:
            raise Invalid(f"`{name[:100]}` must name one id.", field=name[:100])
    return found


def _checked(op: str, path: str, value: Any) -> Operation:
    known, shown = _known(path), path[:100]
    if known not in ALLOWED:
        allowed = ", ".join(sorted(ALLOWED))
        raise Invalid(f"`{shown}` may not be changed. What may: {allowed}.", field=shown)
    if known in TEXTS:
        return Operation(op, known, _text(known, shown, value))
    return Operation(op, known, _id(shown, value))


def _known(path: str) -> str:
    try:
        return patching.carrier_path(path)
    except patching.UnknownPath:
        return ""


def _text(known: str, path: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(f"`{path}` must be a text.", field=path)
    if len(value) > TEXTS[known]:
        raise Invalid(f"`{path}` is longer than {TEXTS[known]} characters.", field=path)
    if any(ord(char) < 32 for char in value):
        raise Invalid(f"`{path}` contains a control character.", field=path)
    return value


def _id(path: str, value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # `7.0` is a whole number in JSON, too
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= INT32_MAX:
        raise Invalid(f"`{path}` must be an id from 0 to {INT32_MAX}.", field=path)
    return value


def value_at(raw: Mapping[str, Any], path: str) -> str | int:
    """What a session carrier holds at one of the paths; nobody is 0, no text is empty."""
    link, _, key = path.partition("/")
    if not key:
        return str(raw.get(path) or "")
    carrier = raw.get(link)
    found = carrier.get(key) if isinstance(carrier, Mapping) else None
    return found if isinstance(found, int) and found > 0 else 0


def contradicted(raw: Mapping[str, Any], operations: Sequence[Operation]) -> list[str]:
    """Paths whose `test` does not hold in this carrier."""
    return [
        one.path for one in operations if one.op == "test" and value_at(raw, one.path) != one.value
    ]


def guarded(raw: Mapping[str, Any], operations: Sequence[Operation]) -> list[JSONDict]:
    """The operations as sent: each changed value tested first against what it is based on.

    Only what is filled is tested: whether SuperOffice compares an empty text with "" or null, and
    how it reads a path below a null link, is not documented (contract, F.3).
    """
    changes = [one for one in operations if one.op != "test"]
    tests = {one.path: value_at(raw, one.path) for one in operations}
    return [
        *(Operation("test", path, held).as_json() for path, held in tests.items() if held),
        *(one.as_json() for one in changes),
    ]


def already(raw: Mapping[str, Any], operations: Sequence[Operation]) -> bool:
    """Whether every changed path holds what is asked for before anything is sent."""
    return all(value_at(raw, path) == value for path, value in wanted(operations).items())


def wanted(operations: Sequence[Operation]) -> dict[str, str | int]:
    """What each changed path holds afterwards; the last operation on a path counts."""
    return {one.path: one.value for one in operations if one.op != "test"}
