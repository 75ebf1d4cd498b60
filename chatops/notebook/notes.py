"""Notes and tags on a session."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet

from chatops.actions import policy, trail
from chatops.actions.callers import Caller
from chatops.actions.errors import Forbidden, Invalid, NotFound
from chatops.mirror.models import ChatMessage
from chatops.notebook import rights
from chatops.notebook.models import Note, SessionTag, Tag

MOST_TAGS = 20


def of(session_id: int) -> QuerySet[Note]:
    """A session's notes, oldest first."""
    return Note.objects.filter(session_id=session_id).select_related("author").order_by("id")


@transaction.atomic
def write(caller: Caller, session_id: int, text: str, *, message_id: int | None = None) -> Note:
    """Add a note to a session, or to one of its messages.

    Raises NotFound, Forbidden; Invalid for an empty text or somebody else's message.
    """
    rights.require_writer(caller, session_id)
    note = Note.objects.create(
        session_id=session_id,
        message_id=message_of(session_id, message_id),
        author=caller.user,
        text=rights.text_of(text, "text"),
    )
    trail.record("note_written", caller=caller, session_id=session_id, object=f"note:{note.pk}")
    return note


@transaction.atomic
def remove(caller: Caller, note_id: int) -> Note:
    """Take a note away: its author may, and who leads the topic."""
    note = Note.objects.filter(pk=note_id).first()
    if note is None:
        raise NotFound("There is no such note.")
    session = rights.require_writer(caller, note.session_id)
    if note.author != caller.user and not rights.reviews(caller, session):
        raise Forbidden("Only its author or who leads the topic removes a note.")
    trail.record(
        "note_removed", caller=caller, session_id=note.session_id, object=f"note:{note_id}"
    )
    note.delete()
    return note


def message_of(session_id: int, message_id: int | None) -> int | None:
    """The message, if it is one of this session. Raises Invalid otherwise."""
    if message_id is None:
        return None
    if not ChatMessage.objects.filter(pk=message_id, session_id=session_id).exists():
        raise Invalid("This message is not in this chat.", field="message")
    return message_id


def tags_of(session_id: int) -> list[Tag]:
    """A session's tags by name."""
    return list(Tag.objects.filter(sessions__session_id=session_id).order_by("folded"))


@transaction.atomic
def put_tag(caller: Caller, session_id: int, name: str) -> Tag:
    """Put a tag on a session; it is made when it is new. Putting it twice is the same."""
    rights.require_writer(caller, session_id)
    name = " ".join(rights.text_of(name, "tag", most=40).split())
    if SessionTag.objects.filter(session_id=session_id).count() >= MOST_TAGS:
        raise Invalid(f"At most {MOST_TAGS} tags on a chat.", field="tag")
    tag, _ = Tag.objects.get_or_create(folded=name.casefold(), defaults={"name": name})
    _, fresh = SessionTag.objects.get_or_create(
        session_id=session_id, tag=tag, defaults={"put_by": caller.user}
    )
    if fresh:
        trail.record("tag_put", caller=caller, session_id=session_id, object=f"tag:{tag.pk}")
    return tag


@transaction.atomic
def take_tag(caller: Caller, session_id: int, tag_id: int) -> None:
    """Take a tag off a session; a tag on no session any more disappears."""
    rights.require_writer(caller, session_id)
    gone, _ = SessionTag.objects.filter(session_id=session_id, tag_id=tag_id).delete()
    if gone:
        trail.record("tag_taken", caller=caller, session_id=session_id, object=f"tag:{tag_id}")
        Tag.objects.filter(pk=tag_id, sessions=None).delete()


def find(caller: Caller, text: str, *, limit: int = 50) -> list[Note]:
    """Notes with these words, newest first, on chats that the caller may read."""
    words = text.split()[:10]
    if not words:
        return []
    held = Q()
    for word in words:
        held &= Q(text__icontains=word)
    told = policy.sessions_with(caller, policy.Right.TRANSCRIPT)
    found = Note.objects.filter(held, told.hold())
    return list(found.select_related("author").order_by("-id")[:limit])
