"""A session as SuperOffice has it this moment: the ground an action stands on and is judged by."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from chatops.mirror import ingest
from chatops.superoffice import entities, errors, jsontext
from chatops.superoffice.client import Client

JSONDict = dict[str, Any]
_READ_SINCE = "SELECT 1 FROM mirror_sessionreading WHERE session_id = %s AND reading > %s"
_HELD = "SELECT last_message_id FROM mirror_sessionreading WHERE session_id = %s"


@dataclass(frozen=True, slots=True)
class Fresh:
    """What one look at SuperOffice showed."""

    session: entities.ChatSessionEntity
    #: The highest message id of the session, as far as this look asked for messages.
    highest: int = 0
    #: Messages above the id that was asked from, lowest first.
    messages: tuple[entities.ChatMessage, ...] = field(default=())

    @property
    def raw(self) -> Mapping[str, Any]:
        return self.session.raw


class Vanished(Exception):
    """SuperOffice says that there is no such session."""


def look(
    client: Client,
    session_id: int,
    *,
    messages: bool,
    above: int | None = None,
    deadline: float | None = None,
) -> Fresh:
    """Read the session, and with `messages` those above `above` (default: above what we hold).

    Both are asked for at the same moment. What is read goes into the mirror. Raises Vanished, and
    SuperOfficeError without an answer.
    """
    reading = ingest.next_reading()
    listed, start = ingest.NOTHING, 0
    try:
        if messages:
            start = _held(session_id) if above is None else above
            sessions = client.sessions
            body, listed = sessions.with_messages_raw(session_id, after=start, deadline=deadline)
        else:
            body = client.sessions.get_raw(session_id, deadline=deadline)
    except errors.NotFound as error:
        raise Vanished(session_id) from error
    span = (reading, ingest.next_reading())
    with _readable():
        answer = ingest.Answer(session_id, body)
        ingest.store_sessions([answer], reading=span[0], until=span[1])
        session = entities.ChatSessionEntity.from_json(jsontext.parse(body))
    found = _stored(session_id, listed, above=start, span=span) if messages else ()
    return Fresh(session, max([start, *(one.id for one in found)]), found)


def new_messages(
    client: Client, session_id: int, *, above: int, deadline: float | None = None
) -> tuple[entities.ChatMessage, ...]:
    """The messages above an id, lowest first; into the mirror too. Raises as `look` does."""
    reading = ingest.next_reading()
    try:
        listed = client.sessions.messages_raw(session_id, after=above, deadline=deadline)
    except errors.NotFound as error:
        raise Vanished(session_id) from error
    return _stored(session_id, listed, above=above, span=(reading, ingest.next_reading()))


def _stored(
    session_id: int, listed: bytes, *, above: int, span: tuple[int, int]
) -> tuple[entities.ChatMessage, ...]:
    with _readable():
        answer = ingest.Answer(session_id, listed)
        reading, until = span
        ingest.store_messages([answer], reading=reading, until=until, complete=above == 0)
        found = [entities.ChatMessage.from_json(one) for one in jsontext.parse(listed)]
    return tuple(sorted((one for one in found if one.id > above), key=lambda one: one.id))


def was_read_since(session_id: int, reading: int) -> bool:
    """Whether a read of the session ended after this number was drawn."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_SINCE, [session_id, reading])
        return cursor.fetchone() is not None


@contextmanager
def _readable() -> Iterator[None]:
    """Whatever shape an answer has that nobody foresaw: it is one that cannot be read."""
    try:
        yield
    except ValueError as error:
        raise errors.UnreadableAnswer("SuperOffice's answer is not what was asked for.") from error


def _held(session_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [session_id])
        found = cursor.fetchone()
    return int(found[0]) if found else 0
