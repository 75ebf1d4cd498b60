"""What can be done to a chat: one function for each verb. Console and API call the same ones.

Each takes the session and the wish, and returns the Action in the state it reached; each raises
ActionError when it was not carried out (see `perform.perform`).
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from chatops.actions import conditions, ending, patches, perform, policy
from chatops.actions.errors import (
    ActionError,
    Forbidden,
    Invalid,
    KeyReused,
    NotFound,
    StateConflict,
)
from chatops.actions.fresh import Fresh
from chatops.actions.models import Action, Verb
from chatops.actions.perform import Plan, Wish
from chatops.mirror.models import Associate, TopicMember
from chatops.remote.models import Agent
from chatops.superoffice import text
from chatops.superoffice.client import Client

#: Somebody may be faster; then the next one in the queue is tried, this often.
NEXT_CANDIDATES = 5


# --- Transfers -----------------------------------------------------------------------------------


def accept_transfer(session_id: int, *, wish: Wish) -> Action:
    """Take over a chat that is offered to the caller."""
    return perform.perform(
        Plan(
            Verb.ACCEPT_TRANSFER,
            policy.Right.ACT,
            asked={},
            check=conditions.is_offered_to_me,
            call=lambda client, action, deadline: client.sessions.accept_transfer(
                action.on_session, deadline=deadline
            ),
        ),
        session_id,
        wish,
    )


def reject_transfer(session_id: int, *, wish: Wish) -> Action:
    """Decline a chat that is offered to the caller; it stays with the colleague."""
    return perform.perform(
        Plan(
            Verb.REJECT_TRANSFER,
            policy.Right.ACT,
            asked={},
            check=conditions.is_offered_to_me,
            call=lambda client, action, deadline: client.sessions.reject_transfer(
                action.on_session, deadline=deadline
            ),
        ),
        session_id,
        wish,
    )


def transfer(session_id: int, to: int | str, *, wish: Wish) -> Action:
    """Offer the caller's own chat to a colleague: an associate id, or a user name."""
    target = associate(to)
    return perform.perform(
        Plan(
            Verb.TRANSFER,
            policy.Right.TRANSFER,
            asked={"to": target.pk, "request": {"to": str(to)}},
            check=conditions.can_be_offered_to(target),
            call=lambda client, action, deadline: client.sessions.transfer(
                action.on_session, to=target.pk, deadline=deadline
            ),
        ),
        session_id,
        wish,
    )


def associate(to: int | str) -> Associate:
    """A colleague by associate id or user name. Raises Invalid when there is no such one."""
    name = str(to).strip()
    known = Associate.objects.filter(deleted=False)
    if name.isdecimal():
        found = list(known.filter(pk=int(name))) if int(name) < 2**31 else []
    else:
        found = list(known.filter(user_name__iexact=name)[:2])
        found = found or list(known.filter(name__iexact=name)[:2])
    if len(found) != 1:
        raise Invalid(f"There is no colleague {name[:100]!r} to transfer to.", field="to")
    return found[0]


# --- The queue -----------------------------------------------------------------------------------


def pick_up(session_id: int, *, wish: Wish) -> Action:
    """Take a waiting chat; the customer gets the channel's welcome message."""
    return _pick_up(session_id, {}, wish)


#: So long those who could have picked up a chat are told who did.
TOLD_FOR = timedelta(minutes=2)


def _pick_up(session_id: int, asked: dict[str, Any], wish: Wish) -> Action:
    try:
        return _picked_up(session_id, asked, wish)
    except NotFound:
        since = timezone.now() - TOLD_FOR
        row = policy.waited_for(wish.caller, session_id, since=since)
        if row is None:
            raise
        raise conditions.waits_no_more(session_id, ending.name_of(row.associate_id)) from None


def _picked_up(session_id: int, asked: dict[str, Any], wish: Wish) -> Action:
    return perform.perform(
        Plan(
            Verb.PICK_UP,
            policy.Right.ACT,
            asked=asked,
            check=conditions.is_waiting,
            call=lambda client, action, deadline: client.sessions.pick_up(
                action.on_session, deadline=deadline
            ),
        ),
        session_id,
        wish,
    )


def pick_up_next(topic_id: int | None, *, wish: Wish) -> Action:
    """Take the chat that has waited longest where the caller may answer, or in one topic.

    Chosen here and picked up by its id: after a lost answer, SuperOffice's own "first" would not
    tell which chat it took. Raises StateConflict `queue_empty` when nobody waits.
    """
    asked = {"request": {"next": topic_id}}
    if (earlier := _under_this_key(wish)) is not None:
        return _pick_up(earlier.on_session, asked, wish)
    agent = perform.identity_of(wish.caller)
    waiting = policy.visible_sessions(wish.caller).in_queue()
    mine = TopicMember.objects.filter(associate_id=agent.associate_id, can_respond=True)
    if mine.exists():
        waiting = waiting.filter(topic_id__in=mine.values("topic_id"))
    if topic_id is not None:
        waiting = waiting.about([topic_id])
    ids = waiting.order_by("requested_at", "id").values_list("id", flat=True)
    for session_id in ids[:NEXT_CANDIDATES]:
        try:
            return _pick_up(session_id, asked, wish)
        except KeyReused:  # the same wish took another chat, through another process, meanwhile
            if (earlier := _under_this_key(wish)) is None or earlier.on_session == session_id:
                raise
            return _pick_up(earlier.on_session, asked, wish)
        except ActionError as error:
            if error.problem_status not in (404, 409) or error.problem_code == "identity_required":
                raise
    raise StateConflict("Nobody is waiting.", code="queue_empty")


def _under_this_key(wish: Wish) -> Action | None:
    if not wish.key:
        return None
    return Action.objects.filter(caller=wish.caller.name, route=wish.route, key=wish.key).first()


def reset(session_id: int, *, wish: Wish) -> Action:
    """Put a chat back on the queue; to the customer it looks like a restart. For leads."""
    return perform.perform(
        Plan(
            Verb.RESET,
            policy.Right.RESET,
            asked={},
            check=conditions.can_be_reset,
            call=lambda client, action, deadline: client.sessions.reset(
                action.on_session, deadline=deadline
            ),
        ),
        session_id,
        wish,
    )


# --- Content -------------------------------------------------------------------------------------


def send_message(session_id: int, message: str, *, wish: Wish) -> Action:
    """Send a text to the customer, in the caller's name, as typed: no markup is read into it."""
    checked = _checked_text(message)
    # Without an account `perform` refuses, after it has asked whether the chat may be seen at all.
    agent = wish.caller.agent
    author = (agent.full_name or agent.login)[:255] if agent else ""
    html = text.escape_for_sending(checked)
    return perform.perform(
        Plan(
            Verb.SEND_MESSAGE,
            policy.Right.SEND,
            asked={"html": html, "author": author, "request": {"message": checked}},
            check=conditions.is_mine_and_ongoing,
            call=_send,
            lane=Action.Lane.MESSAGES,
        ),
        session_id,
        wish,
    )


def _send(client: Client, action: Action, deadline: float) -> Any:
    return client.sessions.send(
        action.on_session,
        text_html=action.asked["html"],
        author=action.asked["author"],
        deadline=deadline,
    )


def _checked_text(message: str) -> str:
    checked = message.replace("\r\n", "\n").strip()
    if not checked:
        raise Invalid("The message is empty.", field="message")
    if len(checked) > settings.MESSAGE_MAX_CHARACTERS:
        raise Invalid(
            f"The message is longer than {settings.MESSAGE_MAX_CHARACTERS} characters.",
            field="message",
        )
    if any(ord(char) < 32 and char not in "\n\t" for char in checked):
        raise Invalid("The message contains a control character.", field="message")
    if any(0xD800 <= ord(char) <= 0xDFFF for char in checked):
        raise Invalid("The message contains half a character.", field="message")
    if not text.canonical(text.escape_for_sending(checked)):
        raise Invalid("The message shows nothing.", field="message")
    return checked


def patch_session(session_id: int, changes: Any, *, wish: Wish) -> Action:
    """Change fields of a session: a JSON Patch (list) or a JSON Merge Patch (object)."""
    operations = patches.parse(changes)

    def check(found: Fresh, _agent: Agent) -> None:
        conditions.needs_patch()
        contradicted = patches.contradicted(found.raw, operations)
        if contradicted:
            raise perform.conflict(
                f"{', '.join(contradicted)} has changed at SuperOffice since you saw it.",
                session_id,
                fields=contradicted,
            )

    def call(client: Client, action: Action, deadline: float) -> Any:
        return client.sessions.patch(
            action.on_session, action.baseline["operations"], deadline=deadline
        )

    return perform.perform(
        Plan(
            Verb.PATCH_SESSION,
            policy.Right.PATCH,
            asked={
                "wanted": patches.wanted(operations),
                "request": [one.as_json() for one in operations],
            },
            check=check,
            call=call,
            remember=lambda found: {
                "operations": patches.guarded(found.raw, operations),
                "already": patches.already(found.raw, operations),
                "before": {
                    path: patches.value_at(found.raw, path) for path in patches.wanted(operations)
                },
            },
        ),
        session_id,
        wish,
    )


def end_chat(session_id: int, *, wish: Wish) -> Action:
    """End a chat by `PATCH Status` (contract, L.4: likely, not documented); ALLOW_END_CHAT."""
    if not settings.ALLOW_END_CHAT:
        raise Forbidden("Ending chats from here is switched off (ALLOW_END_CHAT).")

    def check(found: Fresh, agent: Agent) -> None:
        conditions.needs_patch()
        conditions.is_mine_and_ongoing(found, agent)

    def call(client: Client, action: Action, deadline: float) -> Any:
        operations = [
            # It may be a colleague's by now, who goes on with it.
            {"op": "test", "path": "User/AssociateId", "value": action.baseline["associate_id"]},
            {"op": "replace", "path": "Status", "value": "Finished"},
        ]
        return client.sessions.patch(action.on_session, operations, deadline=deadline)

    return perform.perform(
        Plan(Verb.END, policy.Right.SEND, asked={}, check=check, call=call),
        session_id,
        wish,
    )


def delete_session(session_id: int, *, wish: Wish) -> Action:
    """Delete a session at SuperOffice, for good; ALLOW_DELETE. For leads.

    The mirror learns of it as of any deletion: by comparison, and keeps the transcript.
    """
    if not settings.ALLOW_DELETE:
        raise Forbidden("Deleting chats from here is switched off (ALLOW_DELETE).")

    def check(_found: Fresh, _agent: Agent) -> None:
        """Whatever state it is in."""

    def call(client: Client, action: Action, deadline: float) -> Any:
        return client.sessions.delete(action.on_session, deadline=deadline)

    plan = Plan(Verb.DELETE, policy.Right.RESET, asked={}, check=check, call=call)
    return perform.perform(plan, session_id, wish)


# --- New chats ---------------------------------------------------------------------------------


def create_session(topic_id: int, *, wish: Wish) -> Action:
    """Start a chat in a channel. What is known of the customer is set by a patch afterwards:
    the call takes no body (contract, D.2)."""

    def check(_found: Fresh, _agent: Agent) -> None:
        """There is no session yet whose state could forbid it."""

    plan = Plan(
        Verb.CREATE_SESSION,
        policy.Right.ACT,
        asked={"topic": topic_id},
        check=check,
        call=lambda client, _action, deadline: client.sessions.create(topic_id, deadline=deadline),
    )
    return perform.perform_anew(plan, topic_id, wish)


# --- Again ---------------------------------------------------------------------------------------


def again(action: Action, *, wish: Wish) -> Action:
    """A second attempt at what `action` asked for, as a new action of its own."""
    if action.verb == Verb.CREATE_SESSION:
        return create_session(int(action.asked["topic"]), wish=wish)
    one = action.on_session
    if action.verb == Verb.SEND_MESSAGE:
        return send_message(one, action.asked["request"]["message"], wish=wish)
    if action.verb == Verb.PATCH_SESSION:
        return patch_session(one, action.asked["request"], wish=wish)
    if action.verb == Verb.TRANSFER:
        return transfer(one, action.asked["to"], wish=wish)
    return _PLAIN[Verb(action.verb)](one, wish=wish)


_PLAIN: dict[Verb, Callable[..., Action]] = {
    Verb.ACCEPT_TRANSFER: accept_transfer,
    Verb.REJECT_TRANSFER: reject_transfer,
    Verb.PICK_UP: pick_up,
    Verb.RESET: reset,
    Verb.END: end_chat,
    Verb.DELETE: delete_session,
}
