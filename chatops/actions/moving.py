"""Every change of an action's state, with its evidence, its trail line and its news.

A state only moves along the arrows of `MAY_BECOME`; whoever comes second finds it moved and leaves
it as it is. That makes it safe that the sender and the worker settle the same action at once.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from chatops.actions import news, prepared, shown, trail
from chatops.actions.callers import Caller
from chatops.actions.models import Action, State
from chatops.mirror import feed, ingest

JSONDict = dict[str, Any]

MAY_BECOME: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SENDING, State.EXPIRED, State.CANCELLED}),
    State.SENDING: frozenset(
        {State.DONE, State.NO_EFFECT, State.REFUSED, State.UNKNOWN, State.EXPIRED}
        | {State.NEEDS_PERSON}
    ),
    # Refused and never sent: only its own sender knows, also when it comes back after a long pause
    # in which the worker took it for dead.
    State.UNKNOWN: frozenset(
        {State.DONE, State.NO_EFFECT, State.NEEDS_PERSON, State.REFUSED, State.EXPIRED}
    ),
    # The effect may show while a person still wonders, or after one has given up on it.
    State.NEEDS_PERSON: frozenset({State.DONE, State.CLOSED}),
    State.CLOSED: frozenset({State.DONE}),
}


def move(
    action: Action,
    state: State,
    *,
    caller: Caller | None = None,
    session: Mapping[str, Any] | None = None,
    reading: int = 0,
    **fields: Any,
) -> Action:
    """Move the action if it may still move so; the action as it is afterwards.

    `session` is what SuperOffice answered to a call before which `reading` was drawn.
    An answer that was noted on `action` is written with the move.
    """
    # Drawn before the transaction: everybody's readings come from this one counter.
    until = ingest.next_reading() if session is not None else 0
    if state not in {State.SENDING, State.UNKNOWN}:
        fields["settled_at"] = timezone.now()
    if action.answered_at:
        fields = {"answer": action.answer, "answered_at": action.answered_at} | fields
    with transaction.atomic():
        if session is not None:  # what was read is true, also where somebody else settled first
            ingest.store_session(session, reading=reading, until=until)
        if "settled_at" in fields and action.source == "api":  # others are told in a sentence
            session_id = fields.get("session_id", action.session_id)
            fields["shown"] = shown.take(session_id, fields.get("message_id"))
        before = _taken(action, state, fields)
        if before is None:  # it is no longer in the state that the caller knows
            sender = action.sender
            action = Action.objects.select_for_update().get(pk=action.pk)
            action.sender = sender
            before = _taken(action, state, fields)
        if before is not None:
            _tell(action, before, caller)
    return action


def _taken(action: Action, state: State, fields: JSONDict) -> State | None:
    """Move it if its row is still in the state that `action` has; that state, or None."""
    before = State(action.state)
    if state not in MAY_BECOME.get(before, frozenset()):
        return None
    changes = {**fields, "state": state}
    if not prepared.update(Action, {"id": action.pk, "state": before}, changes):
        return None
    for name, value in changes.items():
        setattr(action, name, value)
    return before


def _tell(action: Action, before: State, caller: Caller | None) -> None:
    """The trail's line and the feed's news of a move: by who closes it, by who sent it where that
    is found out at once, by the worker afterwards."""
    trail.record(
        "action_settled" if action.settled_at else "action_moved",
        caller=caller or action.sender,
        action=action,
        before=before,
        after=action.state,
        detail={"verb": action.verb, "code": action.code, "proof": action.proof},
    )
    feed.append(news.of(action))
