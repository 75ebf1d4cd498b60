"""How an action ends: a function for each ending, with its evidence and its sentence."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from chatops.actions import judging
from chatops.actions.callers import Caller
from chatops.actions.models import Action, State, Verb
from chatops.actions.moving import move
from chatops.mirror.models import Associate
from chatops.superoffice import entities, errors

JSONDict = dict[str, Any]


def answered(evidence: JSONDict | None) -> JSONDict:
    """The fields that keep what SuperOffice answered, for `move`; none when nothing is known."""
    return {"answer": evidence, "answered_at": timezone.now()} if evidence else {}


def done(
    action: Action,
    proof: JSONDict,
    *,
    answer: JSONDict | None = None,
    session: Mapping[str, Any] | None = None,
    reading: int = 0,
) -> Action:
    """Proved by SuperOffice's own data. `session`, its answer, goes into the mirror with it, as a
    reading that began with `reading`."""
    return move(
        action,
        State.DONE,
        proof=proof,
        code="",
        detail="",
        session=session,
        reading=reading,
        look_at=None,
        **answered(answer),
    )


def proved(
    action: Action,
    proof: JSONDict,
    *,
    answer: JSONDict | None = None,
    session: Mapping[str, Any] | None = None,
    reading: int = 0,
) -> Action:
    """The session shows what was asked for: done, unless it showed just that before.

    What was so already is no proof that anything happened.
    """
    if not action.baseline.get("already"):
        return done(action, proof, answer=answer, session=session, reading=reading)
    return move(
        action,
        State.NO_EFFECT,
        proof=proof,
        code="already_so",
        detail="Nothing had to be changed: SuperOffice held this already.",
        session=session,
        reading=reading,
        look_at=None,
        **answered(answer),
    )


def no_effect(action: Action, session: entities.ChatSessionEntity) -> Action:
    """SuperOffice answered and nothing changed; told as what is so instead."""
    return move(
        action,
        State.NO_EFFECT,
        code="no_effect",
        proof=facts(session),
        detail=_instead(action, session),
        look_at=None,
    )


def patch_not_taken(action: Action, session: entities.ChatSessionEntity) -> Action:
    """SuperOffice answered a patch, and not every field holds what was asked for."""
    missing = judging.not_taken(action, session)
    taken = sorted(set(action.asked["wanted"]) - set(missing))
    names = ", ".join(missing)
    proof = {"taken": taken, "not_taken": missing}
    if otherwise := judging.taken_otherwise(action, session):
        return move(
            action,
            State.NEEDS_PERSON,
            code="taken_otherwise",
            proof={**proof, "taken_otherwise": otherwise},
            detail=f"SuperOffice changed {', '.join(otherwise)}, and holds something else there "
            "than was asked for. Look at the chat and decide whether that is good enough.",
            look_at=None,
        )
    if taken:
        return move(
            action,
            State.NEEDS_PERSON,
            code="partly_taken",
            proof=proof,
            detail=f"SuperOffice took {', '.join(taken)}, but not {names}. Look at the chat and "
            "decide whether that is good enough.",
            look_at=None,
        )
    return move(
        action,
        State.NO_EFFECT,
        code="not_taken",
        proof=proof,
        detail=f"SuperOffice answered, but did not take {names}.",
        look_at=None,
    )


def facts(session: entities.ChatSessionEntity) -> JSONDict:
    """Who has the chat and how it stands, as a proof keeps it."""
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
    return move(
        action,
        State.REFUSED,
        code=code,
        detail=detail,
        look_at=None,
        **answered(evidence),
    )


def not_supported(action: Action, evidence: JSONDict) -> Action:
    """This server does not know the call: certainly not applied."""
    return move(
        action,
        State.REFUSED,
        code="not_supported",
        detail=judging.NO_PATCH,
        look_at=None,
        **answered(evidence),
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
    return move(
        action,
        State.UNKNOWN,
        code="unknown",
        detail="SuperOffice has not confirmed this yet. It is being checked; do not repeat it.",
        look_at=timezone.now() + timedelta(seconds=1),
        watch_until=watch_until(action),
        **answered(evidence),
    )


def watch_until(action: Action) -> datetime:
    """Until when an effect that shows late is still looked for."""
    return action.created_at + timedelta(seconds=settings.ACTION_WATCH_SECONDS)


def never_sent(action: Action, because: str) -> Action:
    """It never left this machine. The key is free again: the same wish may be sent anew."""
    return move(
        action,
        State.EXPIRED,
        code="never_sent",
        detail=f"Nothing was sent. {because}",
        key=None,
        look_at=None,
    )


def needs_person(action: Action) -> Action:
    """Not found for long enough: a person decides. It is still watched."""
    return move(
        action,
        State.NEEDS_PERSON,
        code="needs_person",
        detail="SuperOffice never confirmed this, and it is not to be seen there. Look at the chat "
        "and decide.",
        look_at=timezone.now() + timedelta(minutes=1),
    )


def closed(action: Action, caller: Caller, verdict: str, note: str) -> Action:
    """A person closes it with what they found: `happened` or `did_not_happen`."""
    return move(
        action,
        State.CLOSED,
        caller=caller,
        code=verdict,
        detail=note,
        proof={**action.proof, "closed_by": caller.name, "verdict": verdict},
    )
