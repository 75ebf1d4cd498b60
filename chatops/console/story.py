"""The story of a session: what was done from here, and who was shown its personal data and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext as _

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.actions.models import Action, Unmasking, Verb
from chatops.actions.policy import Right
from chatops.console import wording
from chatops.console.sentences import told
from chatops.mirror.models import ChatSession

#: Lines of each kind that are shown.
MOST = 30
ICONS = {
    Verb.SEND_MESSAGE: "send",
    Verb.ACCEPT_TRANSFER: "check",
    Verb.REJECT_TRANSFER: "cross",
    Verb.PATCH_SESSION: "pencil",
    Verb.PICK_UP: "pickup",
    Verb.TRANSFER: "transfer",
    Verb.RESET: "reset",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was done; `url` leads to what is known of it."""

    key: str
    icon: str
    label: str
    who: User | None
    at: datetime
    url: str = ""
    word: wording.Word | None = None
    why: str = ""


def actions_on(caller: Caller, session: ChatSession) -> list[Action]:
    """What was asked for, newest first; `is_mine` says whether the caller may open it."""
    found = list(
        Action.objects.filter(session_id=session.pk)
        .select_related("requested_by")
        .order_by("-id")[:MOST]
    )
    ids = policy.visible_actions(caller).filter(session_id=session.pk).values_list("pk", flat=True)
    mine = set(ids)
    for action in found:
        action.is_mine = action.pk in mine  # type: ignore[attr-defined]  # for the templates
    return found


def lines(caller: Caller, session: ChatSession, actions: Sequence[Action]) -> list[Line]:
    """Everything, newest first. Unmaskings are told to those who may unmask here themselves."""
    found = [_done(one) for one in actions]
    if policy.may(caller, Right.UNMASK, session):
        shown = Unmasking.objects.filter(session_id=session.pk).select_related("person")
        found += [_unmasked(one) for one in shown.order_by("-id")[:MOST]]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _done(action: Action) -> Line:
    mine = action.is_mine  # type: ignore[attr-defined]  # set by actions_on
    return Line(
        key=f"s{action.pk}",
        icon=ICONS.get(Verb(action.verb), "bolt"),
        label=told(action.get_verb_display()),
        who=action.requested_by,
        at=action.created_at,
        url=reverse("admin:action", args=[action.pk]) if mine else "",
        word=wording.state(action.state),
    )


def _unmasked(one: Unmasking) -> Line:
    parts = () if one.reason == Unmasking.Reason.OTHER else (told(one.get_reason_display()),)
    return Line(
        key=f"u{one.pk}",
        icon="shield",
        label=_("Personal data shown"),
        who=one.person,
        at=one.at,
        why=": ".join((*parts, one.words) if one.words else parts),
    )
