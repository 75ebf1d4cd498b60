"""A chat as one line of a list: the queue and the list of sessions show the same."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.actions.policy import Right
from chatops.console import wording
from chatops.mirror.models import Associate, ChatSession, ChatTopic
from chatops.mirror.querysets import IN_QUEUE, ChatSessionQuerySet

#: The wide columns stay in the database: lists do not show them.
NOT_LISTED = ("raw", "rendered", "masked")
TONES = 6


@dataclass(frozen=True, slots=True)
class Clock:
    """A time that runs on the screen, and the minutes after which it warns."""

    since: datetime
    warn: int = 0
    alarm: int = 0


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A message in which the words stand: parts of plain text, True where they are."""

    message_id: int
    parts: list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Line:
    """What a list shows of a session."""

    id: int
    customer: str
    initials: str
    tone: int
    company: str
    topic: str
    agent: str
    offered_by: str
    status: wording.Word
    is_open: bool
    in_queue: bool
    said: str
    stamp: str
    requested_at: datetime | None
    ended_at: datetime | None
    waited: float | None
    rating: int
    gone: bool
    bot: bool
    clock: Clock | None
    #: What was said where the words stand that were searched for.
    excerpt: Excerpt | None = None


NO_EXCERPTS: Mapping[int, Excerpt] = {}


def listed(sessions: ChatSessionQuerySet) -> ChatSessionQuerySet:
    """The same sessions without their wide columns."""
    return sessions.defer(*NOT_LISTED)


def customer_name(session: ChatSession) -> str:
    """What the customer is called here: the name that was typed, or the number of the chat."""
    return session.customer_name.strip() or _("Visitor %(id)s") % {"id": session.pk}


def person_name(user: object) -> str:
    """What a person is called here: the full name, or the one to sign in with; empty of nobody."""
    return (user.get_full_name() or user.get_username()) if isinstance(user, User) else ""


def initials(name: str) -> str:
    """At most two letters for the round picture."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def tone(name: str) -> int:
    """A colour for a name, the same every time."""
    return zlib.crc32(name.encode("utf-8", "replace")) % TONES


def lines(
    sessions: Iterable[ChatSession],
    caller: Caller,
    excerpts: Mapping[int, Excerpt] = NO_EXCERPTS,
) -> list[Line]:
    """Lines for these sessions, which the caller sees; at most three queries for all of them."""
    rows = list(sessions)
    topics = ChatTopic.objects.in_bulk({row.topic_id for row in rows if row.topic_id})
    people = {row.associate_id for row in rows} | {row.transfer_to_id for row in rows}
    agents = Associate.objects.in_bulk(one for one in people if one)
    read = _read({row.pk for row in rows}, caller)
    found = (_line(row, topics, agents, reads=row.pk in read, caller=caller) for row in rows)
    return [replace(one, excerpt=excerpts.get(one.id)) for one in found]


def _read(seen: Collection[int], caller: Caller) -> Collection[int]:
    """Those of these sessions whose texts the caller reads.

    Whoever has one role reads all that it lists, or nothing. Several are asked of the policy: an
    operator who is an agent as well is listed every chat, and reads their own.
    """
    if len(caller.roles) == 1:
        return seen if policy.reads_transcript(caller) else ()
    return policy.granted(caller, Right.TRANSCRIPT, seen)


def _line(
    row: ChatSession,
    topics: dict[int, ChatTopic],
    agents: dict[int, Associate],
    *,
    reads: bool,
    caller: Caller,
) -> Line:
    name = customer_name(row)
    topic = topics.get(row.topic_id or 0)
    agent = _agent(row.associate_id, agents)
    offered = row.transfer_to_id is not None and row.transfer_to_id == caller.associate_id
    return Line(
        id=row.pk,
        customer=name,
        initials=initials(name),
        tone=tone(name),
        company=row.customer_company_name.strip(),
        topic=str(topic) if topic else "",
        agent=agent,
        offered_by=agent if offered else "",
        status=wording.status(row.status),
        is_open=row.is_open,
        in_queue=row.status == IN_QUEUE,
        said=(row.last_message or row.first_message)[:300] if reads else "",
        stamp=row.stamp,
        requested_at=row.requested_at,
        ended_at=row.ended_at,
        waited=_waited(row),
        rating=row.rating,
        gone=row.gone_at is not None,
        bot=row.chatbot_is_active,
        clock=clock(row, topic),
    )


def _agent(associate_id: int | None, agents: dict[int, Associate]) -> str:
    if not associate_id:
        return ""
    return str(agents.get(associate_id) or Associate(pk=associate_id))


def _waited(row: ChatSession) -> float | None:
    """Seconds from the request to the first agent; None while it lasts or when unknown."""
    if row.requested_at is None or row.started_at is None:
        return None
    return max(0.0, (row.started_at - row.requested_at).total_seconds())


def clock(row: ChatSession, topic: ChatTopic | None) -> Clock | None:
    """How long somebody has been waiting: the customer in the queue, or for an answer.

    The minutes after which it warns are the channel's own (contract, M.7).
    """
    if not row.is_open:
        return None
    if row.status == IN_QUEUE:
        if row.requested_at is None:
            return None
        return Clock(
            row.requested_at,
            topic.warn_new_chat_minutes if topic else 0,
            topic.warn_manager_new_chat_minutes if topic else 0,
        )
    since = row.idle_at or row.started_at or row.requested_at
    if since is None:
        return None
    if wording.status(row.status).tone != "calm":
        return Clock(since)
    return Clock(
        since,
        topic.warn_chat_message_minutes if topic else 0,
        topic.warn_manager_chat_message_minutes if topic else 0,
    )
