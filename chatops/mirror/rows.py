"""Carriers as database rows: the columns of sessions and messages, ready for the driver."""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from chatops.mirror import rendering
from chatops.mirror.jsontext import dumps
from chatops.mirror.moments import moment, stored_time
from chatops.mirror.querysets import is_open
from chatops.superoffice import entities, text
from chatops.superoffice.entities.carrier import read_int

__all__ = [
    "MESSAGE_COLUMNS",
    "SESSION_COLUMNS",
    "Row",
    "content_digest",
    "digest",
    "dumps",
    "message_row",
    "session_row",
    "sorted_dumps",
    "stored_time",
    "with_version",
]

JSONDict = dict[str, Any]
Row = tuple[Any, ...]

#: Moves by itself or depends on who asks; never a reason to tell anyone of a change.
RESTLESS = rendering.LEFT_OUT | {"WhenFetched", "Flags"}

SESSION_COLUMNS = (
    "id",
    "topic_id",
    "associate_id",
    "transfer_to_id",
    "person_id",
    "contact_id",
    "project_id",
    "sale_id",
    "ticket_id",
    "status",
    "is_open",
    "requested_at",
    "started_at",
    "ended_at",
    "idle_at",
    "customer_name",
    "customer_email",
    "customer_phone",
    "customer_company_name",
    "first_message",
    "last_message",
    "rating",
    "alert_level",
    "initial_queue_pos",
    "chatbot_is_active",
    "gone_at",
    "version",
    "raw",
    "rendered",
    "masked",
)
MESSAGE_COLUMNS = (
    "id",
    "session_id",
    "type",
    "author",
    "read_by_customer",
    "special_type",
    "special_param",
    "posted_at",
    "missed",
    "gone_at",
    "message",
    "rendered",
)


def digest(data: bytes) -> str:
    """A short name for exactly these bytes."""
    return blake2b(data, digest_size=16).hexdigest()


_SORTED = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
)
#: JSON that is the same whatever the order of the fields.
sorted_dumps = _SORTED.encode


def content_digest(raw: Mapping[str, Any]) -> str:
    """A digest of what counts as a change, whatever the order of the fields."""
    kept = {name: value for name, value in raw.items() if name not in RESTLESS}
    return digest(sorted_dumps(kept).encode("utf-8", "surrogatepass"))


def _time(value: Any) -> Any:
    return moment(value).stored


def _text(raw: Mapping[str, Any], name: str, limit: int = 255) -> str:
    value = raw.get(name)
    return value[:limit] if isinstance(value, str) else ""


def _plain(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    return text.plain(value) if isinstance(value, str) and value else ""


def _link(raw: Mapping[str, Any], name: str) -> int | None:
    key = rendering.LINKS[name]
    link = raw.get(name)
    return int(link[key]) if link and rendering.names_somebody(link, key) else None


def session_row(raw: JSONDict, *, version: int) -> Row:
    """The row of a ChatSessionEntity carrier, without its secret, in `SESSION_COLUMNS` order."""
    rendered = rendering.session(raw)
    status = entities.ChatSessionStatus.read(raw.get("Status"))[:64]
    return (
        raw["ChatSessionId"],
        read_int(raw.get("TopicId")) or None,
        _link(raw, "User"),
        _link(raw, "TransferTo"),
        _link(raw, "Person"),
        _link(raw, "Contact"),
        _link(raw, "Project"),
        _link(raw, "Sale"),
        _link(raw, "Ticket"),
        status,
        is_open(status),
        _time(raw.get("WhenRequested")),
        _time(raw.get("WhenStarted")),
        _time(raw.get("WhenEnded")),
        _time(raw.get("WhenIdle")),
        _text(raw, "CustomerName"),
        _text(raw, "CustomerEmail"),
        _text(raw, "CustomerPhone", 64),
        _text(raw, "CustomerCompanyName"),
        _plain(raw, "FirstMessage"),
        _plain(raw, "LastMessage"),
        read_int(raw.get("Rating")),
        read_int(raw.get("AlertLevel")),
        read_int(raw.get("InitialQueuePos")),
        bool(raw.get("ChatbotIsActive")),
        None,
        version,
        dumps(raw),
        dumps(rendered),
        dumps(rendering.masked(rendered)),
    )


_VERSION = SESSION_COLUMNS.index("version")


def with_version(row: Row, version: int) -> Row:
    """The row with another version: an answer that changes nothing keeps the old one."""
    if row[_VERSION] == version:
        return row
    return (*row[:_VERSION], version, *row[_VERSION + 1 :])


def message_row(raw: JSONDict) -> Row:
    """The row of a ChatMessage carrier, in `MESSAGE_COLUMNS` order."""
    message = raw.get("Message")
    return (
        raw["ChatMessageId"],
        raw["ChatSessionId"],
        _text(raw, "Type", 64),
        _text(raw, "Author"),
        read_int(raw.get("ReadByCustomer")),
        _text(raw, "SpecialType", 64) or "None",
        _text(raw, "SpecialParam", 1024),
        _time(raw.get("WhenPosted")),
        0,
        None,
        message if isinstance(message, str) else "",
        dumps(rendering.message(raw)),
    )
