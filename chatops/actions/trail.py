"""The append-only trail: who did what, when, to what, with what result."""

from typing import Any

from chatops.actions.callers import Caller
from chatops.actions.models import Action, TrailEntry

#: The caller of what the worker finds out by itself.
WORKER = "worker"


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

    Without a caller it was the worker, or a command on the machine.
    """
    return TrailEntry.objects.create(
        actor=caller.user if caller else None,
        caller=caller.name if caller else WORKER,
        what=what,
        session_id=action.session_id if action else session_id,
        action=action,
        object=object,
        before=before,
        after=after,
        request_id=caller.request_id if caller else "",
        detail=detail or {},
    )
