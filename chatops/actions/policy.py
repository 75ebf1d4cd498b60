"""Who may see and do what: the one place that decides, for every surface.

The matrix stands in docs/permissions.md; `RIGHTS_OF_ROLE`, `SCOPE_OF_RIGHT` and the two questions
"visible?" and "own, team or all?" are all of it.
"""

from collections.abc import Collection, Hashable
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from django.db.models import Q, QuerySet
from django.utils import timezone

from chatops.actions.callers import SEES_ALL, SEES_OWN, Caller, Role, Span
from chatops.actions.errors import Forbidden, Invalid, NotFound
from chatops.actions.models import Action, State, TrailEntry, Unmasking, Verb
from chatops.actions.prepared import NUMBER, Kept
from chatops.mirror.models import ChatSession, ChatTopic, TopicMember
from chatops.mirror.querysets import IN_QUEUE, ChatSessionQuerySet


class Right(StrEnum):
    READ = "read"
    TRANSCRIPT = "transcript"
    PERSONAL = "personal"
    UNMASK = "unmask"
    SEND = "send"
    ACT = "act"
    TRANSFER = "transfer"
    PATCH = "patch"
    RESET = "reset"
    CLOSE = "close"
    EXPORT = "export"
    FEED = "feed"
    TRAIL = "trail"
    OPERATE = "operate"
    METRICS = "metrics"


_AGENT = {
    Right.READ,
    Right.TRANSCRIPT,
    Right.PERSONAL,
    Right.SEND,
    Right.ACT,
    Right.TRANSFER,
    Right.PATCH,
    Right.CLOSE,
    Right.TRAIL,
}
RIGHTS_OF_ROLE: dict[Role, frozenset[Right]] = {
    Role.AGENT: frozenset(_AGENT),
    Role.LEAD: frozenset(_AGENT | {Right.UNMASK, Right.RESET, Right.EXPORT}),
    Role.AUDITOR: frozenset(
        {Right.READ, Right.TRANSCRIPT, Right.PERSONAL, Right.UNMASK, Right.EXPORT, Right.TRAIL}
    ),
    Role.OPERATOR: frozenset({Right.READ, Right.TRAIL, Right.OPERATE, Right.METRICS}),
}
#: What a token needs for each right; a right that is not here is for people only.
SCOPE_OF_RIGHT: dict[Right, str] = {
    Right.READ: "read",
    Right.TRANSCRIPT: "transcripts",
    Right.PERSONAL: "personal",
    Right.SEND: "send",
    Right.ACT: "act",
    Right.TRANSFER: "act",
    Right.PATCH: "patch",
    Right.RESET: "reset",
    Right.CLOSE: "act",
    Right.EXPORT: "export",
    Right.FEED: "feed",
    Right.METRICS: "metrics",
}
#: What a program of somebody who is shown facts alone does not get, whatever its scopes.
_MORE_THAN_FACTS = frozenset({Right.TRANSCRIPT, Right.PERSONAL})
#: What a lead holds in the topics they lead, and nowhere else.
_LEADS_ALONE = frozenset({Right.UNMASK, Right.RESET, Right.EXPORT})
_EVERY_TOPIC = frozenset({Span.FACTS, Span.EVERYTHING})


@lru_cache(maxsize=256)
def _of_scopes(scopes: frozenset[str]) -> frozenset[Right]:
    return frozenset(one for one, scope in SCOPE_OF_RIGHT.items() if scope in scopes)


def rights(caller: Caller) -> frozenset[Right]:
    """Every right the caller has on at least something."""
    if caller.token:
        held = _of_scopes(caller.scopes)
        return held - _MORE_THAN_FACTS if caller.span is Span.FACTS else held
    return frozenset().union(*(RIGHTS_OF_ROLE[role] for role in caller.roles))


def _topics(caller: Caller, **role: bool) -> QuerySet[TopicMember, int]:
    mine = TopicMember.objects.filter(associate_id=caller.associate_id or 0, **role)
    return mine.values_list("topic_id", flat=True)


def _own(caller: Caller) -> Q:
    """Assigned to me, offered to me, or waiting in a topic I belong to."""
    if caller.associate_id is None:
        return Q(pk__in=())
    return (
        Q(associate_id=caller.associate_id)
        | Q(transfer_to_id=caller.associate_id)
        | Q(status=IN_QUEUE, topic_id__in=_topics(caller))
    )


def _team(caller: Caller) -> Q:
    """In a topic I lead."""
    if Role.LEAD not in caller.roles or caller.associate_id is None:
        return Q(pk__in=())
    return Q(topic_id__in=_topics(caller, can_manage=True))


def reach(caller: Caller) -> ChatSessionQuerySet:
    """The sessions within a program's reach, whatever it may do with them: those of its token's
    topics. Of an agent's or a lead's token, only topics they belong to and chats that are theirs:
    nobody hands on more than they have, and without a linked account that is nothing.
    """
    sessions = ChatSession.objects.all()
    if caller.topics is not None:
        sessions = sessions.about(caller.topics)
    if caller.span in _EVERY_TOPIC:
        return sessions
    me = caller.associate_id
    if caller.span is Span.NOTHING or me is None:
        return sessions.none()
    mine = Q(topic_id__in=_topics(caller)) | Q(associate_id=me) | Q(transfer_to_id=me)
    return sessions.filter(mine)


def reaches_topics(caller: Caller, topic_ids: Collection[int]) -> bool:
    """Whether every session of these topics is within a program's reach."""
    if caller.topics is not None and not caller.topics.issuperset(topic_ids):
        return False
    if caller.span in _EVERY_TOPIC:
        return True
    return caller.span is Span.OWN and set(_topics(caller)).issuperset(topic_ids)


def visible_sessions(caller: Caller) -> ChatSessionQuerySet:
    """The sessions that exist for this caller; the others are not found."""
    sessions = ChatSession.objects.all()
    if caller.token:
        return reach(caller) if Right.READ in rights(caller) else sessions.none()
    if caller.roles & SEES_ALL:
        return sessions
    if not caller.roles & SEES_OWN:
        return sessions.none()
    return sessions.filter(_own(caller) | _team(caller))


def sight_of(caller: Caller) -> Hashable | None:
    """All of a program's that `visible_sessions` depends on; None for a person, who has too much.

    What is asked of the database itself (the topics that somebody belongs to) is asked each time.
    """
    if not caller.token:
        return None
    return (caller.name, caller.scopes, caller.topics, caller.span, caller.associate_id)


def _leads(caller: Caller, session: ChatSession) -> bool:
    if Role.LEAD not in caller.roles or caller.associate_id is None:
        return False
    return _topics(caller, can_manage=True).filter(topic_id=session.topic_id or 0).exists()


def _is_own(caller: Caller, session: ChatSession) -> bool:
    me = caller.associate_id
    if me is None:
        return False
    if me in {session.associate_id, session.transfer_to_id}:
        return True
    mine = _topics(caller).filter(topic_id=session.topic_id or 0)
    return session.status == IN_QUEUE and mine.exists()


def _is_at_work(caller: Caller) -> bool:
    """Whether the caller answers chats: an auditor's own account does not."""
    return bool(caller.roles & SEES_OWN)


def may(caller: Caller, right: Right, session: ChatSession | None = None) -> bool:
    """Whether the caller has a right, on this session when one is given.

    For a session, the caller must also see it: `require` asks both.
    """
    if right not in rights(caller):
        return False
    if session is None or caller.token:
        return True
    if right is Right.PERSONAL:
        return (_is_at_work(caller) and session.is_open and _is_own(caller, session)) or (
            may(caller, Right.UNMASK, session)
            and unmaskings(caller).filter(session_id=session.pk).exists()
        )
    # Auditors and operators hold what they hold on every session; agents and leads on theirs.
    if any(right in RIGHTS_OF_ROLE[role] for role in caller.roles & SEES_ALL):
        return True
    if right in _LEADS_ALONE:
        return _leads(caller, session)
    return _is_own(caller, session) or _leads(caller, session)


def sessions_with(caller: Caller, right: Right) -> ChatSessionQuerySet:
    """The sessions on which the caller has this right: `may` for a whole list at once.

    A token's scope is enough by itself: one with `export` alone exports.
    """
    if right not in rights(caller):
        return ChatSession.objects.none()
    if caller.token:
        return reach(caller)
    visible = visible_sessions(caller)
    if right is Right.PERSONAL:
        own = _own(caller) & Q(is_open=True) if _is_at_work(caller) else Q(pk__in=())
        shown = sessions_with(caller, Right.UNMASK).filter(
            pk__in=unmaskings(caller).values("session_id")
        )
        return visible.filter(own | Q(pk__in=shown.values("pk")))
    if any(right in RIGHTS_OF_ROLE[role] for role in caller.roles & SEES_ALL):
        return visible
    if right in _LEADS_ALONE:
        return visible.filter(_team(caller))
    return visible.filter(_own(caller) | _team(caller))


def sessions_led(caller: Caller) -> ChatSessionQuerySet:
    """The sessions of the topics that the caller leads."""
    return visible_sessions(caller).filter(_team(caller))


def unmaskings(caller: Caller) -> QuerySet[Unmasking]:
    """What the caller was unmasked for, with a reason, and still is."""
    return Unmasking.objects.filter(person=caller.user, until__gt=timezone.now())


def granted(caller: Caller, right: Right, ids: Collection[int]) -> frozenset[int]:
    """Those of these sessions, which the caller sees, on which they have the right. At most one
    query, and for a token none: its scopes hold wherever it sees."""
    if not ids or right not in rights(caller):
        return frozenset()
    if caller.token:
        return frozenset(ids)
    held = sessions_with(caller, right).filter(pk__in=ids)
    return frozenset(held.values_list("pk", flat=True))


def require(caller: Caller, right: Right, session_id: int) -> ChatSession:
    """The session, if the caller sees it and has this right on it.

    Raises NotFound when it does not exist for the caller, Forbidden when the right is lacking.
    """
    session = _visible(caller, session_id)
    if session is None:
        raise NotFound(f"There is no session {session_id}.")
    if not may(caller, right, session):
        raise Forbidden(_lacking(caller, right) or "Your role does not allow this on this chat.")
    return session


def waited_for(caller: Caller, session_id: int, *, since: datetime) -> ChatSession | None:
    """The session, if it waited in one of this person's topics and somebody took it after `since`.

    It is theirs alone now. That it was taken and by whom is what the queue told everybody there.
    """
    if caller.token or not _is_at_work(caller) or caller.associate_id is None:
        return None
    found = ChatSession.objects.open().exclude(associate_id=None)
    row = found.filter(pk=session_id, topic_id__in=_topics(caller)).first()
    if row is None or (row.started_at and row.started_at >= since):
        return row
    taken = Action.objects.filter(session_id=session_id, verb=Verb.PICK_UP, state=State.DONE)
    return row if taken.filter(settled_at__gte=since).exists() else None


_kept = Kept()


def _visible(caller: Caller, session_id: int) -> ChatSession | None:
    sight = sight_of(caller)
    if sight is None or session_id >= 2**31:
        return visible_sessions(caller).filter(pk=session_id).first()
    return _kept.first(sight, lambda: visible_sessions(caller).filter(pk=NUMBER), session_id)


def require_topic(caller: Caller, right: Right, topic_id: int) -> None:
    """Raises Invalid when the channel does not exist for the caller, Forbidden when the right is
    lacking. People have it where they answer, or lead; tokens in their topics."""
    need(caller, right)
    if caller.token:
        seen = reaches_topics(caller, (topic_id,))
    else:
        mine = _topics(caller).filter(Q(can_respond=True) | Q(can_manage=True))
        seen = mine.filter(topic_id=topic_id).exists()
    if not seen or not ChatTopic.objects.filter(pk=topic_id).exists():
        raise Invalid(f"There is no topic {topic_id} for you to start a chat in.", field="topic")


def need(caller: Caller, right: Right) -> None:
    """Raises Forbidden when the caller has this right on nothing at all."""
    if right not in rights(caller):
        raise Forbidden(_lacking(caller, right) or "Your role does not allow this.")


def _lacking(caller: Caller, right: Right) -> str:
    """Why a token has not this right; empty for a person."""
    if not caller.token:
        return ""
    scope = SCOPE_OF_RIGHT.get(right)
    if scope is None:
        return "Tokens may not do this."
    if scope in caller.scopes:
        return "The role of this token's owner shows neither texts nor addresses."
    return f"This token lacks the scope `{scope}`."


def reads_transcript(caller: Caller, session: ChatSession | None = None) -> bool:
    """Whether texts are shown: messages, first and last message, transcript, search."""
    return may(caller, Right.TRANSCRIPT, session)


def sees_personal(caller: Caller, session: ChatSession | None = None) -> bool:
    """Whether e-mail, phone and address are shown unmasked."""
    return may(caller, Right.PERSONAL, session)


def visible_actions(caller: Caller) -> QuerySet[Action]:
    """An agent's and a program's own, a lead's team's, everybody's for auditors and operators.
    Whoever has no role any more sees none."""
    if caller.span is Span.NOTHING:
        return Action.objects.none()
    if caller.roles & SEES_ALL and not caller.token:
        return Action.objects.all()
    return _their_actions(caller)


def closes(caller: Caller, action: Action) -> bool:
    """Whether the caller may close the action, or order a second attempt: who sees everybody's as
    an operator or auditor may not for that."""
    theirs = _their_actions(caller).filter(pk=action.pk)
    return may(caller, Right.CLOSE) and theirs.exists()


def _their_actions(caller: Caller) -> QuerySet[Action]:
    actions = Action.objects.all()
    if caller.token:
        return actions.filter(token=caller.token)
    mine = Q(requested_by=caller.user)
    if Role.LEAD in caller.roles and caller.associate_id is not None:
        led = _topics(caller, can_manage=True)
        team = Q(ChatSession.objects.about(led).hold())
        return actions.filter(mine | team | Q(session_id=None, topic_id__in=led))
    return actions.filter(mine)


def visible_trail(caller: Caller) -> QuerySet[TrailEntry]:
    """Own entries, the team's entries for leads, all for auditors and operators."""
    entries = TrailEntry.objects.all()
    if Right.TRAIL not in rights(caller):
        return entries.none()
    if caller.roles & SEES_ALL:
        return entries
    mine = Q(actor=caller.user)
    if Role.LEAD in caller.roles and caller.associate_id is not None:
        team = ChatSession.objects.about(_topics(caller, can_manage=True))
        return entries.filter(mine | Q(team.hold()))
    return entries.filter(mine)
