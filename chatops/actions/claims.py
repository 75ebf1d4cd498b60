"""Whose effect is it? What SuperOffice shows proves one action at most.

A message or a new session is claimed under a unique constraint; what several actions may have led
to settles none of them by itself.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from chatops.actions import ending, judging
from chatops.actions.models import OPEN_STATES, Action, State, Verb
from chatops.actions.moving import move
from chatops.superoffice import entities

JSONDict = dict[str, Any]

#: By then a hint has made the worker read the session; if not, it reads it for the send's sake.
READ_AFTER_SEND = timedelta(seconds=2)


def claim_message(action: Action, messages: Sequence[entities.ChatMessage]) -> Action | None:
    """Settle a send by the stored message that proves it; None when there is none."""
    messages = _left_by_later_ones(action, messages)
    named = action.answer.get("message_id")
    # A message that SuperOffice named is this one's or nobody's: the unique constraint tells.
    taken = set() if named else claimed([one.id for one in messages], except_by=action)
    found = judging.sent_message(action, messages, claimed=taken, named=named)
    if found is None:
        return None
    # Once unknown, it might still show a second time: it is watched for a day.
    late = action.state != State.SENDING
    wait = timedelta(minutes=1) if late else READ_AFTER_SEND
    try:
        return move(
            action,
            State.DONE,
            message_id=found.id,
            proof={"message_id": found.id, "author": found.author},
            code="",
            detail="",
            look_at=timezone.now() + wait,
            watch_until=ending.watch_until(action) if late else None,
        )
    except IntegrityError:
        return None  # another send claimed it first: this one is still open


def claim_session(
    action: Action, made: entities.ChatSessionEntity, **answered: Any
) -> Action | None:
    """Settle a creation by the new session, which is in the mirror or comes with what was
    `answered` (fields for `move`); None when another creation claimed it first."""
    try:
        return move(
            action,
            State.DONE,
            session_id=made.id,
            proof={**action.proof, **ending.facts(made), "topic": made.topic_id},
            code="",
            detail="",
            look_at=None,
            **answered,
        )
    except IntegrityError:
        return None


def _left_by_later_ones(
    action: Action, messages: Sequence[entities.ChatMessage]
) -> Sequence[entities.ChatMessage]:
    """Without those that may be the effect of a later send that is open.

    Once an action is with a person, its lane is free. If the same text is sent again, a message
    that shows above the later one's baseline is the later one's to claim: what comes of it is being
    told to somebody this moment, and it may know its message by name.
    """
    if action.is_open:
        return messages  # nothing later can be open in its lane
    later = Action.objects.filter(
        session_id=action.session_id, lane=action.lane, state__in=OPEN_STATES, pk__gt=action.pk
    )
    if (open_one := later.first()) is None:
        return messages
    return [one for one in messages if one.id <= open_one.baseline["highest"]]


def claimed(ids: Sequence[int], *, except_by: Action | None = None) -> set[int]:
    """Those of these messages that prove a send already."""
    rows = Action.objects.filter(message_id__in=ids)
    if except_by is not None:
        rows = rows.exclude(pk=except_by.pk)
    return {one for one in rows.values_list("message_id", flat=True) if one is not None}


#: What ends so has changed nothing at SuperOffice.
CHANGED_NOTHING = (State.NO_EFFECT, State.REFUSED, State.EXPIRED, State.CANCELLED)


def rivals(action: Action) -> list[Action]:
    """Later actions that what SuperOffice shows may come from as well.

    While an action is open nothing else is sent in its lane; once it is with a person, the lane is
    free. A patch is told from others by its values; any change of who has the chat may lead to
    what an earlier one asked for.
    """
    if action.lane != Action.Lane.CHANGES:
        return []
    later = action.lane_mates().filter(pk__gt=action.pk).exclude(state__in=CHANGED_NOTHING)
    if action.verb != Verb.PATCH_SESSION:
        return list(later.exclude(verb=Verb.PATCH_SESSION).order_by("pk"))
    wanted = action.asked["wanted"].items()
    patches = later.filter(verb=Verb.PATCH_SESSION).order_by("pk")
    return [one for one in patches if wanted & one.asked.get("wanted", {}).items()]


def shown_by_chance(watched: Sequence[int], session: entities.ChatSessionEntity) -> bool:
    """Settle those of these actions that this reading proves; whether there was one.

    For the look before another change of the session, which may hide what it shows for good.
    """
    settled = [
        ending.proved(action, proof)
        for action in Action.objects.filter(pk__in=watched, watch_until__gt=timezone.now())
        if (proof := judging.proof_in_session(action, session)) and not rivals(action)
    ]
    return any(action.state == State.DONE for action in settled)
