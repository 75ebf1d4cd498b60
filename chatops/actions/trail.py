"""The append-only trail: who did what, when, to what, with what result."""

from typing import Any

from chatops.actions import prepared
from chatops.actions.callers import Caller
from chatops.actions.models import Action, TrailEntry

#: The caller of what the worker finds out by itself.
WORKER = "worker"
CUT = "trail_cut"


def record(
    what: str,
    *,
    caller: Caller | None,
    session_id: int | None = None,
    action: Action | None = None,
    object: str = "",
    before: str = "",
    after: str = "",
    detail: dict[str, Any] | None = None,
) -> TrailEntry:
    """Add a line, in the transaction of what it tells. Ids and states, never names or texts.

    Without a caller it was the worker, or a command on the machine; the line of an action names
    the request that it came with in any case.
    """
    asked_by = caller or action
    line = TrailEntry(
        actor=caller.user if caller else None,
        caller=caller.name if caller else WORKER,
        what=what,
        session_id=action.session_id if action else session_id,
        action=action,
        object=object or (f"action:{action.pk}" if action else ""),
        before=before,
        after=after,
        request_id=asked_by.request_id if asked_by else "",
        detail=detail or {},
    )
    prepared.insert(line)
    return line


def cut(last: int, *, lines: int) -> None:
    """Say that the lines up to this one go, so many of them: only then can they be deleted."""
    record(CUT, caller=None, object=f"line:{last}", detail={"lines": lines})
