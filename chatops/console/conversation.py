"""A conversation as it is shown: speech and events, days, windows, and our own sends."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from chatops.actions.models import Action, State, Verb
from chatops.console import lines, richtext, wording
from chatops.mirror.models import ChatMessage
from chatops.superoffice.entities import ChatMessageSpecialType as Special
from chatops.superoffice.entities import ChatMessageType as Type
from chatops.superoffice.text import plain

#: How many messages a page of the conversation holds; the rest is paged by id.
WINDOW = 200
#: Speech although it has a special type.
SPOKEN = {"", Special.NONE, Special.WELCOME, Special.BOT_MESSAGE, Special.OPTIONS}


@dataclass(frozen=True, slots=True)
class Said:
    """One thing in a conversation: speech (`side` them, us or bot), or an event (`word` set)."""

    id: int
    side: str
    author: str
    initials: str
    tone: int
    html: SafeString
    posted_at: datetime | None
    day: date | None
    new_day: bool
    opens: bool
    read: bool
    word: wording.Word | None
    text: str
    options: tuple[str, ...]
    note: str
    action: Action | None


@dataclass(frozen=True, slots=True)
class Window:
    """A page of a conversation, oldest first; `earlier` is the id to ask for what came before."""

    said: list[Said]
    earlier: int | None
    #: The message that was asked for.
    target: int | None = None
    #: Whether there are messages behind this page.
    later: bool = False


def window(
    session_id: int, *, before: int | None = None, at: int | None = None, size: int = WINDOW
) -> Window:
    """The last messages of a session, the last ones with an id below `before`, or those around
    the message `at`."""
    rows = ChatMessage.objects.of(session_id).defer("rendered").order_by("-id")
    later = before is not None
    if at is not None:
        behind = list(rows.reverse().filter(id__gte=at).values_list("id", flat=True)[: size // 2])
        before = behind[-1] + 1 if behind else None
        later = before is not None and rows.filter(id__gte=before).exists()
    if before is not None and later:
        rows = rows.filter(id__lt=before)
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    earlier = found[-1].pk if more else None
    sends = _sends([row.pk for row in found])
    ordered = sorted(found, key=_order)
    return Window(
        said=list(_said(ordered, sends)),
        earlier=earlier,
        target=at,
        later=later,
    )


class Quote(NamedTuple):
    """A message that something is said about: its id and how it begins."""

    id: int
    text: str


def quoted(window: Window, message_id: int | None) -> Quote | None:
    """A spoken message of a page; None when it is not there."""
    found = (one for one in window.said if one.id == message_id and one.word is None)
    return next((Quote(one.id, Truncator(plain(str(one.html))).chars(80)) for one in found), None)


def said_at(session_id: int, when: datetime) -> int | None:
    """The first message at or after a time; None when nothing was said after it."""
    rows = ChatMessage.objects.of(session_id).filter(posted_at__gte=when)
    return rows.order_by("posted_at", "id").values_list("id", flat=True).first()


def open_sends(actions: Iterable[Action]) -> list[Action]:
    """Of these actions, the messages that are not in the conversation: under way, or failed."""
    shown = {State.QUEUED, State.SENDING, State.UNKNOWN, State.NEEDS_PERSON}
    found = [one for one in actions if one.verb == Verb.SEND_MESSAGE and one.state in shown]
    return sorted(found, key=lambda one: one.pk)


def _order(row: ChatMessage) -> tuple[datetime, int]:
    # Display order is the time of posting, which a bot may set ahead (contract, E.2).
    return (row.posted_at or timezone.now(), row.pk)


def _sends(ids: Sequence[int]) -> dict[int, Action]:
    """Our actions that are proved by these messages."""
    done = Action.objects.filter(message_id__in=ids).select_related("requested_by")
    return {one.message_id: one for one in done if one.message_id}


def _said(rows: Iterable[ChatMessage], sends: dict[int, Action]) -> Iterator[Said]:
    day: date | None = None
    speaker: tuple[str, str] | None = None
    for row in rows:
        posted = timezone.localtime(row.posted_at).date() if row.posted_at else day
        one = _one(row, sends.get(row.pk), day=posted, new_day=posted != day, speaker=speaker)
        day = posted
        speaker = None if one.word else (one.side, one.author)
        yield one


def _one(
    row: ChatMessage,
    action: Action | None,
    *,
    day: date | None,
    new_day: bool,
    speaker: tuple[str, str] | None,
) -> Said:
    side = _side(row)
    word = None if row.special_type in SPOKEN else _event(row.special_type)
    return Said(
        id=row.pk,
        side=side,
        author=row.author,
        initials=lines.initials(row.author),
        tone=lines.tone(row.author),
        html=richtext.safe(row.message),
        posted_at=row.posted_at,
        day=day,
        new_day=new_day and day is not None,
        opens=new_day or speaker != (side, row.author),
        read=bool(row.read_by_customer),
        word=word,
        text=_event_text(row) if word else "",
        options=_options(row),
        note=_note(row),
        action=action,
    )


def _side(row: ChatMessage) -> str:
    if row.special_type in {Special.BOT_MESSAGE, Special.OPTIONS}:
        return "bot"
    return "them" if row.type == Type.TO_USER else "us"


def _event(special: str) -> wording.Word:
    return wording.EVENTS.get(special) or wording.Word(special, "odd", "info")


def _event_text(row: ChatMessage) -> str:
    """What an event says besides its name; a link's address is text here, never followed."""
    said = plain(row.message)
    param = row.special_param.strip()
    if param and row.special_type in {Special.URL, Special.CLICKED_OPTION} and param not in said:
        return f"{said} {param}".strip()
    return said


def _options(row: ChatMessage) -> tuple[str, ...]:
    """What a bot let the customer choose from: a JSON array of texts, parsed defensively."""
    if row.special_type != Special.OPTIONS:
        return ()
    try:
        found = json.loads(row.special_param or "[]")
    except (ValueError, RecursionError):
        return ()
    return tuple(str(one) for one in found[:20]) if isinstance(found, list) else ()


def _note(row: ChatMessage) -> str:
    if row.special_type == Special.WELCOME:
        return _("Welcome text")
    if row.special_type in {Special.BOT_MESSAGE, Special.OPTIONS}:
        return _("Bot")
    return ""
