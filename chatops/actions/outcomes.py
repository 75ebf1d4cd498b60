"""What became of an action, in words for people and as a problem for programs."""

from chatops.actions import errors
from chatops.actions.ending import name_of
from chatops.actions.models import Action, State, Verb

_DONE = {
    Verb.ACCEPT_TRANSFER: "The chat is yours.",
    Verb.REJECT_TRANSFER: "You declined the chat; it stays with your colleague.",
    Verb.PICK_UP: "You picked up the chat.",
    Verb.RESET: "The chat is back in the queue.",
    Verb.END: "The chat is ended.",
    Verb.DELETE: "The chat is deleted at SuperOffice.",
    Verb.SEND_MESSAGE: "Sent.",
    Verb.CREATE_SESSION: "The chat is started.",
    Verb.PATCH_SESSION: "Saved at SuperOffice.",
}
_WAITING = {
    State.QUEUED: "It is waiting to be sent.",
    State.SENDING: "It is being sent.",
    State.UNKNOWN: "SuperOffice has not confirmed it yet. It is being checked: do not repeat it.",
}
_PROBLEMS: dict[str, type[errors.ActionError]] = {
    "not_found": errors.NotFound,
    "state_conflict": errors.StateConflict,
    "version_old": errors.VersionOld,
    "identity_required": errors.IdentityRequired,
    "forbidden": errors.Forbidden,
    "throttled": errors.Unavailable,
    "never_sent": errors.Unavailable,
}


def sentence(action: Action) -> str:
    """What happened and what it means, in a sentence."""
    state = State(action.state)
    if state is State.DONE:
        if action.verb == Verb.TRANSFER:
            return f"Offered to {name_of(action.asked['to'])}. It is yours until they accept."
        return _DONE[Verb(action.verb)]
    if state in _WAITING:
        return _WAITING[state]
    if state is State.CLOSED:
        found = "it had happened" if action.code == "happened" else "it had not happened"
        return f"Closed by a person, who found that {found}."
    return action.detail or state.label


def problem(action: Action) -> errors.ActionError | None:
    """The error that a refused or never sent action is answered with; None for all others."""
    if action.state not in {State.REFUSED, State.EXPIRED, State.CANCELLED}:
        return None
    kind = _PROBLEMS.get(action.code, errors.Refused)
    wait = 1.0 if kind is errors.Unavailable else None
    return kind(action.detail, retry_after=wait, action=action, session_id=action.session_id)
