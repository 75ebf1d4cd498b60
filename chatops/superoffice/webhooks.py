"""What SuperOffice posts to us: its signature, and what the body says (contract I.3 to I.5).

A delivery is a hint: it tells that something changed, not what. Nothing in it is copied anywhere.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatops.superoffice import jsontext
from chatops.superoffice.entities.carrier import read_int, read_text
from chatops.superoffice.times import parse_time

SIGNATURE_HEADER = "X-SuperOffice-Signature"
EVENT_ID_HEADER = "X-SuperOffice-EventId"
TEST_HEADER = "X-Hook-Test"
#: The events that concern chats; there is none for deletion, rating, linking or a transfer.
CHAT_EVENTS = ("chatsession.created", "chatsession.changed", "chatsession.message")


class UnreadableWebhook(ValueError):
    """The body is not a JSON object."""


@dataclass(frozen=True, slots=True)
class WebhookPayload:
    """What we use of a delivery's body. Missing values are empty."""

    #: The same for all tries of one event; the header's may differ (L 26).
    event_id: str
    #: E.g. `chatsession.changed`, or `test`.
    event: str
    #: E.g. `chatsession`.
    entity: str
    #: For chat events the session's id, also for `chatsession.message` [inferred].
    primary_key: int
    #: When it happened.
    timestamp: datetime | None
    #: Tenant Online, `Default` onsite: compare with what was registered.
    context: str
    #: Associate id; 0 for the system.
    changed_by: int
    webhook_name: str
    #: A test call: answer 200 and do nothing else.
    is_test: bool

    @property
    def session_id(self) -> int | None:
        """The session to read again; None when the event is not about a chat."""
        is_chat = self.event.lower().startswith("chatsession.") and self.primary_key > 0
        return self.primary_key if is_chat else None


def signature(body: bytes, secret: str) -> str:
    """Base64 of HMAC-SHA256 over the raw body, keyed with the secret's UTF-8 bytes (I.4)."""
    digest = hmac.new(secret.encode("utf-8"), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def is_signed(body: bytes, header: str, secrets: Sequence[str]) -> bool:
    """Whether `header` signs the body as received with any of `secrets` (newest first).

    All secrets are tried, in constant time each, so that time does not tell which one matched.
    Without a header, or without a secret, nothing is signed.
    """
    given = header.strip().encode("utf-8", "surrogateescape")  # bytes: compare_digest wants ASCII
    found = False
    for secret in secrets:
        matches = hmac.compare_digest(signature(body, secret).encode("ascii"), given)
        found = found or (matches and bool(secret))
    return found


def parse(body: bytes) -> WebhookPayload:
    """The delivery in `body`. UnreadableWebhook when it is no JSON object; else tolerant."""
    try:
        data = jsontext.parse(body)
    except ValueError as error:
        raise UnreadableWebhook("The body is not JSON.") from error
    if not isinstance(data, dict):
        raise UnreadableWebhook("The body is not a JSON object.")
    return _payload(data)


def _payload(data: dict[str, Any]) -> WebhookPayload:
    event = read_text(data.get("Event"))
    return WebhookPayload(
        event_id=read_text(data.get("EventId")),
        event=event,
        entity=read_text(data.get("Entity")),
        primary_key=read_int(data.get("PrimaryKey")),
        timestamp=parse_time(data.get("Timestamp")),
        context=read_text(data.get("ContextIdentifier")),
        changed_by=read_int(data.get("ChangedByAssociateId")),
        webhook_name=read_text(data.get("WebhookName")),
        is_test=event.lower() == "test",
    )
