"""One session: the conversation, what can be done now, who the customer is, and the story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from chatops.actions import errors, policy, trail, unmasking
from chatops.actions.callers import Caller
from chatops.actions.models import Unmasking, Verb
from chatops.actions.policy import Right
from chatops.console import conversation, facts, leaving, lines, looking, story
from chatops.console.screen import caller_from, screen, show, wants_fragment
from chatops.mirror.models import Associate, ChatSession, SessionReading
from chatops.mirror.querysets import IN_QUEUE
from chatops.remote import abilities
from chatops.sync import health

EARLIER_CHATS = 6


@dataclass(frozen=True, slots=True)
class Button:
    """A verb that fits the moment."""

    verb: str
    label: str
    icon: str
    look: str = ""
    hint: str = ""


@screen
def session(request: HttpRequest, session_id: int) -> HttpResponse:
    """GET a session; `?before=ID` shows the messages before that one, `?at=ID` those around it,
    `?time=YYYY-MM-DDTHH:MM` those around what was said then, `?note=ID` those around the message
    that a note is to be written on.

    A page that was open when the chat left its reader is told so; a fresh one finds nothing.
    """
    try:
        return page(request, session_id)
    except errors.NotFound:
        left = leaving.told(caller_from(request), session_id) if wants_fragment(request) else None
        if left is None:
            raise
        return show(request, "console/left.html", {"left": left})


def page(
    request: HttpRequest, session_id: int, *, wrong: Mapping[str, str | None] | None = None
) -> HttpResponse:
    """The page, with what was wrong with a form on it. Raises NotFound, Forbidden."""
    caller = caller_from(request)
    row = policy.require(caller, Right.READ, session_id)
    reads = policy.reads_transcript(caller, row)
    if reads and not wants_fragment(request):
        trail.record("transcript_viewed", caller=caller, session_id=session_id)
    return show(
        request,
        "console/session.html",
        {
            "session": row,
            "line": lines.lines([row], caller)[0],
            "customer_name": lines.customer_name(row),
            "reads": reads,
            "others": looking.others(caller.user, session_id),
            **(_conversation(request, session_id) if reads else {"window": None}),
            "as_of": _as_of(row),
            **_what_fits(caller, row),
            **_panel(caller, row),
            **_masks(caller, row),
            "wrong": wrong,
            **_story(caller, row, reads=reads),
        },
    )


def _conversation(request: HttpRequest, session_id: int) -> dict[str, Any]:
    """The part of the conversation that is asked for."""
    time = request.GET.get("time", "")
    when = _time(time)
    note = _id(request.GET.get("note", ""))
    at = conversation.said_at(session_id, when) if when else _id(request.GET.get("at", "")) or note
    window = conversation.window(session_id, before=_id(request.GET.get("before", "")), at=at)
    return {
        "window": window,
        "about": conversation.quoted(window, note),
        "paged": window.later,
        "jumped": time if when else "",
        "nothing_later": when is not None and at is None,
    }


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def _time(text: str) -> datetime | None:
    """A time as a browser's field gives it, in the reader's zone; None when there is no such."""
    try:
        found = parse_datetime(text)
        if found is None:
            return None
        aware = timezone.make_aware(found) if timezone.is_naive(found) else found
        return aware.astimezone(UTC)  # OverflowError: before the first day, or after the last
    except (ValueError, OverflowError):
        return None


def _as_of(row: ChatSession) -> datetime | None:
    """When this session last agreed with SuperOffice.

    An open one does so with every poll of the open sessions, a closed one when it was last read.
    """
    read = (
        SessionReading.objects.filter(session_id=row.pk).values_list("read_at", flat=True).first()
    )
    polled = health.freshness().as_of if row.is_open and row.gone_at is None else None
    return max((one for one in (read, polled) if one), default=None)


def _what_fits(caller: Caller, row: ChatSession) -> dict[str, Any]:
    """Buttons and composer; what SuperOffice would not do is not offered."""
    me = caller.associate_id
    mine = me is not None and row.associate_id == me
    ongoing = row.is_open and row.gone_at is None and row.status != IN_QUEUE
    may_send = mine and ongoing and policy.may(caller, Right.SEND, row)
    may_move = may_send and row.transfer_to_id is None and policy.may(caller, Right.TRANSFER, row)
    return {
        "buttons": _buttons(caller, row) if me is not None and row.gone_at is None else [],
        "targets": list(colleagues(caller)) if may_move else None,
        "composes": may_send,
        "composes_not": "" if may_send else _why_not(row, caller, mine=mine),
        "most": settings.MESSAGE_MAX_CHARACTERS,
        "edits": row.gone_at is None and me is not None and policy.may(caller, Right.PATCH, row),
    }


def _buttons(caller: Caller, row: ChatSession) -> list[Button]:
    found = []
    if policy.may(caller, Right.ACT, row):
        if row.is_open and row.transfer_to_id == caller.associate_id:
            found += [
                Button(Verb.ACCEPT_TRANSFER, _("Accept"), "check", "first", "a"),
                Button(Verb.REJECT_TRANSFER, _("Reject"), "cross", "", "r"),
            ]
        if row.is_open and row.status == IN_QUEUE:
            found.append(Button(Verb.PICK_UP, _("Pick up"), "pickup", "first", "p"))
    if row.is_open and row.status != IN_QUEUE and policy.may(caller, Right.RESET, row):
        found.append(Button(Verb.RESET, _("Back to queue"), "reset", "", "b"))
    mine = row.associate_id == caller.associate_id
    may_end = settings.ALLOW_END_CHAT and abilities.can_patch()
    if may_end and row.is_open and mine and policy.may(caller, Right.SEND, row):
        found.append(Button(Verb.END, _("End chat"), "logout", "danger"))
    return found


def colleagues(caller: Caller) -> list[Associate]:
    """Whom a chat can be offered to: those who are present first, then by name."""
    known = Associate.objects.filter(deleted=False).exclude(pk=caller.associate_id or 0)
    by_name = sorted(known.defer("raw")[:500], key=lambda one: str(one).casefold())
    return sorted(by_name, key=lambda one: not one.present)


def _why_not(row: ChatSession, caller: Caller, *, mine: bool) -> str:
    if row.gone_at is not None or not row.is_open:
        return _("This chat is over.")
    if row.status == IN_QUEUE:
        return _("The customer is waiting: pick the chat up to answer.")
    if row.transfer_to_id is not None and row.transfer_to_id == caller.associate_id:
        return _("The chat is offered to you: accept it to answer.")
    if not mine:
        return _("Only the agent who has the chat can answer.")
    return _("Your role does not answer chats.")


def _panel(caller: Caller, row: ChatSession) -> dict[str, Any]:
    data = facts.rendered(row, caller)
    offered = Associate.objects.filter(pk=row.transfer_to_id or 0).first()
    lasted = None
    if row.ended_at and row.requested_at:
        lasted = (row.ended_at - row.requested_at).total_seconds()
    return {
        "customer": facts.customer(data),
        "linked": facts.linked(data),
        "offered_to": str(offered) if offered else "",
        "lasted": lasted,
        "earlier": _earlier(caller, row),
    }


def _earlier(caller: Caller, row: ChatSession) -> list[lines.Line]:
    """Earlier chats of the same customer that this caller may see."""
    same = policy.visible_sessions(caller).of_customer(row.person_id, row.customer_email)
    seen = same.filter(pk__lt=row.pk).order_by("-id")
    return lines.lines(lines.listed(seen)[:EARLIER_CHATS], caller)


def _masks(caller: Caller, row: ChatSession) -> dict[str, Any]:
    """Whether personal data is masked, whether a reason would change that, and until when."""
    shown = policy.unmaskings(caller).filter(session_id=row.pk).order_by("-until").first()
    unmasks = policy.may(caller, Right.UNMASK, row)
    return {
        "masked": not policy.sees_personal(caller, row),
        "unmasks": unmasks,
        "reasons": Unmasking.Reason.choices,
        "most_words": unmasking.MOST_WORDS,
        "minutes": settings.UNMASK_MINUTES,
        "shown_until": shown.until if shown and unmasks else None,
    }


def _story(caller: Caller, row: ChatSession, *, reads: bool) -> dict[str, Any]:
    """What was done from here, newest first, and messages that are not in the conversation yet."""
    actions = story.actions_on(caller, row)
    return {
        "story": story.lines(caller, row, actions),
        "sends": conversation.open_sends(actions) if reads else [],
    }
