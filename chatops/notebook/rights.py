"""Who writes in the notebook: the policy's answers, applied to what is ours."""

from __future__ import annotations

from chatops.actions import policy
from chatops.actions.callers import Caller, Role
from chatops.actions.errors import Forbidden, Invalid
from chatops.actions.policy import Right
from chatops.mirror.models import ChatSession
from chatops.mirror.querysets import ChatSessionQuerySet

MOST_TEXT = 10_000


def writes(caller: Caller, session: ChatSession) -> bool:
    """Whether the caller writes notes and tags here: agents and leads who read the chat."""
    at_work = caller.token is None and bool(caller.roles & {Role.AGENT, Role.LEAD})
    return at_work and policy.may(caller, Right.TRANSCRIPT, session)


def reviews(caller: Caller, session: ChatSession) -> bool:
    """Whether the caller reviews this chat: who leads its topic, as for a reset to the queue."""
    return caller.token is None and policy.may(caller, Right.RESET, session)


def sees_reviews(caller: Caller, session: ChatSession) -> bool:
    """Whether the caller sees scores: who reviews, and auditors."""
    reads = policy.may(caller, Right.TRANSCRIPT, session)
    return reviews(caller, session) or (reads and Role.AUDITOR in caller.roles)


def reviewable(caller: Caller) -> ChatSessionQuerySet:
    """The sessions whose reviews the caller sees."""
    if Role.AUDITOR in caller.roles:
        return policy.sessions_with(caller, Right.TRANSCRIPT)
    return policy.sessions_with(caller, Right.RESET)


def require_writer(caller: Caller, session_id: int) -> ChatSession:
    """The session. Raises NotFound when it is not visible, Forbidden when one may not write."""
    session = policy.require(caller, Right.TRANSCRIPT, session_id)
    if not writes(caller, session):
        raise Forbidden("Your role does not write notes.")
    return session


def require_reviewer(caller: Caller, session_id: int) -> ChatSession:
    """The session. Raises NotFound when it is not visible, Forbidden for others than its leads."""
    session = policy.require(caller, Right.READ, session_id)
    if not reviews(caller, session):
        raise Forbidden("Only who leads this topic reviews its chats.")
    return session


def text_of(value: str, field: str, *, most: int = MOST_TEXT, empty: bool = False) -> str:
    """A text as it is kept. Raises Invalid when it is empty or too long."""
    text = value.replace("\0", "").replace("\r\n", "\n").strip()
    if not text and not empty:
        raise Invalid("Write something.", field=field)
    if len(text) > most:
        raise Invalid(f"At most {most} characters.", field=field)
    return text
