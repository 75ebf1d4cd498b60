"""What the stand-in remembers: sessions, messages, people, topics. Plain data, no rules."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Contract E.1: number, name, label in the client (English, Norwegian).
STATUSES: dict[str, tuple[int, str, str]] = {
    "Invalid": (0, "Invalid", "Ugyldig"),
    "PreChatForm": (1, "Pre-chat form", "Skjema før chat"),
    "Faq": (2, "FAQ link", "FAQ-lenke"),
    "OfflineForm": (3, "Offline form", "Frakoblet skjema"),
    "InQueue": (4, "Waiting", "Venter"),
    "CustomerLast": (5, "Waiting for agent", "Venter på saksbehandler"),
    "UserLast": (6, "Waiting for customer", "Venter på kunde"),
    "Finished": (7, "Finished", "Ferdig"),
    "Deleted": (8, "Deleted", "Slettet"),
    "Closed": (9, "Closed", "Lukket"),
    "RequestPosted": (10, "Request posted", "Henvendelse sendt"),
    "ClosedFromQueue": (11, "Closed in queue", "Lukket i kø"),
}
OPEN = frozenset({"PreChatForm", "Faq", "OfflineForm", "InQueue", "CustomerLast", "UserLast"})
WITH_AGENT = frozenset({"CustomerLast", "UserLast"})

# Contract E.2; 4 is not used.
MESSAGE_TYPES = {"Invalid": 0, "ToCustomer": 1, "ToUser": 2, "Special": 3}
SPECIAL_TYPES = {
    "None": 0,
    "Welcome": 1,
    "Url": 2,
    "Block": 3,
    "NewSession": 5,
    "TransferedSession": 6,
    "Error": 7,
    "SessionDeleted": 8,
    "FaqSuccessQuestion": 9,
    "ClosedByUser": 10,
    "ClosedByCustomer": 11,
    "ClosedByIdle": 12,
    "TransferRejected": 13,
    "ReopenedByCustomer": 14,
    "ClickedOption": 15,
    "BotMessage": 16,
    "Options": 17,
    "IllegalFileType": 18,
}
MAX_ID = 2**31 - 1  # ids are int32 (contract D)


@dataclass(slots=True)
class Message:
    """A row of `chat_message`. `created_by` is an ejuser id, -1 the customer (E.2)."""

    id: int
    session_id: int
    type: str
    text: str
    author: str
    posted: datetime
    special: str = "None"
    param: str = ""
    read: bool = False
    created_by: int = -1
    odd: dict[str, Any] = field(default_factory=dict)  # written over the carrier, as it is


@dataclass(slots=True)
class Session:
    """A row of `chat_session`. `user` and `transfer_to` are associate ids, None is nobody."""

    id: int
    topic_id: int
    status: str
    requested: datetime
    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    host: str = "203.0.113.7"
    consented: bool = True
    user: int | None = None
    transfer_to: int | None = None
    started: datetime | None = None
    ended: datetime | None = None
    idle: datetime | None = None
    fetched: datetime | None = None
    first_message: str = ""
    last_message: str = ""
    key: str = ""
    queue_pos: int = 1
    alert_level: int = 0
    rank: int = 0
    flags: str = "CustomerIsTyping"  # the name of 0: what "no flag" prints as (E.1)
    person_id: int = 0
    contact_id: int = 0
    project_id: int = 0
    sale_id: int = 0
    ticket_id: int = 0
    chatbot: bool = False
    rating: int = 0
    modified: datetime | None = None  # not in the contract; for the switch that makes 412 possible
    messages: list[Message] = field(default_factory=list)
    odd: dict[str, Any] = field(default_factory=dict)  # written over the carrier, as it is

    @property
    def is_open(self) -> bool:
        """Whether the contract's table E.1 calls the status open."""
        return self.status in OPEN


@dataclass(slots=True)
class Associate:
    """A person at work. `ejuser` is the Service user id, 0 for none (B.5)."""

    id: int
    ejuser: int
    user: str
    password: str
    initials: str
    full_name: str
    email: str
    type: str = "InternalAssociate"
    group: int = 2
    present: bool = True
    deleted: bool = False

    @property
    def is_system(self) -> bool:
        """A system user sees every session (B.3)."""
        return self.type == "SystemAssociate"


@dataclass(slots=True)
class Membership:
    """The four roles of an associate on a topic (M.11)."""

    associate_id: int
    can_respond: bool = True
    can_notify: bool = True
    can_listen: bool = False
    can_manage: bool = False


@dataclass(slots=True)
class Topic:
    """A chat channel (M.7), its members by associate id."""

    id: int
    name: str
    description: str
    welcome: str
    members: dict[int, Membership] = field(default_factory=dict)
    reopenable: bool = True  # Widget.PostFormEnabled (M.10)
    bot: bool = False
    last_accept: datetime | None = None
    warn_new: int = 1
    warn_manager_new: int = 3
    warn_message: int = 2
    warn_manager_message: int = 5
