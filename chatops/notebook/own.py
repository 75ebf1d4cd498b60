"""What belongs to one person: quick replies, and saved views of the list of sessions."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from django.db.models import Q, QuerySet

from chatops.actions.callers import Caller, Role
from chatops.actions.errors import Forbidden, Invalid
from chatops.notebook import rights
from chatops.notebook.models import QuickReply, SavedView

MOST_REPLIES, MOST_VIEWS = 100, 50
#: Of an address these say which page is shown, not what is listed.
PAGING = {"older", "newer"}


def replies(caller: Caller) -> QuerySet[QuickReply]:
    """The caller's quick replies by title."""
    return QuickReply.objects.filter(owner=caller.user).order_by("title")


def save_reply(caller: Caller, title: str, text: str) -> QuickReply:
    """Keep a quick reply; one with the same title is replaced. Raises Invalid."""
    title = rights.text_of(title, "title", most=80)
    text = rights.text_of(text, "text")
    held = replies(caller)
    if held.count() >= MOST_REPLIES and not held.filter(title=title).exists():
        raise Invalid(f"At most {MOST_REPLIES} quick replies.", field="title")
    reply, _ = QuickReply.objects.update_or_create(
        owner=caller.user, title=title, defaults={"text": text}
    )
    return reply


def remove_reply(caller: Caller, reply_id: int) -> None:
    """Forget one of the caller's quick replies."""
    replies(caller).filter(pk=reply_id).delete()


def views(caller: Caller) -> QuerySet[SavedView]:
    """The caller's saved views and those that are shared, by name."""
    held = SavedView.objects.filter(Q(owner=caller.user) | Q(shared=True))
    return held.select_related("owner").order_by("shared", "name")


def may_share(caller: Caller) -> bool:
    """Whether the caller's views can be for everybody: leads' can."""
    return Role.LEAD in caller.roles


def save_view(caller: Caller, name: str, query: str, *, shared: bool = False) -> SavedView:
    """Keep what is listed under a name; the same name is replaced. Raises Forbidden, Invalid."""
    if shared and not may_share(caller):
        raise Forbidden("Leads share views.")
    name = rights.text_of(name, "name", most=80)
    pairs = [
        (key, value) for key, value in parse_qsl(query.lstrip("?")) if key not in PAGING and value
    ]
    kept = urlencode(pairs)
    if len(kept) > 1000:
        raise Invalid("These filters are too long to keep.", field="query")
    held = SavedView.objects.filter(owner=caller.user)
    if held.count() >= MOST_VIEWS and not held.filter(name=name).exists():
        raise Invalid(f"At most {MOST_VIEWS} saved views.", field="name")
    view, _ = SavedView.objects.update_or_create(
        owner=caller.user, name=name, defaults={"query": kept, "shared": shared}
    )
    return view


def remove_view(caller: Caller, view_id: int) -> None:
    """Forget one of the caller's saved views."""
    SavedView.objects.filter(owner=caller.user, pk=view_id).delete()
