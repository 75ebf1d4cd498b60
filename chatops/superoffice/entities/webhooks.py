"""Webhooks as SuperOffice keeps them (contract I.2). Their secret is write-only."""

# ruff: noqa: RUF009 - these calls are field specifiers, made once per field on purpose

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from chatops.superoffice.entities.carrier import (
    Carrier,
    flag,
    many,
    mapping,
    moment,
    nested,
    number,
    text,
    texts,
    word,
)
from chatops.superoffice.entities.people import Associate, TableRight
from chatops.superoffice.entities.topics import ListItem
from chatops.superoffice.entities.words import WebhookState
from chatops.superoffice.jsontext import JSONDict


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Webhook(Carrier):
    """A registration: which events go to which address."""

    webhook_id: int = number("WebhookId")
    name: str = text("Name")
    events: tuple[str, ...] = texts("Events")
    target_url: str = text("TargetUrl")
    state: str = word("State", WebhookState.read, "Unknown")
    type: str = text("Type")
    headers: JSONDict = mapping("Headers")
    properties: JSONDict = mapping("Properties")
    registered: datetime | None = moment("Registered")
    registered_associate: Associate | None = nested("RegisteredAssociate", Associate)
    updated: datetime | None = moment("Updated")
    updated_associate: Associate | None = nested("UpdatedAssociate", Associate)
    errors_email: str = text("ErrorsEmail")
    error_emails: tuple[str, ...] = texts("ErrorEmails")
    error_associates: tuple[ListItem, ...] = many("ErrorAssociates", ListItem)
    description: str = text("Description")
    notify_via: str = text("NotifyVia")
    notify_when: str = text("NotifyWhen")
    total_calls: int = number("TotalCalls")
    total_errors: int = number("TotalErrors")
    consecutive_errors: int = number("ConsecutiveErrors")
    last_error: str = text("LastError")

    KEY: ClassVar[str] = "WebhookId"

    @property
    def id(self) -> int:
        """The object's own id."""
        return self.webhook_id


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WebhookTest(Carrier):
    """What `Webhook/Test` found."""

    success: bool = flag("Success")
    message: str = text("Message")
    table_right: TableRight | None = nested("TableRight", TableRight)
    field_properties: JSONDict = mapping("FieldProperties")
