"""The dynamic archive: tables read as lists, which saves calls where a server allows it (G.6).

Documented as a general mechanism, not for the chat tables (L 19). So it is a switch
(SYNC_DYNAMIC_ARCHIVE, `off` or `auto`), and with `auto` it is used only after it has said the same
as the endpoints did about a conversation; a day later it is tried again.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from chatops.mirror.models import ChatMessage
from chatops.superoffice.client import Client
from chatops.superoffice.entities.carrier import read_int
from chatops.superoffice.errors import NotSent, OutcomeUnknown, Refused
from chatops.sync.models import Cursor

NAME = "dynamic_archive"
GOOD_FOR = timedelta(days=1)
#: Messages may become visible late, as ids of sessions do.
OVERLAP = 200


def is_proven() -> bool:
    """Whether it may be used now."""
    if settings.SYNC_DYNAMIC_ARCHIVE != "auto":
        return False
    row = Cursor.objects.filter(name=NAME, value=1).first()
    return row is not None and row.ok_at is not None and timezone.now() - row.ok_at < GOOD_FOR


def prove(client: Client) -> bool:
    """Compare what it says of a conversation with what `Messages` says; whether they agree."""
    if settings.SYNC_DYNAMIC_ARCHIVE != "auto":
        return False
    sample = ChatMessage.objects.filter(gone_at=None).order_by("-pk").first()
    if sample is None:
        return False
    try:
        agrees = _agrees(client, sample.session_id)
    except NotSent:
        raise
    except (OutcomeUnknown, Refused):  # this server does not have it
        agrees = False
    Cursor.objects.update_or_create(
        name=NAME, defaults={"value": int(agrees), "ok_at": timezone.now()}
    )
    return agrees


def _agrees(client: Client, session_id: int) -> bool:
    asked = {one.id for one in client.sessions.messages(session_id)}
    if not asked:
        return False
    lowest = min(asked)
    told = {
        read_int(row.values.get("chat_message.id"))
        for page in client.archive.dynamic(
            ("chat_message.id", "chat_message.session_id"), after=lowest - 1
        )
        for row in page
        if read_int(row.values.get("chat_message.session_id")) == session_id
    }
    offered_to(client)  # has to answer, whatever it says
    return asked <= told


def sessions_with_news(client: Client) -> set[int]:
    """Sessions with messages that we do not hold."""
    top = ChatMessage.objects.aggregate(top=Max("pk"))["top"] or 0
    told: dict[int, int] = {}
    for page in client.archive.dynamic(
        ("chat_message.id", "chat_message.session_id"), after=max(top - OVERLAP, 0)
    ):
        for row in page:
            message_id = read_int(row.values.get("chat_message.id"))
            told[message_id] = read_int(row.values.get("chat_message.session_id"))
    held = set(ChatMessage.objects.filter(pk__gte=top - OVERLAP).values_list("pk", flat=True))
    return {session_id for pk, session_id in told.items() if pk not in held}


def offered_to(client: Client) -> set[int]:
    """Sessions with a pending transfer; not to whom: whose ids those are is open (L 38)."""
    return {
        read_int(row.values.get("chat_session.id"))
        for page in client.archive.dynamic(
            ("chat_session.id", "chat_session.transfer_to"), filter="chat_session.transfer_to gt 0"
        )
        for row in page
    }
