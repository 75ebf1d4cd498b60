"""What needs a person: closing what could not be settled, or ordering a second attempt."""

from chatops.actions import ending, policy, verbs
from chatops.actions.callers import Caller
from chatops.actions.errors import Forbidden, Invalid, NotFound, StateConflict
from chatops.actions.models import Action, State
from chatops.actions.perform import Wish

VERDICTS = ("happened", "did_not_happen")


def visible(action_id: int, caller: Caller) -> Action:
    """The action, if the caller sees it. Raises NotFound."""
    action = policy.visible_actions(caller).filter(pk=action_id).first()
    if action is None:
        raise NotFound(f"There is no action {action_id}.")
    return action


def close(action_id: int, *, caller: Caller, verdict: str, note: str = "") -> Action:
    """Close an action that needs a person, with what was found: `happened`, `did_not_happen`."""
    action = visible(action_id, caller)
    if verdict not in VERDICTS:
        raise Invalid(f"The verdict is one of {', '.join(VERDICTS)}.", field="verdict")
    if not policy.closes(caller, action):
        raise Forbidden("Your role does not allow closing actions.")
    if action.state != State.NEEDS_PERSON:
        raise StateConflict("This action does not need a person (any more).", action=action)
    return ending.closed(action, caller, verdict, note.strip()[:2000])


def _was_ordered(action: Action, wish: Wish) -> bool:
    """Whether this very order was given before: then its answer is due, whatever came since."""
    caller = wish.caller.name
    return action.attempts.filter(caller=caller, route=wish.route, key=wish.key or None).exists()


def erased(action: Action) -> bool:
    """Whether what it asked for, and on which ground, is no longer kept."""
    return not action.baseline


def second_attempt(action_id: int, *, wish: Wish) -> Action:
    """Send the same again, as a new action, because a person said so.

    The first may still take effect: then the customer sees it twice. Only for what needs a person,
    or was closed as not having happened.
    """
    action = visible(action_id, wish.caller)
    if not policy.closes(wish.caller, action):
        raise Forbidden("Your role does not allow ordering a second attempt.")
    open_to_it = (
        action.state == State.NEEDS_PERSON
        or (action.state == State.CLOSED and action.code == "did_not_happen")
        or _was_ordered(action, wish)
    )
    if not open_to_it:
        raise StateConflict("A second attempt is only for what needs a person.", action=action)
    if erased(action):
        raise StateConflict("What it asked for has been erased.", action=action)
    return verbs.again(
        action,
        wish=Wish(wish.caller, wish.key, wish.route, wish.version, wish.stamp, second_of=action),
    )
