"""The one path of every verb: permit, look, record, send, judge, settle.

Everything up to the record is `intent`. What became of an action is judged by SuperOffice's data
and never by a status code; nothing is ever sent twice by code.
"""

import logging
import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.utils import timezone

from chatops.actions import claims, creating, ending, fresh, intent, judging, policy
from chatops.actions.callers import Caller
from chatops.actions.errors import ActionError, IdentityRequired
from chatops.actions.intent import Plan, Wish, conflict, identity_of
from chatops.actions.models import Action, State, Verb
from chatops.mirror import ingest
from chatops.mirror.bodies import NotACarrier
from chatops.remote import abilities, linking, wiring
from chatops.remote.fields import SecretUnreadable
from chatops.remote.models import Agent, Credential
from chatops.superoffice import entities, errors
from chatops.superoffice.client import Client
from chatops.superoffice.exchange import Rank

__all__ = ["Plan", "Wish", "conflict", "identity_of", "perform"]

logger = logging.getLogger(__name__)
JSONDict = dict[str, Any]

#: A first look after a lost answer; "not confirmed" must be on the screen within 3 s.
FIRST_LOOK_SECONDS = 2.0
#: `Pickup` answers null when the chat was not in the queue (contract, D.1); for the others null
#: is an answer that cannot be read. DELETE answers 204.
_NULL_MEANS_NOTHING = frozenset({Verb.PICK_UP, Verb.DELETE})


def perform(plan: Plan, session_id: int, wish: Wish) -> Action:
    """Carry out a plan, or give back what became of it under the same key.

    Returns the Action in whatever state it reached: settled, or `unknown`. Raises ActionError when
    it was not carried out at all: not permitted, no identity, a state that forbids it, an old view,
    somebody else at it, or SuperOffice out of reach. Nothing is queued then.
    """
    # By the clock that does not jump; the row's `expires_at` says the same for people.
    deadline = time.monotonic() + settings.ACTION_EXPIRES_SECONDS
    content = intent.content_of(plan, session_id)
    if earlier := intent.replayed(wish, content):
        return earlier
    _need_sight(wish.caller)
    session = policy.require(wish.caller, plan.right, session_id)
    agent = identity_of(wish.caller)
    try:
        action = intent.record(plan, session, agent, wish, content)
    except ActionError:
        # The same wish may have come through another process while we looked.
        if earlier := intent.replayed(wish, content):
            return earlier
        raise
    if action.replayed:
        return action
    return _send(plan, action, agent, deadline, patient=wish.patient)


def perform_anew(plan: Plan, topic_id: int, wish: Wish) -> Action:
    """As `perform`, for what makes a session of its own in a channel."""
    deadline = time.monotonic() + settings.ACTION_EXPIRES_SECONDS
    content = intent.content_of(plan, topic_id)
    if earlier := intent.replayed(wish, content):
        return earlier
    _need_sight(wish.caller)
    policy.require_topic(wish.caller, plan.right, topic_id)
    agent = identity_of(wish.caller)
    try:
        action = creating.record(plan, topic_id, agent, wish, content)
    except ActionError:
        if earlier := intent.replayed(wish, content):
            return earlier
        raise
    return action if action.replayed else _send(plan, action, agent, deadline)


def _need_sight(caller: Caller) -> None:
    """Whoever sees no chat before an account is linked is told that, whichever chat it is about.
    Raises IdentityRequired."""
    if caller.is_blind:
        identity_of(caller)


def _send(
    plan: Plan, action: Action, agent: Agent, deadline: float, *, patient: bool = False
) -> Action:
    if time.monotonic() > deadline or timezone.now() > action.expires_at:
        return ending.never_sent(action, "It had waited too long and was not sent.")
    # Of the verbs that are answered with the session.
    reading = 0 if plan.verb == Verb.SEND_MESSAGE else ingest.next_reading()
    began = time.monotonic()
    try:
        client = _client_for(agent, person=not patient)
        answer = plan.call(client, action, deadline)
    except errors.NotSent as error:
        ending.never_sent(action, error.detail)
        if isinstance(error, errors.CredentialsMissing):
            raise IdentityRequired(error.detail) from error
        raise intent.unavailable(error) from error
    except errors.Refused as error:
        evidence = _evidence(began, error.status, error)
        if _certainly_not_applied(error):
            if _lacks_patch(action, error):
                abilities.lacks_patch()
                return ending.not_supported(action, evidence)
            accepted = isinstance(error, errors.Unauthorized) and linking.doubt(agent)
            return ending.refused(action, error, evidence, accepted=accepted)
        ending.unknown(action, evidence)
        return first_look(action)
    except errors.OutcomeUnknown as error:
        ending.unknown(action, _evidence(began, error.status, error))
        return first_look(action)
    evidence = _evidence(began, 200)
    if isinstance(answer, entities.ChatMessage):
        evidence["message_id"] = answer.id
    return _judge(action, answer, evidence, reading)


def _client_for(agent: Agent, *, person: bool) -> Client:
    """Raises CredentialsMissing also for a link that was removed meanwhile, or that our keys do
    not open."""
    try:
        return wiring.client_for(agent, person=person)
    except (Credential.DoesNotExist, SecretUnreadable) as error:
        raise errors.CredentialsMissing("Your linked account cannot be used.") from error


def _certainly_not_applied(error: errors.Refused) -> bool:
    """A redirect is what some servers answer after a change; 408 may come from a gateway that
    stopped waiting. Neither says that nothing happened."""
    return 400 <= error.status < 500 and error.status != 408


def _lacks_patch(action: Action, error: errors.Refused) -> bool:
    """Whether the server does not know PATCH at all (contract, L 12): 405, or a 404 that is not
    SuperOffice's own, which names the type of its error."""
    patches = action.verb in {Verb.PATCH_SESSION, Verb.END}
    return patches and (error.status == 405 or (error.status == 404 and not error.error_type))


def _evidence(began: float, status: int | None, error: Exception | None = None) -> JSONDict:
    return {
        "at": timezone.now().isoformat(),
        "status": status,
        "error": type(error).__name__ if error else None,
        "ms": round((time.monotonic() - began) * 1000),
    }


def _judge(action: Action, answer: Any, evidence: JSONDict, reading: int) -> Action:
    """Settle by what SuperOffice says the session is now; a 200 alone says nothing.

    `reading` was drawn before the call.
    """
    if action.verb == Verb.CREATE_SESSION:
        if settled := creating.answered(action, answer, evidence, reading):
            return settled
        ending.unknown(action, evidence)
        return first_look(action)
    if isinstance(answer, entities.ChatSessionEntity) and answer.id == action.session_id:
        proof = judging.proof_in_session(action, answer)
        if proof:
            return _proved(action, proof, answer, evidence, reading)
    # Kept with whatever ending follows: a write of its own would tell nobody anything earlier.
    action.answer, action.answered_at = evidence, timezone.now()
    empty = answer is None and action.verb not in _NULL_MEANS_NOTHING
    odd = empty or (action.verb == Verb.SEND_MESSAGE)
    return first_look(action, inconclusive=State.UNKNOWN if odd else State.NO_EFFECT)


def _proved(
    action: Action,
    proof: JSONDict,
    answer: entities.ChatSessionEntity,
    evidence: JSONDict,
    reading: int,
) -> Action:
    """Done, with the session as it was answered. Where somebody read it meanwhile, nobody knows
    which of the two is newer: it is read once more."""
    if not fresh.was_read_since(action.on_session, reading):
        try:
            return ending.proved(
                action, proof, answer=evidence, session=answer.raw, reading=reading
            )
        except NotACarrier:  # of a shape that nobody foresaw: it proves nothing
            logger.warning("odd answer", extra={"action": action.pk})
            action.answer, action.answered_at = evidence, timezone.now()
            return first_look(action)
    with suppress(fresh.Vanished, errors.SuperOfficeError):  # the next poll brings it
        client = wiring.service_client(person=True).ranked(Rank.PROOF)
        deadline = time.monotonic() + FIRST_LOOK_SECONDS
        fresh.look(client, action.on_session, messages=False, deadline=deadline)
    return ending.proved(action, proof, answer=evidence)


def first_look(action: Action, *, inconclusive: State = State.UNKNOWN) -> Action:
    """Read once, at once, what became of it; `inconclusive` is what it is when nothing shows."""
    client = wiring.service_client(person=True).ranked(Rank.PROOF)
    deadline = time.monotonic() + FIRST_LOOK_SECONDS
    try:
        if action.verb == Verb.CREATE_SESSION:
            made = creating.find(client, action, now=timezone.now(), deadline=deadline)
            return made or ending.unknown(action)
        if action.verb == Verb.SEND_MESSAGE:
            return _look_for_message(action, client, deadline)
        found = fresh.look(client, action.on_session, messages=False, deadline=deadline)
    except fresh.Vanished:
        # SuperOffice said 204 and no longer has it. A 404 alone may be one of its odd moments.
        if action.verb == Verb.DELETE and inconclusive is State.NO_EFFECT:
            return ending.done(action, {"gone": True})
        return ending.unknown(action)
    except errors.SuperOfficeError as error:
        logger.info("first look failed", extra={"action": action.pk, "error": repr(error)})
        return ending.unknown(action)
    return _conclude(action, found.session, inconclusive=inconclusive)


def _look_for_message(action: Action, client: Client, deadline: float) -> Action:
    """The messages alone prove a send; the session itself is read by the worker, afterwards."""
    messages = fresh.new_messages(
        client, action.on_session, above=action.baseline["highest"], deadline=deadline
    )
    return claims.claim_message(action, messages) or ending.unknown(action)


def _conclude(
    action: Action, session: entities.ChatSessionEntity, *, inconclusive: State
) -> Action:
    """Settle from a fresh reading. An answer without effect is `no_effect`, and told as what is."""
    if proof := judging.proof_in_session(action, session):
        return ending.proved(action, proof)
    if inconclusive is not State.NO_EFFECT:
        return ending.unknown(action)
    if action.verb == Verb.PATCH_SESSION:
        return ending.patch_not_taken(action, session)
    if judging.shows_in_part(action, session):
        return ending.unknown(action)
    if action.verb == Verb.PICK_UP and _still_waiting(session):
        # Null says "not in the queue", and it is: one of the two answers is wrong.
        return ending.unknown(action)
    return ending.no_effect(action, session)


def _still_waiting(session: entities.ChatSessionEntity) -> bool:
    return session.status == "InQueue" and session.associate_id is None
