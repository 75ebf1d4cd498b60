"""How an action ends: every change of its state, with its evidence, its trail line and its news.

A state only moves along the arrows of `MAY_BECOME`; whoever comes second finds it moved and leaves
it as it is. That makes it safe that the sender and the worker settle the same action at once.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from chatops.actions import judging, news, prepared, trail
from chatops.actions.callers import Caller
from chatops.actions.models import OPEN_STATES, Action, State, Verb
from chatops.mirror import feed, ingest
from chatops.mirror.models import Associate
from chatops.superoffice import entities, errors

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


def _move(
    action: Action,
    state: State,
    *,
    caller: Caller | None = None,
    session: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Action:
    """Move the action if it may still move so; the action as it is afterwards.

    An answer that was noted on `action` is written with the move.
    """
    # Drawn before the transaction: everybody's readings come from this one counter.
    reading = ingest.next_reading() if session is not None else 0
    if state not in {State.SENDING, State.UNKNOWN}:
        fields["settled_at"] = timezone.now()
    if action.answered_at:
        fields = {"answer": action.answer, "answered_at": action.answered_at} | fields
    with transaction.atomic():
        before = _taken(action, state, fields)
        if before is None:  # it is no longer in the state that the caller knows
            sender = action.sender
            action = Action.objects.select_for_update().get(pk=action.pk)
            action.sender = sender
            before = _taken(action, state, fields)
        if before is not None:
            if session is not None:
                ingest.store_session(session, reading=reading)
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


def _answer(evidence: JSONDict | None) -> JSONDict:
    return {"answer": evidence, "answered_at": timezone.now()} if evidence else {}


def done(
    action: Action,
    proof: JSONDict,
    *,
    answer: JSONDict | None = None,
    session: Mapping[str, Any] | None = None,
) -> Action:
    """Proved by SuperOffice's own data. `session`, its answer, goes into the mirror with it."""
    return _move(
        action,
        State.DONE,
        proof=proof,
        code="",
        detail="",
        session=session,
        look_at=None,
        **_answer(answer),
    )


def proved(
    action: Action,
    proof: JSONDict,
    *,
    answer: JSONDict | None = None,
    session: Mapping[str, Any] | None = None,
) -> Action:
    """The session shows what was asked for: done, unless it showed just that before.

    What was so already is no proof that anything happened.
    """
    if not action.baseline.get("already"):
        return done(action, proof, answer=answer, session=session)
    return _move(
        action,
        State.NO_EFFECT,
        proof=proof,
        code="already_so",
        detail="Nothing had to be changed: SuperOffice held this already.",
        session=session,
        look_at=None,
        **_answer(answer),
    )


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
        return _move(
            action,
            State.DONE,
            message_id=found.id,
            proof={"message_id": found.id, "author": found.author},
            code="",
            detail="",
            look_at=timezone.now() + wait,
            watch_until=_watch_until(action) if late else None,
        )
    except IntegrityError:
        return None  # another send claimed it first: this one is still open


def claim_session(
    action: Action, session: entities.ChatSessionEntity, *, answer: JSONDict | None = None
) -> Action | None:
    """Settle a creation by the new session; None when another creation claimed it first."""
    try:
        return _move(
            action,
            State.DONE,
            session_id=session.id,
            proof={**action.proof, **_facts(session), "topic": session.topic_id},
            code="",
            detail="",
            session=session.raw,
            look_at=None,
            **_answer(answer),
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
        proved(action, proof)
        for action in Action.objects.filter(pk__in=watched, watch_until__gt=timezone.now())
        if (proof := judging.proof_in_session(action, session)) and not rivals(action)
    ]
    return any(action.state == State.DONE for action in settled)


def no_effect(action: Action, session: entities.ChatSessionEntity) -> Action:
    """SuperOffice answered and nothing changed; told as what is so instead."""
    return _move(
        action,
        State.NO_EFFECT,
        code="no_effect",
        proof=_facts(session),
        detail=_instead(action, session),
        look_at=None,
    )


def patch_not_taken(action: Action, session: entities.ChatSessionEntity) -> Action:
    """SuperOffice answered a patch, and not every field holds what was asked for."""
    missing = judging.not_taken(action, session)
    taken = sorted(set(action.asked["wanted"]) - set(missing))
    names = ", ".join(missing)
    proof = {"taken": taken, "not_taken": missing}
    if taken:
        return _move(
            action,
            State.NEEDS_PERSON,
            code="partly_taken",
            proof=proof,
            detail=f"SuperOffice took {', '.join(taken)}, but not {names}. Look at the chat and "
            "decide whether that is good enough.",
            look_at=None,
        )
    return _move(
        action,
        State.NO_EFFECT,
        code="not_taken",
        proof=proof,
        detail=f"SuperOffice answered, but did not take {names}.",
        look_at=None,
    )


def _facts(session: entities.ChatSessionEntity) -> JSONDict:
    return {
        "status": session.status,
        "user": session.associate_id,
        "transfer_to": session.transfer_to_id,
    }


def name_of(associate_id: int | None) -> str:
    """An associate as people call them."""
    if not associate_id:
        return "nobody"
    row = Associate.objects.filter(pk=associate_id).first()
    return str(row) if row else f"associate {associate_id}"


def _instead(action: Action, session: entities.ChatSessionEntity) -> str:
    me = action.baseline["associate_id"]
    owner = name_of(session.associate_id)
    if action.verb == Verb.PICK_UP:
        if session.associate_id and session.associate_id != me:
            return f"{owner} was faster and has the chat now."
        return "The chat is no longer waiting, so there was nothing to pick up."
    if action.verb in {Verb.ACCEPT_TRANSFER, Verb.REJECT_TRANSFER}:
        if session.transfer_to_id == me:
            return "SuperOffice answered, but the chat is still offered to you. You can try again."
        return f"The chat was no longer offered to you. {owner.capitalize()} has it now."
    if action.verb == Verb.TRANSFER:
        return f"SuperOffice answered, but the chat was not offered to anybody. {owner} has it."
    return "SuperOffice answered, but nothing changed."


REFUSALS = {
    401: "identity_required",
    403: "forbidden",
    404: "not_found",
    409: "state_conflict",
    412: "version_old",
    429: "throttled",
}


def refused(
    action: Action, error: errors.Refused, evidence: JSONDict, *, accepted: bool = False
) -> Action:
    """SuperOffice said no: certainly not applied. `accepted`: it was a 401, and yet SuperOffice
    takes the account."""
    code = REFUSALS.get(error.status, "refused")
    detail = _REFUSED.get(error.status, f"SuperOffice refused: {error.detail}")
    if accepted:
        code, detail = "refused", _ODD_REFUSAL
    return _move(
        action,
        State.REFUSED,
        code=code,
        detail=detail,
        look_at=None,
        **_answer(evidence),
    )


def not_supported(action: Action, evidence: JSONDict) -> Action:
    """This server does not know the call: certainly not applied."""
    return _move(
        action,
        State.REFUSED,
        code="not_supported",
        detail=judging.NO_PATCH,
        look_at=None,
        **_answer(evidence),
    )


_ODD_REFUSAL = (
    "SuperOffice refused this as if you were not signed in, and yet it accepts your account. "
    "Nothing was changed; try once more."
)
_REFUSED = {
    401: "SuperOffice no longer accepts your linked account. Link it again, then try once more.",
    403: "SuperOffice does not allow your account to do this.",
    404: "SuperOffice no longer has this chat.",
    409: "Somebody changed the chat at SuperOffice meanwhile. Look at it as it is now.",
    412: "The chat has changed at SuperOffice since you saw it.",
    429: "SuperOffice asked us to slow down. Nothing was changed; try again shortly.",
}


def unknown(action: Action, evidence: JSONDict | None = None) -> Action:
    """Perhaps applied, perhaps not. From here on it is only read, never repeated."""
    return _move(
        action,
        State.UNKNOWN,
        code="unknown",
        detail="SuperOffice has not confirmed this yet. It is being checked; do not repeat it.",
        look_at=timezone.now() + timedelta(seconds=1),
        watch_until=_watch_until(action),
        **_answer(evidence),
    )


def _watch_until(action: Action) -> Any:
    return action.created_at + timedelta(seconds=settings.ACTION_WATCH_SECONDS)


def never_sent(action: Action, because: str) -> Action:
    """It never left this machine. The key is free again: the same wish may be sent anew."""
    return _move(
        action,
        State.EXPIRED,
        code="never_sent",
        detail=f"Nothing was sent. {because}",
        key=None,
        look_at=None,
    )


def needs_person(action: Action) -> Action:
    """Not found for long enough: a person decides. It is still watched."""
    return _move(
        action,
        State.NEEDS_PERSON,
        code="needs_person",
        detail="SuperOffice never confirmed this, and it is not to be seen there. Look at the chat "
        "and decide.",
        look_at=timezone.now() + timedelta(minutes=1),
    )


def closed(action: Action, caller: Caller, verdict: str, note: str) -> Action:
    """A person closes it with what they found: `happened` or `did_not_happen`."""
    return _move(
        action,
        State.CLOSED,
        caller=caller,
        code=verdict,
        detail=note,
        proof={**action.proof, "closed_by": caller.name, "verdict": verdict},
    )
