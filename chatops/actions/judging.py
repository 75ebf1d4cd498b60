"""What in SuperOffice's data proves that an action took effect: one condition for each verb.

Used for a fresh answer and, minutes or days later, for an action whose answer was lost: it looks
at nothing but the action's own row and what SuperOffice holds.
"""

from collections.abc import Callable, Sequence
from typing import Any

from chatops.actions import patches
from chatops.actions.models import Action, Verb
from chatops.superoffice import entities, text

JSONDict = dict[str, Any]
Proof = JSONDict | None
Session = entities.ChatSessionEntity
#: Contract, L 12: an old server, or one whose IIS lets no PATCH through.
#: How a chat stands that nobody has.
LEFT = frozenset({"InQueue", "PreChatForm", "Faq", "OfflineForm"})
NO_PATCH = "This SuperOffice server cannot change single fields of a chat, so it is only shown."


def _mine(action: Action) -> int:
    return int(action.baseline["associate_id"])


def _facts(session: Session) -> JSONDict:
    return {
        "status": session.status,
        "user": session.associate_id,
        "transfer_to": session.transfer_to_id,
    }


def _accepted(action: Action, session: Session) -> Proof:
    mine = session.associate_id == _mine(action) and session.transfer_to_id is None
    return _facts(session) if mine else None


def _rejected(action: Action, session: Session) -> Proof:
    """Nothing is pending to me any more, and I did not become the one who handles the chat."""
    cleared = session.transfer_to_id != _mine(action)
    kept = session.associate_id == action.baseline.get("user")
    return _facts(session) if cleared and kept else None


def _picked_up(action: Action, session: Session) -> Proof:
    mine = session.associate_id == _mine(action) and session.status != "InQueue"
    return _facts(session) if mine else None


def _transferred(action: Action, session: Session) -> Proof:
    target = int(action.asked["to"])
    offered = session.transfer_to_id == target
    # The colleague may have accepted before we looked.
    taken = session.associate_id == target and session.transfer_to_id is None
    return _facts(session) if offered or taken else None


def _reset(action: Action, session: Session) -> Proof:
    before = action.baseline
    left = session.associate_id is None and session.status in LEFT
    moved = (before.get("user"), before.get("status")) != (None, session.status)
    unbotted = bool(before.get("bot")) and not session.chatbot_is_active
    return _facts(session) if left and (moved or unbotted) else None


def _ended(_action: Action, session: Session) -> Proof:
    closed = session.status in entities.CLOSED_STATUSES
    return {**_facts(session), "ended": True} if closed and session.ended_at else None


def _patched(action: Action, session: Session) -> Proof:
    missing = not_taken(action, session)
    return {"fields": sorted(action.asked["wanted"])} if not missing else None


def not_taken(action: Action, session: Session) -> list[str]:
    """Paths of a patch that do not hold what was asked for."""
    wanted: JSONDict = action.asked["wanted"]
    return sorted(
        path for path, value in wanted.items() if patches.value_at(session.raw, path) != value
    )


def taken_otherwise(action: Action, session: Session) -> list[str]:
    """Paths of a patch that hold neither what was asked for nor what they held before."""
    before: JSONDict = action.baseline.get("before", {})
    return [
        path
        for path in not_taken(action, session)
        if path in before and patches.value_at(session.raw, path) != before[path]
    ]


def shows_in_part(action: Action, session: Session) -> bool:
    """Whether something of what was asked for is so now, though not all that would prove it: then
    nobody can say that nothing happened."""
    if action.verb in {Verb.PICK_UP, Verb.ACCEPT_TRANSFER}:
        mine = _mine(action)
        return session.associate_id == mine and action.baseline.get("user") != mine
    if action.verb == Verb.RESET:
        moved = session.status in LEFT and action.baseline.get("status") != session.status
        return moved or (session.associate_id is None and bool(action.baseline.get("user")))
    return action.verb == Verb.END and session.status in entities.CLOSED_STATUSES


def _deleted(_action: Action, _session: Session) -> Proof:
    """A session that can be read was not deleted."""
    return None


def could_be_made(action: Action, session: Session) -> bool:
    """Whether a session can be what a `create_session` made: newer than it, in its channel."""
    newer = session.id > int(action.baseline["highest"])
    return newer and session.topic_id == action.topic_id


PROOFS: dict[Verb, Callable[[Action, Session], Proof]] = {
    Verb.ACCEPT_TRANSFER: _accepted,
    Verb.REJECT_TRANSFER: _rejected,
    Verb.PICK_UP: _picked_up,
    Verb.TRANSFER: _transferred,
    Verb.RESET: _reset,
    Verb.END: _ended,
    Verb.DELETE: _deleted,
    Verb.PATCH_SESSION: _patched,
}


def proof_in_session(action: Action, session: Session) -> Proof:
    """What in this session proves the action; None when nothing does."""
    return PROOFS[Verb(action.verb)](action, session)


def sent_message(
    action: Action,
    messages: Sequence[entities.ChatMessage],
    *,
    claimed: set[int],
    named: int | None = None,
) -> entities.ChatMessage | None:
    """The stored message that proves a send: the first above its baseline that no other claims,
    or only the `named` one: the id that SuperOffice answered with.

    Type, author and text must agree; the text in its canonical form, because SuperOffice may store
    it slightly normalised (contract, K.3).
    """
    sent = text.canonical(action.asked["html"])
    for one in sorted(messages, key=lambda message: message.id):
        if (
            one.id > action.baseline["highest"]
            and one.id not in claimed
            and named in (None, one.id)
            and one.type == "ToCustomer"
            and one.author == action.asked["author"]
            and text.canonical(one.message) == sent
        ):
            return one
    return None
