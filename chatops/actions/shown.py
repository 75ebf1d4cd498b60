"""Session and message as they were when an action ended.

A repeated request is answered as the first one was, to the byte, also when SuperOffice was read
meanwhile. The rows are kept as they lie in the mirror: who may see how much of them is looked up
each time. After a day, or with whoever is forgotten, they go, and repeats show what is so by then.
"""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from chatops.actions.models import Action
from chatops.actions.prepared import NUMBER, Kept
from chatops.mirror import as_of
from chatops.mirror.models import ChatMessage, ChatSession

JSONDict = dict[str, Any]
KEPT_FOR = timedelta(hours=24)

_kept = Kept()


def take(session_id: int | None, message_id: int | None) -> JSONDict | None:
    """The rows `session` and, where there is one, `message`; None while there is no session."""
    sessions = _kept.rows("session", _session, session_id) if session_id else []
    if not sessions:
        return None
    (session,) = sessions
    gone_at = session["gone_at"]
    session["gone_at"] = gone_at.isoformat() if gone_at else None
    messages = _kept.rows("message", _message, message_id) if message_id else []
    return {"session": session, "message": messages[0]["rendered"] if messages else None}


def prune() -> int:
    """Drop what was kept longer than a day; of how many actions."""
    old = timezone.now() - KEPT_FOR
    return Action.objects.filter(shown__isnull=False, settled_at__lt=old).update(shown=None)


def _session() -> QuerySet[Any, Any]:
    return (
        ChatSession.objects.filter(pk=NUMBER)
        .annotate(read_at=as_of.column())
        .values("id", "version", "gone_at", "rendered", "masked", "read_at")
    )


def _message() -> QuerySet[Any, Any]:
    return ChatMessage.objects.filter(pk=NUMBER).values("rendered")
