"""A session as SuperOffice has it this moment: the ground an action stands on and is judged by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatops.mirror import ingest
from chatops.mirror.models import SessionReading
from chatops.superoffice import entities, errors, jsontext
from chatops.superoffice.client import Client

JSONDict = dict[str, Any]


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

    What is read goes into the mirror. Raises Vanished, and SuperOfficeError without an answer.
    """
    reading = ingest.next_reading()
    try:
        body = client.sessions.get_raw(session_id, deadline=deadline)
    except errors.NotFound as error:
        raise Vanished(session_id) from error
    start = (_held(session_id) if above is None else above) if messages else 0
    listed = b"[]"
    if messages:
        listed = client.sessions.messages_raw(session_id, after=start, deadline=deadline)
    try:
        ingest.store_sessions([ingest.Answer(session_id, body)], reading=reading)
        if messages:
            answer = ingest.Answer(session_id, listed)
            ingest.store_messages([answer], reading=reading, complete=start == 0)
        session = entities.ChatSessionEntity.from_json(jsontext.parse(body))
        found = [entities.ChatMessage.from_json(one) for one in jsontext.parse(listed)]
    except ValueError as error:
        raise errors.UnreadableAnswer("SuperOffice's answer is not what was asked for.") from error
    above_start = tuple(sorted((one for one in found if one.id > start), key=lambda one: one.id))
    return Fresh(session, max([start, *(one.id for one in above_start)]), above_start)


def _held(session_id: int) -> int:
    row = SessionReading.objects.filter(session_id=session_id).values("last_message_id").first()
    return row["last_message_id"] if row else 0
