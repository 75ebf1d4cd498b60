"""The preview: which of the chosen chats a deed is possible for, and why not for the others.

It is kept as a draft, with the sessions frozen in it: what is started is what was looked at. The
number of queries does not depend on how many they are, and nothing is counted beyond the cap.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chatops.actions import intent, policy
from chatops.actions.callers import Caller
from chatops.actions.errors import ActionError, Forbidden, Invalid
from chatops.actions.fresh import Fresh
from chatops.bulk import deeds
from chatops.bulk.models import BulkRow, BulkRun, Deed, RowState, Stage
from chatops.mirror.models import ChatSession
from chatops.notebook.models import Review
from chatops.superoffice import entities

#: Of one person.
MOST_DRAFTS = 5
COLUMNS = ("id", "status", "is_open", "associate_id", "transfer_to_id", "gone_at", "raw")
Why = Callable[[ChatSession], str]


def prepare(
    caller: Caller, deed: str, session_ids: Collection[int], *, capped: bool = False
) -> BulkRun:
    """A draft over these sessions, as far as the caller sees them. No remote call.

    `capped`: there were more than these. Raises Forbidden for a deed that is not the caller's,
    IdentityRequired without a SuperOffice account for one that needs it, Invalid for no session.
    """
    if deed not in deeds.offered(caller):
        raise Forbidden("Your role does not allow this.")
    kind = deeds.KINDS[Deed(deed)]
    if kind.remote:
        intent.identity_of(caller)
    most = settings.BULK_MAX_ROWS
    ids = sorted(set(session_ids), reverse=True)
    seen = policy.visible_sessions(caller).filter(pk__in=ids[:most])
    sessions = list(seen.only(*COLUMNS).order_by("pk"))
    if not sessions:
        raise Invalid("No chat is chosen.", field="id")
    why = _why(caller, Deed(deed), [one.pk for one in sessions])
    with transaction.atomic():
        _forget_drafts(caller)
        run = BulkRun.objects.create(
            owner=caller.user,
            deed=deed,
            capped=capped or len(ids) > most,
            request_id=caller.request_id,
            expires_at=timezone.now() + timedelta(seconds=settings.BULK_EXPIRES_SECONDS),
        )
        BulkRow.objects.bulk_create(_row(run, one, why(one)) for one in sessions)
    return run


def _forget_drafts(caller: Caller) -> None:
    """Of what a person began to prepare and never started, the last few are kept."""
    drafts = BulkRun.objects.filter(owner=caller.user, stage=Stage.DRAFT).order_by("-pk")
    old = list(drafts.values_list("pk", flat=True)[MOST_DRAFTS - 1 :])
    BulkRun.objects.filter(pk__in=old).delete()


def _row(run: BulkRun, session: ChatSession, why: str) -> BulkRow:
    return BulkRow(
        run=run,
        session_id=session.pk,
        stamp=session.stamp,
        state=RowState.LEFT_OUT if why else RowState.WAITING,
        detail=why,
    )


def _why(caller: Caller, deed: Deed, ids: list[int]) -> Why:
    """Tells of a session why the deed is not possible there; an empty text when it is."""
    kind = deeds.KINDS[deed]
    held = policy.sessions_with(caller, kind.right).filter(pk__in=ids)
    allowed = frozenset(held.values_list("pk", flat=True))
    waiting = Review.objects.filter(session_id__in=ids, done_at=None) if deed == Deed.REVIEW else ()
    reviewed = frozenset(one.session_id for one in waiting)

    def why(session: ChatSession) -> str:
        if session.pk not in allowed:
            return "Your role does not allow this on this chat."
        if session.gone_at is not None and kind.remote:
            return "SuperOffice no longer has this chat."
        if session.pk in reviewed:
            return "The chat is in the review queue already."
        return _unfit(caller, kind, session)

    return why


def _unfit(caller: Caller, kind: deeds.Kind, session: ChatSession) -> str:
    """What the action itself would say of the chat as the mirror has it."""
    if kind.fits is None or caller.agent is None:
        return ""
    entity = entities.ChatSessionEntity.from_json(json.loads(session.raw))
    try:
        kind.fits(Fresh(entity), caller.agent)
    except ActionError as error:
        return error.detail
    return ""
