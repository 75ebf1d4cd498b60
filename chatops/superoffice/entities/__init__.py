"""SuperOffice's carriers as frozen dataclasses, with every field they have (contract E and M).

Names follow one rule: the carrier's property in snake_case, `When…` as `…_at`, and the session's
and message's own id as `id`. Every entity with an id also answers to `.id`. Nobody (null, or an id
that is not above 0) is None, "no date" is None, and `.raw` is the carrier less what is secret.
"""

from chatops.superoffice.entities.carrier import NEVER_STORED, Carrier, our_name, without_secrets
from chatops.superoffice.entities.chat import ChatMessage, ChatSessionEntity
from chatops.superoffice.entities.drift import unknown_fields, unknown_words
from chatops.superoffice.entities.people import (
    Associate,
    ChatPresence,
    Contact,
    Person,
    Principal,
    TableRight,
)
from chatops.superoffice.entities.records import Project, Sale, Ticket
from chatops.superoffice.entities.topics import ChatTopicAgent, ChatTopicEntity, ListItem
from chatops.superoffice.entities.webhooks import Webhook, WebhookTest
from chatops.superoffice.entities.words import (
    CLOSED_STATUSES,
    OPEN_STATUSES,
    ChatMessageSpecialType,
    ChatMessageType,
    ChatSessionStatus,
    WebhookState,
)
from chatops.superoffice.times import format_time, naive_times, parse_time

__all__ = [
    "CLOSED_STATUSES",
    "NEVER_STORED",
    "OPEN_STATUSES",
    "Associate",
    "Carrier",
    "ChatMessage",
    "ChatMessageSpecialType",
    "ChatMessageType",
    "ChatPresence",
    "ChatSessionEntity",
    "ChatSessionStatus",
    "ChatTopicAgent",
    "ChatTopicEntity",
    "Contact",
    "ListItem",
    "Person",
    "Principal",
    "Project",
    "Sale",
    "TableRight",
    "Ticket",
    "Webhook",
    "WebhookState",
    "WebhookTest",
    "format_time",
    "naive_times",
    "our_name",
    "parse_time",
    "unknown_fields",
    "unknown_words",
    "without_secrets",
]
