"""Before an action is sent: who wishes what, whether it may be, and its record on disk.

What a person or program wishes is committed, with the ground it stands on, before the first byte
leaves. A key leads to one action; a lane of a session has one open action.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from chatops.actions import claims, fresh, news, policy, prepared, trail
from chatops.actions.callers import Caller
from chatops.actions.errors import (
    ActionError,
    IdentityRequired,
    InProgress,
    Invalid,
    KeyRequired,
    KeyReused,
    NotFound,
    StateConflict,
    Unavailable,
    VersionOld,
)
from chatops.actions.models import OPEN_STATES, WATCHED, Action, State, Verb
from chatops.mirror import feed
from chatops.mirror.models import ChatSession
from chatops.remote import wiring
from chatops.remote.gate import GateClosed
from chatops.remote.models import Agent
from chatops.superoffice import errors
from chatops.superoffice.client import Client

JSONDict = dict[str, Any]
#: Ids and states of a session's changes, oldest first.
Changes = tuple[tuple[int, str], ...]

KEY_MAX = 255
_SAME = "SELECT id FROM actions_action WHERE caller = %s AND route = %s AND key = %s"
_OPEN_IN_LANE = """
SELECT id, state FROM actions_action
WHERE session_id = %s AND lane = %s AND state IN (%s, %s, %s) ORDER BY id LIMIT 1
"""
#: How often somebody looks whether the one who acts is through, seconds.
LOOK_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wishes it, under which key, seen in which version."""

    caller: Caller
    key: str
    route: str = ""
    #: The version the caller saw (`If-Match`); another one now is 412.
    version: int | None = None
    #: What the console's form saw of who has the chat; another one now is 412.
    stamp: str | None = None
    #: A second attempt, ordered by a person who saw what it risks.
    second_of: Action | None = None
    #: Nobody waits for it at the screen: the calls of people go before, as before polls.
    patient: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One verb on one session, ready to be carried out."""

    verb: Verb
    right: policy.Right
    #: What is asked for, as JSON: kept as evidence, and enough to judge by later.
    asked: JSONDict
    #: Raises StateConflict when the chat, freshly read, is not in a state for this.
    check: Callable[[fresh.Fresh, Agent], None]
    #: Sends it, before the deadline (monotonic seconds) or not at all. The answer is an entity, or
    #: None for null, 204 and an empty body.
    call: Callable[[Client, Action, float], Any]
    lane: Action.Lane = Action.Lane.CHANGES
    #: More that the verb must remember of the moment before.
    remember: Callable[[fresh.Fresh], JSONDict] = field(default=lambda _: {})

    @property
    def with_messages(self) -> bool:
        return self.verb is Verb.SEND_MESSAGE


def content_of(plan: Plan, about: int) -> str:
    """A digest of what is asked about a session (or, without one yet, a channel): the same key
    with another content is refused."""
    asked = plan.asked.get("request", plan.asked)
    text = json.dumps([plan.verb, about, asked], sort_keys=True)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def replayed(wish: Wish, content: str) -> Action | None:
    """The action that this key already led to, waited for while it is being carried out.

    It carries `replayed = True`. Raises KeyRequired, Invalid for a key that is too long, and
    KeyReused when the key belongs to something else.
    """
    if not wish.key:
        raise KeyRequired("Send an Idempotency-Key with every change, so that it happens once.")
    if len(wish.key) > KEY_MAX:
        raise Invalid(f"An Idempotency-Key has at most {KEY_MAX} characters.", field="key")
    # Nearly always there is none: found out in plain SQL, which Django makes slower than a
    # database answers it.
    with connection.cursor() as cursor:
        cursor.execute(_SAME, [wish.caller.name, wish.route, wish.key])
        known = cursor.fetchone()
    action = Action.objects.filter(pk=known[0]).first() if known else None
    if action is None:
        return None
    if action.content != content:
        raise KeyReused("This Idempotency-Key was used for another request. Take a new one.")
    deadline = time.monotonic() + settings.REMOTE_WRITE_TOTAL_SECONDS
    while action.state == State.SENDING and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
        action.refresh_from_db()
    action.replayed = True
    return action


def identity_of(caller: Caller) -> Agent:
    """The SuperOffice identity that acts for the caller. Raises IdentityRequired."""
    agent = caller.agent
    if agent is None:
        raise IdentityRequired(
            "Actions happen in your own name at SuperOffice, and no SuperOffice account is linked "
            "to yours yet. Link it under “My SuperOffice account”."
        )
    if agent.credential.broken_at:
        raise IdentityRequired(
            "SuperOffice no longer accepts your linked account: "
            f"{agent.credential.broken_because.rstrip('.') or 'it has to be signed in again'}. "
            "Link it again under “My SuperOffice account”."
        )
    return agent


def look_now(session_id: int, *, messages: bool = False, patient: bool = False) -> fresh.Fresh:
    """Read the session as the service. Raises NotFound and Unavailable in the caller's words."""
    client = wiring.service_client(person=not patient)
    try:
        return fresh.look(client, session_id, messages=messages)
    except fresh.Vanished as error:
        raise NotFound(f"SuperOffice no longer has session {session_id}.") from error
    except errors.SuperOfficeError as error:
        raise unavailable(error) from error


def unavailable(error: errors.SuperOfficeError) -> Unavailable:
    """What a caller is told when SuperOffice does not answer."""
    if isinstance(error, errors.CredentialsMissing | errors.Unauthorized | errors.Forbidden):
        detail = "SuperOffice does not let chatops read the chat. Tell an operator."
    elif isinstance(error, GateClosed):
        detail = f"{error.detail} Try again shortly."
    else:
        detail = "SuperOffice does not answer at the moment. Try again shortly."
    return Unavailable(
        f"Nothing was sent. {detail}", retry_after=max(error.retry_after or 0.0, 1.0)
    )


def _check_view(session_id: int, wish: Wish) -> None:
    """Raises VersionOld when the caller saw another row than the mirror's, just refreshed."""
    if wish.version is None and wish.stamp is None:
        return
    session = ChatSession.objects.get(pk=session_id)
    version_old = wish.version is not None and wish.version != session.version
    stamp_old = wish.stamp is not None and wish.stamp != session.stamp
    if version_old or stamp_old:
        raise VersionOld(
            "The chat has changed since you saw it. Look at it as it is now, then decide.",
            session_id=session_id,
        )


class _Overtaken(Exception):
    """Another change of the session was made between our look and our record."""


def record(plan: Plan, session: ChatSession, agent: Agent, wish: Wish, content: str) -> Action:
    """Look, check, and commit the intent with its ground; nothing has been sent yet.

    Where messages of one session wait for each other, the look comes after the wait: the ground is
    as fresh as the intent. Returns an earlier action (`replayed`) when the same wish came through
    another process meanwhile. Raises ActionError.
    """
    started = timezone.now()
    patience = time.monotonic() + settings.ACTION_LANE_WAIT_SECONDS
    while True:
        # Before the lane is found free: who begins after this is noticed, however fast they end.
        seen = _changes_so_far(session.pk, plan.lane)
        waited = _await_lane(session.pk, plan.lane, until=patience)
        if waited and (earlier := replayed(wish, content)):
            return earlier
        found = look_now(session.pk, messages=plan.with_messages, patient=wish.patient)
        if claims.shown_by_chance([pk for pk, state in seen if state in WATCHED], found.session):
            continue  # what is told of the lane is another thing now
        _check_view(session.pk, wish)
        plan.check(found, agent)
        action = row(plan, agent, wish, content, started)
        action.session_id, action.baseline = found.session.id, _ground(plan, found, agent)
        try:
            store(action, wish, seen=seen)
        except (IntegrityError, _Overtaken):
            # The key or the lane was taken while we looked; the next round tells by whom.
            if earlier := replayed(wish, content):
                return earlier
            if time.monotonic() > patience:
                raise _always_overtaken(session.pk, plan.lane) from None
        else:
            return action


def row(plan: Plan, agent: Agent, wish: Wish, content: str, started: datetime) -> Action:
    """The intent as a row, not stored yet, without the ground it stands on."""
    action = Action(
        verb=plan.verb,
        state=State.SENDING,
        lane=plan.lane,
        agent=agent,
        requested_by=wish.caller.user,
        token=wish.caller.token,
        caller=wish.caller.name,
        route=wish.route,
        key=wish.key,
        content=content,
        source=wish.caller.source,
        request_id=wish.caller.request_id,
        asked=plan.asked,
        created_at=started,
        expires_at=started + timedelta(seconds=settings.ACTION_EXPIRES_SECONDS),
        second_of=wish.second_of,
    )
    action.sender = wish.caller
    return action


def _ground(plan: Plan, found: fresh.Fresh, agent: Agent) -> JSONDict:
    """What SuperOffice says just before."""
    now = found.session
    return {
        "associate_id": agent.associate_id,
        "status": now.status,
        "user": now.associate_id,
        "transfer_to": now.transfer_to_id,
        "bot": now.chatbot_is_active,
        "highest": found.highest,
        **plan.remember(found),
    }


def store(action: Action, wish: Wish, *, seen: Changes | None = None) -> None:
    """Commit the intent, its trail line and its news. `durable`: no outer transaction holds it.

    Raises IntegrityError when key or lane are taken, and _Overtaken when the lane of changes held
    `seen` before the look and holds something else now: a new action, or one that has ended since,
    whose effect the look may not show.
    """
    action.sent_at = timezone.now()
    action.look_at = action.sent_at + timedelta(seconds=3)
    with on_disk(), transaction.atomic(durable=True):
        prepared.insert(action)
        if seen is not None and seen != _changes_so_far(
            action.on_session, action.lane, besides=action.pk
        ):
            raise _Overtaken
        trail.record(action.verb, caller=wish.caller, action=action, after=action.state)
        feed.append(news.of(action))


def _in_lane(session_id: int, lane: str) -> QuerySet[Action]:
    return Action.objects.filter(session_id=session_id, lane=lane)


def _changes_so_far(session_id: int, lane: str, *, besides: int = 0) -> Changes:
    """The changes of the session and how each stands. Messages exclude nobody: none."""
    if lane != Action.Lane.CHANGES:
        return ()
    changes = _in_lane(session_id, lane).exclude(pk=besides).order_by("pk")
    return tuple(changes.values_list("pk", "state"))


def _await_lane(session_id: int, lane: Action.Lane, *, until: float) -> bool:
    """Wait while an earlier message is being sent; whether there was one.

    Raises InProgress for everything else.
    """
    waited = False
    while (open_one := _open_in_lane(session_id, lane)) is not None:
        pk, state = open_one
        waits = lane == Action.Lane.MESSAGES and state == State.SENDING
        if not waits or time.monotonic() > until:
            still = Action.objects.filter(pk=pk, state__in=OPEN_STATES)
            if other := still.select_related("requested_by").first():
                raise in_progress(other)
            break
        waited = True
        time.sleep(LOOK_EVERY)
    return waited


def _open_in_lane(session_id: int, lane: str) -> tuple[int, str] | None:
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_IN_LANE, [session_id, lane, *OPEN_STATES])
        found: tuple[int, str] | None = cursor.fetchone()
    return found


def _always_overtaken(session_id: int, lane: Action.Lane) -> ActionError:
    """What is told after a while in which others were faster every time."""
    open_there = _in_lane(session_id, lane).filter(state__in=OPEN_STATES)
    if other := open_there.select_related("requested_by").first():
        return in_progress(other)
    return conflict(
        "Others are changing this chat right now. Nothing was sent. Look at it as it is now, then "
        "try again.",
        session_id,
    )


def in_progress(other: Action) -> InProgress:
    """What the second of two is told: who is at it."""
    who = other.requested_by.get_username() if other.requested_by else "Somebody"
    what = other.get_verb_display().lower()
    if other.lane == Action.Lane.MESSAGES:
        detail = (
            f"An earlier message to this customer, by {who}, is not confirmed yet. To keep the "
            "order, the next one waits until that is known."
        )
    else:
        detail = f"{who} is acting on this chat right now ({what}). See what comes of it first."
    return InProgress(detail, action=other, who=who)


@contextmanager
def on_disk() -> Iterator[None]:
    """What is committed inside survives a power cut, before anything is sent because of it."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=NORMAL")


def conflict(detail: str, session_id: int, **extra: Any) -> StateConflict:
    """A state that forbids the action, with the session it is about."""
    return StateConflict(detail, session_id=session_id, **extra)
