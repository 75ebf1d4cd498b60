"""PATCH of a session: contract F. Load, apply the operations to the carrier, save what is honoured.

The documents do not say which fields a save honours; here it is the allow-list of F.4. Everything
else is accepted and silently does not take, which is what a caller must be ready for.
"""

import copy
from email.utils import parsedate_to_datetime
from typing import Any

from chatops.demo import carriers, crm, rules
from chatops.demo.errors import Answer, malformed
from chatops.demo.office import Office
from chatops.demo.records import STATUSES, Associate, Session

JSONDict = dict[str, Any]

HONOURED = {
    "CustomerName": ("name", 255),
    "CustomerEmail": ("email", 255),
    "CustomerPhone": ("phone", 32),
    "CustomerCompanyName": ("company", 255),
}
OPERATIONS = ("add", "replace", "remove", "test")  # no move, no copy (F.2)


def patch(office: Office, session: Session, who: Associate, view: carriers.View, body: Any) -> bool:
    """Apply a JSON Patch (array) or a merge patch (object); whether anything was saved.

    Raises `Answer`: 409 for a `test` that does not hold, 400 or 500 for what cannot be done.
    All operations are tried on a copy first: one that fails leaves the session as it was.
    """
    before = carriers.session(office, session, view)
    after = copy.deepcopy(before)
    for operation in operations(body, before):
        apply(after, operation)
    return save(office, session, who, before, after)


def operations(body: Any, carrier: JSONDict) -> list[JSONDict]:
    """The shape of the body decides; a merge patch becomes operations first (F.1)."""
    if isinstance(body, list):
        if not all(isinstance(o, dict) and isinstance(o.get("path"), str) for o in body):
            raise malformed("Each operation needs 'op' and 'path'")
        return body
    if isinstance(body, dict):
        return list(merged(body, carrier, ""))
    raise malformed("The body must be a JSON Patch array or a merge patch object")


def merged(body: JSONDict, carrier: Any, prefix: str) -> list[JSONDict]:
    """A merge patch as operations: null removes, an object where a list is, is appended."""
    result: list[JSONDict] = []
    for name, value in body.items():
        path = f"{prefix}/{name}"
        there = carrier.get(find(carrier, name), None) if isinstance(carrier, dict) else None
        if value is None:
            result.append({"op": "remove", "path": path})
        elif isinstance(value, dict) and isinstance(there, list):
            result.append({"op": "add", "path": f"{path}/-", "value": value})
        elif isinstance(value, dict):
            result.extend(merged(value, there or crm.EMPTY.get(name, {}), path))
        else:
            result.append({"op": "replace", "path": path, "value": value})
    return result


def apply(carrier: JSONDict, operation: JSONDict) -> None:
    """One operation, in place. Raises `Answer`."""
    op, path = str(operation.get("op", "")).lower(), operation["path"]
    if op not in OPERATIONS:
        raise malformed(f"The operation '{op}' is not supported")
    steps = [step for step in path.split("/") if step]
    if not steps:
        raise malformed("The path is empty")
    target, name = walk(carrier, steps)
    if op == "test":
        if target[name] != operation.get("value"):
            raise Answer(
                409,
                "JsonPatchTestOperationException",
                f"The value of '{path}' is not equal to the test value",
            )
    elif op == "remove":
        target[name] = None
    elif "value" not in operation:
        raise malformed(f"The operation '{op}' on '{path}' has no value")
    else:
        target[name] = operation["value"]


def walk(carrier: JSONDict, steps: list[str]) -> tuple[JSONDict, str]:
    """The object that holds the last step, and the step as the carrier spells it."""
    target: Any = carrier
    for step in steps[:-1]:
        name = find(target, step)
        if target[name] is None and name in LINKED:
            target[name] = dict(crm.EMPTY[LINKED[name]])
        target = target[name]
    return target, find(target, steps[-1])


LINKED = {**{name: name for name in carriers.LINKS}, "User": "Associate", "TransferTo": "Associate"}


def find(carrier: Any, step: str) -> str:
    """The property's own spelling, whatever case was sent. Raises `Answer` 400 for none."""
    if isinstance(carrier, dict):
        for name in carrier:
            if name.lower() == step.lower():
                return str(name)
    raise malformed(f"For type 'ChatSessionEntity', the target location '{step}' was not found")


def save(
    office: Office, session: Session, who: Associate, before: JSONDict, after: JSONDict
) -> bool:
    """`SaveChatSessionEntity`: take over what is honoured. Raises `Answer` 500 for bad values."""
    if after["Status"] not in STATUSES and after["Status"] != before["Status"]:
        raise bad_value("Status")
    taken: dict[str, Any] = {}
    for name, (attribute, length) in HONOURED.items():
        if after.get(name) != before.get(name):
            value = text(name, after[name])[:length]
            taken[attribute] = rules.normalised(value) if office.options.normalise else value
    for name, attribute in carriers.LINKS.items():
        wanted = link(name, after.get(name))
        if wanted != getattr(session, attribute) and (not wanted or wanted in office.crm[name]):
            taken[attribute] = wanted
    for attribute, value in taken.items():
        setattr(session, attribute, value)
    if taken:
        office.effect("patch", session.id, who.user, **taken)
    finishes = after["Status"] == "Finished" and session.is_open
    return (finishes and rules.end(office, session, who)) or bool(taken)


def text(name: str, value: Any) -> str:
    """A text field's new value; null clears it."""
    if value is not None and not isinstance(value, str):
        raise bad_value(name)
    return value or ""


def link(name: str, carrier: Any) -> int:
    """The id of a linked record, 0 for none."""
    if carrier is None:
        return 0
    value = carrier.get(crm.ID_FIELD[name]) if isinstance(carrier, dict) else carrier
    if value is None:
        return 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_value(name)
    return max(value, 0)


def bad_value(name: str) -> Answer:
    """A value of the wrong kind is an uncaught error in the service (F.2, J.2)."""
    return Answer(500, "JsonSerializationException", f"Error converting value for '{name}'")


def check_unmodified(office: Office, session: Session, header: str) -> None:
    """412 for a stale `If-Unmodified-Since`, if the switch says sessions have a modified date.

    By C.4 they have none, so the header is ignored unless the switch is on.
    """
    if not (office.options.unmodified_since and header and session.modified):
        return
    try:
        since = parsedate_to_datetime(header)
    except ValueError:
        return
    if session.modified.replace(microsecond=0) > since:
        raise Answer(412, "PreconditionFailed", "The entity was changed after the given time")
