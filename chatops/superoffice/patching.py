"""PATCH, as SuperOffice understands it (contract F).

Two bodies: JSON Patch (RFC 6902, a list, less `move` and `copy`) and JSON Merge Patch (RFC 7396,
an object). Paths are property names, case-insensitive, with an optional leading slash.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Unpack

from chatops.superoffice.entities.carrier import Carrier, our_name
from chatops.superoffice.entities.chat import ChatSessionEntity
from chatops.superoffice.errors import Refused
from chatops.superoffice.transport import Options, Transport

OPERATIONS = frozenset({"add", "replace", "remove", "test"})
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"

Operations = list[dict[str, Any]]
Changes = Operations | dict[str, Any]


class UnknownPath(ValueError):
    """A patch path that names no property of the carrier."""


def send(
    transport: Transport,
    path: str,
    changes: Changes,
    **options: Unpack[Options],
) -> Any:
    """PATCH with the specific content type, or plain JSON where a server does not take that (F.1).

    Both tries together are one attempt: a 415 was certainly not applied. ValueError for a list
    with an operation that SuperOffice does not have, before anything is sent.
    """
    if isinstance(changes, list):
        check(changes)
    options["json"] = changes
    options["content_type"] = JSON_PATCH if isinstance(changes, list) else MERGE_PATCH
    try:
        return transport.send("PATCH", path, **options)
    except Refused as error:
        if error.status != 415:
            raise
    options["content_type"] = "application/json"
    return transport.send("PATCH", path, **options)


def check(operations: list[dict[str, Any]]) -> None:
    """ValueError unless every operation is one SuperOffice has, with what it needs (F.2)."""
    for operation in operations:
        kind = operation.get("op")
        if kind not in OPERATIONS:
            raise ValueError(f"SuperOffice does not support the patch operation {kind!r}.")
        if not isinstance(operation.get("path"), str) or not operation["path"].strip("/"):
            raise ValueError("A patch operation needs a path.")
        if kind != "remove" and "value" not in operation:
            raise ValueError(f"The patch operation {kind!r} needs a value.")


def carrier_path(path: str) -> str:
    """The path with SuperOffice's own spelling: `/customer_email` is `CustomerEmail`.

    Case, underscores, a leading slash and our names (`requested_at`) do not matter; `Contact/
    ContactId` and `contact/contact_id` are the same. UnknownPath when there is no such property;
    what lies below a property that is no carrier is passed on as it is.
    """
    return _spelled(path.removeprefix("/"), ChatSessionEntity)


def _spelled(path: str, carrier: type[Carrier]) -> str:
    first, slash, rest = path.partition("/")
    wanted = _plain(_unescaped(first))
    for field in fields(carrier):
        carried = field.metadata.get("carried")
        if carried and wanted in {_plain(carried), _plain(our_name(carried))}:
            inner = field.metadata.get("nested")
            if slash and inner is not None:
                return f"{carried}/{_spelled(rest, inner)}"
            return f"{carried}{slash}{rest}"
    raise UnknownPath(f"{carrier.__name__} has no property {path!r}.")


def value_at(raw: Mapping[str, Any], path: str) -> Any:
    """What a carrier holds at a path in SuperOffice's spelling; None where a step is missing."""
    value: Any = raw
    for step in path.strip("/").split("/"):
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            value = value.get(_unescaped(step)) if isinstance(value, Mapping) else None
    return value


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")  # RFC 6901, in this order
