"""A chat that left its reader while its page was open: what they may be told of that.

A fresh page says that there is nothing. Who had the chat open is told that it left, and who offered
it to a colleague that the colleague took it: that much they did themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chatops.actions.callers import Caller
from chatops.actions.models import Action, State, TrailEntry, Verb
from chatops.mirror.models import Associate, ChatMessage, ChatSession
from chatops.superoffice.entities import ChatMessageSpecialType as Special


def told(caller: Caller, session_id: int) -> str | None:
    """The sentence; None when the caller did not read this chat since they signed in."""
    since = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    opened = TrailEntry.objects.filter(session_id=session_id, actor=caller.user, at__gte=since)
    if not opened.filter(what="transcript_viewed").exists():
        return None
    return _accepted(caller, session_id) or _(
        "This chat is no longer among yours. A colleague has it now, or it waits in a queue that "
        "is not yours."
    )


def _accepted(caller: Caller, session_id: int) -> str:
    """That the colleague took it whom the caller offered it to; empty when that is not so."""
    mine = Action.objects.filter(session_id=session_id, requested_by=caller.user, token=None)
    offer = mine.filter(verb=Verb.TRANSFER, state=State.DONE).order_by("-id").first()
    to = offer.asked.get("to") if offer else None  # erased offers do not say
    if offer is None or not to:
        return ""
    if not ChatSession.objects.filter(pk=session_id, associate_id=to).exists():
        return ""
    who = Associate.objects.filter(pk=to).first() or Associate(pk=to)
    when = _accepted_at(session_id, offer, to)
    if when is None:
        return _("%(who)s accepted this chat; it is theirs now.") % {"who": who}
    time = date_format(timezone.localtime(when), "H:i")
    return _("%(who)s accepted this chat at %(time)s; it is theirs now.") % {
        "who": who,
        "time": time,
    }


def _accepted_at(session_id: int, offer: Action, associate_id: int) -> datetime | None:
    """By our own record where the colleague works here too, else by what SuperOffice wrote."""
    accepts = Action.objects.filter(session_id=session_id, verb=Verb.ACCEPT_TRANSFER)
    done = accepts.filter(agent__associate_id=associate_id, state=State.DONE, pk__gt=offer.pk)
    if settled := done.order_by("-id").values_list("settled_at", flat=True).first():
        return settled
    said = ChatMessage.objects.filter(
        session_id=session_id,
        special_type=Special.TRANSFERED_SESSION,
        posted_at__gte=offer.created_at.replace(microsecond=0),
    )
    return said.order_by("-id").values_list("posted_at", flat=True).first()
