"""The way around: which screens there are for whom, with their counters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from chatops.actions import policy
from chatops.actions.callers import Caller, Role
from chatops.actions.models import State

#: Which entry is marked, by the name of the page; model pages belong to the administration.
SECTIONS = {
    "index": "index",
    "sessions": "sessions",
    "session": "sessions",
    "edit": "sessions",
    "bulk": "sessions",
    "bulk_run": "sessions",
    "actions": "actions",
    "action": "actions",
    "mirror": "mirror",
    "inbox": "mirror",
    "account": "account",
    "link": "account",
    "administration": "administration",
} | dict.fromkeys(
    (
        f"{model}_{page}"
        for model in (
            "auth_user",
            "auth_group",
            "actions_apitoken",
            "actions_trailentry",
            "subscriptions_subscription",
            "remote_agent",
            "mirror_chattopic",
            "mirror_associate",
            "mirror_topicmember",
        )
        for page in ("changelist", "change", "add")
    ),
    "administration",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the navigation. `tab` entries also stand at the bottom of narrow screens."""

    name: str
    label: str
    icon: str
    url: str
    current: bool
    count: int = 0
    hot: bool = False
    tab: bool = True
    #: The letter that goes there, after `g`.
    go: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits for this caller."""

    offered: int = 0
    waiting: int = 0
    needs: int = 0


def counts(caller: Caller) -> Counts:
    """Offered to me, waiting, and actions that need a person."""
    seen = policy.visible_sessions(caller)
    offered = seen.offered_to(caller.associate_id).count() if caller.associate_id else 0
    return Counts(
        offered=offered,
        waiting=seen.in_queue().count(),
        needs=policy.visible_actions(caller).filter(state=State.NEEDS_PERSON).count(),
    )


def items(request: HttpRequest, caller: Caller, now: Counts) -> list[Item]:
    """The navigation of this caller, the current screen marked."""
    match = request.resolver_match
    return list(_items(SECTIONS.get(match.url_name or "", "") if match else "", caller, now))


def _items(section: str, caller: Caller, now: Counts) -> Iterator[Item]:
    def item(name: str, label: str, icon: str, **more: Any) -> Item:
        return Item(name, label, icon, reverse(f"admin:{name}"), name == section, **more)

    rights = policy.rights(caller)
    waiting = now.offered or now.waiting
    if policy.Right.READ in rights:
        hot = bool(now.offered)
        yield item("index", _("Queue"), "queue", count=waiting, hot=hot, go="q")
        yield item("sessions", _("Sessions"), "chats", go="s")
        hot = bool(now.needs)
        yield item("actions", _("Actions"), "bolt", count=now.needs, hot=hot, go="a")
        yield item("numbers", _("Numbers"), "numbers", tab=False, go="n")
    if caller.roles & {Role.LEAD, Role.AUDITOR}:
        yield item("review", _("Review"), "star", tab=False, go="r")
    yield item("mirror", _("Mirror"), "mirror", go="m")
    yield item("account", _("My account"), "account", go="u")
    if policy.Right.OPERATE in rights:
        yield item("administration", _("Administration"), "settings", tab=False, go="d")
