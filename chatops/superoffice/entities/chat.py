"""Chat sessions and their messages (contract E.1, E.2)."""

# ruff: noqa: RUF009 - these calls are field specifiers, made once per field on purpose

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from chatops.superoffice.entities.carrier import (
    Carrier,
    flag,
    mapping,
    moment,
    nested,
    number,
    text,
    word,
)
from chatops.superoffice.entities.people import Associate, Contact, Person, TableRight
from chatops.superoffice.entities.records import Project, Sale, Ticket
from chatops.superoffice.entities.words import (
    OPEN_STATUSES,
    ChatMessageSpecialType,
    ChatMessageType,
    ChatSessionStatus,
)
from chatops.superoffice.jsontext import JSONDict


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChatSessionEntity(Carrier):
    """A chat session. Snapshots of linked records are as of the reading."""

    id: int = number("ChatSessionId")
    topic_id: int = number("TopicId")
    user: Associate | None = nested("User", Associate)
    person: Person | None = nested("Person", Person)
    customer_alias: str = text("CustomerAlias")
    customer_host: str = text("CustomerHost")
    customer_name: str = text("CustomerName")
    customer_email: str = text("CustomerEmail")
    customer_phone: str = text("CustomerPhone")
    customer_consented: bool = flag("CustomerConsented")
    customer_company_name: str = text("CustomerCompanyName")
    status: str = word("Status", ChatSessionStatus.read, "Invalid")
    first_message: str = text("FirstMessage")
    last_message: str = text("LastMessage")
    requested_at: datetime | None = moment("WhenRequested")
    started_at: datetime | None = moment("WhenStarted")
    ended_at: datetime | None = moment("WhenEnded")
    idle_at: datetime | None = moment("WhenIdle")
    fetched_at: datetime | None = moment("WhenFetched")
    initial_queue_pos: int = number("InitialQueuePos")
    alert_level: int = number("AlertLevel")
    rank: int = number("Rank")
    flags: str = text("Flags")
    contact: Contact | None = nested("Contact", Contact)
    project: Project | None = nested("Project", Project)
    sale: Sale | None = nested("Sale", Sale)
    ticket: Ticket | None = nested("Ticket", Ticket)
    transfer_to: Associate | None = nested("TransferTo", Associate)
    chatbot_is_active: bool = flag("ChatbotIsActive")
    rating: int = number("Rating")
    table_right: TableRight | None = nested("TableRight", TableRight)
    field_properties: JSONDict = mapping("FieldProperties")

    KEY: ClassVar[str] = "ChatSessionId"

    @property
    def associate_id(self) -> int | None:
        """The agent who handles the chat; None while nobody does."""
        return self.user.associate_id if self.user else None

    @property
    def transfer_to_id(self) -> int | None:
        """The associate who has been asked to take over; None when no transfer is pending."""
        return self.transfer_to.associate_id if self.transfer_to else None

    @property
    def person_id(self) -> int | None:
        """The customer contact, where SuperOffice knows it."""
        return self.person.person_id if self.person else None

    @property
    def contact_id(self) -> int | None:
        """The linked company."""
        return self.contact.contact_id if self.contact else None

    @property
    def project_id(self) -> int | None:
        """The linked project."""
        return self.project.project_id if self.project else None

    @property
    def sale_id(self) -> int | None:
        """The linked sale."""
        return self.sale.sale_id if self.sale else None

    @property
    def ticket_id(self) -> int | None:
        """The linked request."""
        return self.ticket.ticket_id if self.ticket else None

    @property
    def is_open(self) -> bool:
        """Whether the chat goes on; a status we have never seen does not count as open."""
        return self.status in OPEN_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChatMessage(Carrier):
    """One message of a session. `message` is a fragment of hostile HTML (K.3)."""

    id: int = number("ChatMessageId")
    chat_session_id: int = number("ChatSessionId")
    type: str = word("Type", ChatMessageType.read, "Invalid")
    message: str = text("Message")
    author: str = text("Author")
    read_by_customer: int = number("ReadByCustomer")
    special_type: str = word("SpecialType", ChatMessageSpecialType.read, "None")
    special_param: str = text("SpecialParam")
    posted_at: datetime | None = moment("WhenPosted")

    KEY: ClassVar[str] = "ChatMessageId"

    @property
    def session_id(self) -> int:
        """The session the message belongs to."""
        return self.chat_session_id
