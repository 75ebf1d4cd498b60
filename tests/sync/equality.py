"""The question every test of the mirror ends with: is the copy equal?

Asked of SuperOffice's own JSON, field by field, and not of the digests that the product keeps.
"""

import json
from collections.abc import Iterator
from typing import Any

from chatops.mirror.models import ChatMessage, ChatSession
from chatops.superoffice import entities
from chatops.superoffice.client import Client

#: Moves with every look, or depends on who asks: the only fields that may differ.
RESTLESS = {"WhenFetched", "Flags", "SessionKey"}


def differing(client: Client, there: set[int]) -> Iterator[str]:
    """Every way in which our copy is not SuperOffice's, which has the sessions `there`."""
    here = set(ChatSession.objects.here().values_list("pk", flat=True))
    yield from (f"session {one} is missing here" for one in sorted(there - here))
    yield from (f"session {one} is gone at SuperOffice" for one in sorted(here - there))
    for one in sorted(there & here):
        yield from _session(one, client)
        yield from _messages(one, client)


def _session(session_id: int, client: Client) -> Iterator[str]:
    said = json.loads(client.sessions.get_raw(session_id))
    row = ChatSession.objects.get(pk=session_id)
    held = json.loads(row.raw)
    for name in sorted(said.keys() | held.keys()):
        if name not in RESTLESS and said.get(name) != held.get(name):
            yield f"session {session_id}: {name} is {held.get(name)!r}, not {said.get(name)!r}"
    if "SessionKey" in row.raw or "SessionKey" in row.rendered:
        yield f"session {session_id}: holds its SessionKey"
    yield from _columns(row, client.sessions.get(session_id))


def _columns(row: ChatSession, entity: entities.ChatSessionEntity) -> Iterator[str]:
    wanted: dict[str, Any] = {
        "topic_id": entity.topic_id or None,
        "associate_id": entity.associate_id,
        "transfer_to_id": entity.transfer_to_id,
        "person_id": entity.person_id,
        "contact_id": entity.contact_id,
        "project_id": entity.project_id,
        "sale_id": entity.sale_id,
        "ticket_id": entity.ticket_id,
        "status": entity.status,
        "is_open": entity.is_open,
        "requested_at": entity.requested_at,
        "started_at": entity.started_at,
        "ended_at": entity.ended_at,
        "idle_at": entity.idle_at,
        "customer_name": entity.customer_name,
        "customer_email": entity.customer_email,
        "rating": entity.rating,
    }
    for name, value in wanted.items():
        if getattr(row, name) != value:
            yield f"session {row.pk}: {name} is {getattr(row, name)!r}, not {value!r}"


def _messages(session_id: int, client: Client) -> Iterator[str]:
    said = {one.id: one for one in client.sessions.messages(session_id)}
    held = {one.pk: one for one in ChatMessage.objects.of(session_id)}
    if said.keys() != held.keys():
        yield f"session {session_id}: messages {sorted(said.keys() ^ held.keys())} differ"
    for one, row in held.items():
        if one not in said:
            continue
        message = said[one]
        pairs = (
            (row.message, message.message),
            (row.author, message.author),
            (row.type, message.type),
            (row.special_type, message.special_type),
            (row.special_param, message.special_param),
            (row.posted_at, message.posted_at),
            (row.read_by_customer, message.read_by_customer),
        )
        if any(ours != theirs for ours, theirs in pairs):
            yield f"message {one} differs: {pairs}"
