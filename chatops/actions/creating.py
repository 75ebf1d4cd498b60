"""Starting a chat in a channel: the one wish that has no session until SuperOffice made one.

`POST ChatTopic/{id}/Sessions` takes no body (contract, D.2), so the new session carries no mark of
ours. Its answer names it. When that is lost, only this tells it from a customer's own: no widget
ever asked for it and nobody typed anything into it. One such session, alone, is taken for ours;
of several a person says which.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Max
from django.utils import timezone

from chatops.actions import claims, ending, fresh, intent, judging
from chatops.actions.errors import InProgress, StateConflict
from chatops.actions.intent import Plan, Wish
from chatops.actions.models import OPEN_STATES, Action, State
from chatops.mirror.bodies import NotACarrier
from chatops.mirror.models import ChatSession
from chatops.remote import wiring
from chatops.remote.models import Agent
from chatops.superoffice import entities, errors, odata
from chatops.superoffice.client import Client

JSONDict = dict[str, Any]

#: So many sessions above the baseline are looked at; what we made is among the first of them.
MOST = 50
#: A customer's widget asks every few seconds: what nobody asked for this long has none.
QUIET = timedelta(seconds=5)
#: Seen alone, it has this long to show that it is ours: one look may fail or show too little.
PATIENCE = 2 * QUIET
#: How far the clocks of SuperOffice and of this machine may differ.
CLOCKS_DIFFER = timedelta(minutes=2)
NOT_OURS = "not ours"


def record(plan: Plan, topic_id: int, agent: Agent, wish: Wish, content: str) -> Action:
    """Commit the intent with its ground, the highest session id; nothing has been sent yet.

    Returns an earlier action (`replayed`) when the same wish came through another process
    meanwhile. Raises InProgress while somebody else's chat in the channel is not confirmed,
    StateConflict when others are faster every time, and Unavailable.
    """
    started = timezone.now()
    patience = time.monotonic() + settings.ACTION_LANE_WAIT_SECONDS
    while True:
        action = intent.row(plan, agent, wish, content, started)
        action.topic_id = topic_id
        _refuse_a_second(action)
        action.baseline = {"associate_id": agent.associate_id, "highest": _highest()}
        try:
            intent.store(action, wish)
        except IntegrityError:
            # The key or the channel was taken while we looked; the next round tells by whom, or
            # finds it free again.
            if earlier := intent.replayed(wish, content):
                return earlier
            if time.monotonic() > patience:
                raise StateConflict(
                    "Others are starting chats in this channel right now. Nothing was sent. Try "
                    "again shortly."
                ) from None
        else:
            return action


def _refuse_a_second(action: Action) -> None:
    open_there = action.lane_mates().filter(state__in=OPEN_STATES)
    other = open_there.select_related("requested_by").first()
    if other is None:
        return
    who = other.requested_by.get_username() if other.requested_by else "Somebody"
    raise InProgress(
        f"{who} is starting a chat in this channel, and it is not confirmed yet. See what comes "
        "of it first.",
        action=other,
        who=who,
    )


def _highest() -> int:
    """The highest session id there is. Lists may be a minute old (contract, G.5): what we hold
    counts as well."""
    try:
        there = wiring.service_client(person=True).sessions.newest_id()
    except errors.SuperOfficeError as error:
        raise intent.unavailable(error) from error
    return max(there, ChatSession.objects.aggregate(top=Max("id"))["top"] or 0)


def answered(action: Action, answer: Any, evidence: JSONDict, reading: int) -> Action | None:
    """Settle by the answer, if it names a new session of the channel; None when it does not.
    `reading` was drawn before the call."""
    named = isinstance(answer, entities.ChatSessionEntity) and judging.could_be_made(action, answer)
    if not named:
        return None
    noted = ending.answered(evidence)
    try:
        return claims.claim_session(action, answer, session=answer.raw, reading=reading, **noted)
    except NotACarrier:
        return None  # it will be found as if nothing had been answered


def find(
    client: Client, action: Action, *, now: datetime, deadline: float | None = None
) -> Action | None:
    """Settle by reading a creation whose answer was lost; None when nothing is certain.

    What was seen is kept with the action, so that a person who has to decide finds it there.
    Raises SuperOfficeError without an answer.
    """
    seen: JSONDict = dict(action.proof.get("seen", {}))
    possible = []
    for one in _above(client, action, deadline):
        if seen.get(str(one)) == NOT_OURS:
            continue
        try:
            session = fresh.look(client, one, messages=False, deadline=deadline).session
        except fresh.Vanished:
            return None  # listed and yet not there: it may be ours as well as any other
        if judging.could_be_made(action, session) and _is_untouched(action, session):
            seen.setdefault(str(one), now.isoformat())
            possible.append(session)
        else:
            seen[str(one)] = NOT_OURS
    if seen != action.proof.get("seen", {}):
        action.proof = {**action.proof, "seen": seen}
        Action.objects.filter(pk=action.pk).update(proof=action.proof)
    if len(possible) != 1 or now - datetime.fromisoformat(seen[str(possible[0].id)]) < QUIET:
        return None
    if _may_be_a_later_ones(action, possible[0].id):
        return None
    return claims.claim_session(action, possible[0])


def _may_be_a_later_ones(action: Action, session_id: int) -> bool:
    """Whether a later creation in the channel, whose own session is not known, may have made it.

    Once an action is with a person, the channel is free for others. What one of them found there
    already, before it was sent, is not its own.
    """
    rivals = [one for one in claims.rivals(action) if one.state != State.DONE]
    return any(one.baseline.get("highest", 0) < session_id for one in rivals)


def may_yet_show(action: Action, now: datetime) -> bool:
    """Whether just one session was seen that may be it, and too short a time ago to be sure: no
    case for a person yet, also when the first look in a long while has found it."""
    since = [one for one in action.proof.get("seen", {}).values() if one != NOT_OURS]
    return len(since) == 1 and now - datetime.fromisoformat(since[0]) < PATIENCE


def _above(client: Client, action: Action, deadline: float | None) -> list[int]:
    """The first ids of the channel above the baseline that no other creation claims."""
    pages = client.sessions.list(
        filter=odata.equals("chatTopic/chatTopicId", action.topic_id or 0),
        after=action.baseline["highest"],
        # Identical queries are answered from a cache for a minute (contract, G.5).
        top=MOST - action.looks % 10,
        deadline=deadline,
    )
    ids = [row.pk for row in next(pages, [])]
    rows = Action.objects.filter(verb=action.verb, session_id__in=ids).exclude(pk=action.pk)
    taken = set(rows.values_list("session_id", flat=True))
    return [one for one in ids if one not in taken]


def _is_untouched(action: Action, session: entities.ChatSessionEntity) -> bool:
    """Whether nobody on the customer's side had a hand in it, and it began when ours did."""
    typed = (
        session.customer_name,
        session.customer_email,
        session.customer_phone,
        session.customer_company_name,
    )
    # The forms before a chat are a widget's.
    form = session.status in {"PreChatForm", "Faq", "OfflineForm"}
    if any(typed) or session.fetched_at or session.person or form or not session.requested_at:
        return False
    sent = action.sent_at or action.created_at
    in_flight = timedelta(seconds=settings.REMOTE_WRITE_TOTAL_SECONDS) + CLOCKS_DIFFER
    return sent - CLOCKS_DIFFER <= session.requested_at <= sent + in_flight
