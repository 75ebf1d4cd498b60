"""What must be so before a verb is sent, asked of the session as SuperOffice shows it now."""

from collections.abc import Callable

from chatops.actions import judging
from chatops.actions.errors import Invalid, Refused, StateConflict
from chatops.actions.fresh import Fresh
from chatops.actions.intent import conflict
from chatops.mirror.models import Associate
from chatops.remote import abilities
from chatops.remote.models import Agent
from chatops.superoffice import entities

Check = Callable[[Fresh, Agent], None]


def is_offered_to_me(found: Fresh, agent: Agent) -> None:
    """Whether it can be accepted or declined. Raises StateConflict."""
    session = found.session
    if session.transfer_to_id == agent.associate_id:
        return
    owner = session.user.full_name if session.user else "nobody"
    raise conflict(
        f"The chat is not offered to you (any more). It is {_state(session)}; {owner} has it.",
        session.id,
    )


def can_be_offered_to(target: Associate) -> Check:
    """The check that a chat can be offered to this colleague. Raises Invalid, StateConflict."""

    def check(found: Fresh, agent: Agent) -> None:
        if target.pk == agent.associate_id:
            raise Invalid("A chat cannot be transferred to yourself.", field="to")
        can_be_offered(found, agent)

    return check


def can_be_offered(found: Fresh, agent: Agent) -> None:
    """Only who has the chat offers it, and only once. Raises StateConflict."""
    is_mine_and_ongoing(found, agent)
    if found.session.transfer_to:
        raise conflict(
            f"The chat is already offered to {found.session.transfer_to.full_name}.",
            found.session.id,
        )


def is_waiting(found: Fresh, _agent: Agent) -> None:
    """Whether it can be picked up. Raises StateConflict."""
    session = found.session
    if session.status == str(entities.ChatSessionStatus.IN_QUEUE):
        return
    who = session.user.full_name if session.user else None
    raise waits_no_more(session.id, who, _state(session))


def waits_no_more(session_id: int, who: str | None, state: str = "") -> StateConflict:
    """What whoever wanted to pick it up is told: who has it, or else how it stands."""
    detail = f"{who} has it now." if who else f"It is {state}."
    return conflict(f"The chat is no longer waiting. {detail}", session_id, who=who)


def is_open(found: Fresh, _agent: Agent) -> None:
    """Whether it is not over. Raises StateConflict."""
    if found.session.status not in entities.OPEN_STATUSES:
        raise conflict("The chat is over.", found.session.id)


def can_be_reset(found: Fresh, agent: Agent) -> None:
    """A chat that is where a reset would put it changes in nothing, so nothing could prove it."""
    is_open(found, agent)
    session = found.session
    there = session.status in {"InQueue", "OfflineForm"} and session.associate_id is None
    if there and not session.chatbot_is_active:
        raise conflict("Nobody has the chat: there is nothing to reset.", session.id)


def is_mine_and_ongoing(found: Fresh, agent: Agent) -> None:
    """Whether it is the agent's own. Raises StateConflict."""
    is_open(found, agent)
    session = found.session
    if session.associate_id == agent.associate_id:
        return
    who = session.user.full_name if session.user else "nobody"
    raise conflict(f"The chat is not yours: {who} has it.", session.id)


def _state(session: entities.ChatSessionEntity) -> str:
    if session.status not in entities.OPEN_STATUSES:
        return "over"
    return "waiting" if session.status == "InQueue" else "going on"


def needs_patch() -> None:
    """Raises Refused where the server is known not to have the call."""
    if not abilities.can_patch():
        raise Refused(judging.NO_PATCH, code="not_supported")
