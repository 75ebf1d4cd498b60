"""What is written in the notebook, for the pages that show it beside something else."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import template
from django.db.models import QuerySet

from chatops.actions import policy
from chatops.actions.callers import Caller, Role
from chatops.actions.models import Unmasking
from chatops.mirror.models import ChatSession
from chatops.notebook import notes, own, reviews, rights
from chatops.notebook.models import Note, QuickReply, Review, SavedView, Tag

register = template.Library()
#: Tags that are offered while one types.
KNOWN = 200


class Page(NamedTuple):
    """The notebook's page about one session. Notes come with whether they may be removed."""

    notes: list[tuple[Note, bool]]
    #: Those on single messages, by message.
    pinned: dict[int, list[tuple[Note, bool]]]
    tags: list[Tag]
    known: list[str]
    writes: bool
    reviewable: bool
    waiting: Review | None
    reviews: list[tuple[Review, int | None]]


@register.simple_tag(takes_context=True)
def page_about(context: template.Context, session: ChatSession) -> Page | None:
    """What the caller may see of the notebook about a session; None when that is nothing."""
    caller: Caller = context["caller"]
    if not policy.may(caller, policy.Right.TRANSCRIPT, session):
        return None
    writes, leads = rights.writes(caller, session), rights.reviews(caller, session)
    seen = reviews.visible(caller).filter(session_id=session.pk).order_by("-id")
    found = list(seen[:10]) if rights.sees_reviews(caller, session) else []
    names = Tag.objects.order_by("folded").values_list("name", flat=True)
    written = [(one, leads or one.author == caller.user) for one in notes.of(session.pk)]
    pinned: dict[int, list[tuple[Note, bool]]] = {}
    for note, mine in written:
        if note.message_id is not None:
            pinned.setdefault(note.message_id, []).append((note, mine))
    return Page(
        notes=written,
        pinned=pinned,
        tags=notes.tags_of(session.pk),
        known=list(names[:KNOWN]) if writes else [],
        writes=writes,
        reviewable=leads,
        waiting=next((one for one in found if one.done_at is None), None),
        reviews=[(one, reviews.share(one)) for one in found if one.done_at],
    )


@register.filter
def on(page: Page | None, message_id: int) -> list[tuple[Note, bool]]:
    """The notes on one message, with whether each may be removed."""
    return page.pinned.get(message_id, []) if page else []


@register.simple_tag(takes_context=True)
def quick_replies(context: template.Context) -> QuerySet[QuickReply]:
    """The caller's quick replies."""
    return own.replies(context["caller"])


@register.simple_tag(takes_context=True)
def saved_views(context: template.Context) -> list[tuple[SavedView, bool, bool]]:
    """The caller's views and the shared ones: the view, whether it is theirs, whether shown."""
    caller: Caller = context["caller"]
    here: Any = context["request"].GET.copy()
    for name in own.PAGING:
        here.pop(name, None)
    shown = here.urlencode()
    return [(one, one.owner == caller.user, one.query == shown) for one in own.views(caller)]


@register.simple_tag(takes_context=True)
def may_share(context: template.Context) -> bool:
    """Whether the caller's views can be for everybody."""
    return own.may_share(context["caller"])


@register.simple_tag(takes_context=True)
def may_export(context: template.Context) -> bool:
    """Whether the caller exports at all."""
    return policy.Right.EXPORT in policy.rights(context["caller"])


@register.simple_tag(takes_context=True)
def export_reasons(context: template.Context) -> list[tuple[str, str]]:
    """For what a lead may have personal data in a file; an auditor's is always masked.

    A reason of one's own words belongs to one chat, where it can be erased with it.
    """
    if Role.LEAD not in context["caller"].roles:
        return []
    return [one for one in Unmasking.Reason.choices if one[0] != Unmasking.Reason.OTHER]
