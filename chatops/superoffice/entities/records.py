"""Projects, sales and requests that a chat can be linked to (contract M.4 to M.6)."""

# ruff: noqa: RUF009 - these calls are field specifiers, made once per field on purpose

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from chatops.superoffice.entities.carrier import (
    Carrier,
    decimal,
    flag,
    mapping,
    moment,
    nested,
    number,
    text,
)
from chatops.superoffice.entities.people import TableRight
from chatops.superoffice.jsontext import JSONDict


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Project(Carrier):
    """A project (M.4)."""

    project_id: int = number("ProjectId")
    name: str = text("Name")
    description: str = text("Description")
    url: str = text("URL")
    type: str = text("Type")
    associate_id: int = number("AssociateId")
    associate_full_name: str = text("AssociateFullName")
    type_id: int = number("TypeId")
    updated: datetime | None = moment("Updated")
    status_id: int = number("StatusId")
    status: str = text("Status")
    text_id: int = number("TextId")
    publish_to: datetime | None = moment("PublishTo")
    publish_from: datetime | None = moment("PublishFrom")
    is_published: bool = flag("IsPublished")
    url_name: str = text("URLName")
    project_number: str = text("ProjectNumber")
    active_erp_links: int = number("ActiveErpLinks")
    event_id: int = number("EventId")
    start_date: datetime | None = moment("StartDate")
    table_right: TableRight | None = nested("TableRight", TableRight)
    field_properties: JSONDict = mapping("FieldProperties")

    KEY: ClassVar[str] = "ProjectId"

    @property
    def id(self) -> int:
        """The object's own id."""
        return self.project_id


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sale(Carrier):
    """A sale (M.5)."""

    contact_name: str = text("ContactName")
    sale_date: datetime | None = moment("SaleDate")
    sale_id: int = number("SaleId")
    probability: int = number("Probability")
    title: str = text("Title")
    amount: float = decimal("Amount")
    currency: str = text("Currency")
    project_name: str = text("ProjectName")
    associate_full_name: str = text("AssociateFullName")
    description: str = text("Description")
    status: str = text("Status")
    weighted_amount: float = decimal("WeightedAmount")
    project_id: int = number("ProjectId")
    earning_percent: float = decimal("EarningPercent")
    earning: float = decimal("Earning")
    contact_id: int = number("ContactId")
    associate_id: int = number("AssociateId")
    person_id: int = number("PersonId")
    sale_type_id: int = number("SaleTypeId")
    sale_type_name: str = text("SaleTypeName")
    person_full_name: str = text("PersonFullName")
    completed: str = text("Completed")
    active_erp_links: int = number("ActiveErpLinks")
    next_due_date: datetime | None = moment("NextDueDate")
    number: str = text("Number")
    table_right: TableRight | None = nested("TableRight", TableRight)
    field_properties: JSONDict = mapping("FieldProperties")

    KEY: ClassVar[str] = "SaleId"

    @property
    def id(self) -> int:
        """The object's own id."""
        return self.sale_id


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Ticket(Carrier):
    """A request (M.6). `owned_by` and `created_by` are ejuser ids."""

    ticket_id: int = number("TicketId")
    title: str = text("Title")
    created_at: datetime | None = moment("CreatedAt")
    last_changed: datetime | None = moment("LastChanged")
    read_by_owner: datetime | None = moment("ReadByOwner")
    read_by_customer: datetime | None = moment("ReadByCustomer")
    first_read_by_user: datetime | None = moment("FirstReadByUser")
    activate: datetime | None = moment("Activate")
    closed_at: datetime | None = moment("ClosedAt")
    replied_at: datetime | None = moment("RepliedAt")
    alert_timeout: datetime | None = moment("AlertTimeout")
    deadline: datetime | None = moment("Deadline")
    created_by: int = number("CreatedBy")
    created_by_name: str = text("CreatedByName")
    author: str = text("Author")
    owned_by: int = number("OwnedBy")
    owned_by_name: str = text("OwnedByName")
    category: int = number("Category")
    category_name: str = text("CategoryName")
    category_fullname: str = text("CategoryFullname")
    slevel: str = text("Slevel")
    priority: int = number("Priority")
    priority_name: str = text("PriorityName")
    base_status: str = text("BaseStatus")
    ticket_status: int = number("TicketStatus")
    ticket_status_display_value: str = text("TicketStatusDisplayValue")
    origin: str = text("Origin")
    cust_id: int = number("CustId")
    person_firstname: str = text("PersonFirstname", older="CustFirstname")
    person_middle_name: str = text("PersonMiddleName", older="CustMiddleName")
    person_lastname: str = text("PersonLastname", older="CustLastname")
    person_fullname: str = text("PersonFullname", older="CustFullname")
    alert_level: int = number("AlertLevel")
    connect_id: int = number("ConnectId")
    read_status: str = text("ReadStatus")
    time_to_reply: int = number("TimeToReply")
    real_time_to_reply: int = number("RealTimeToReply")
    time_to_close: int = number("TimeToClose")
    real_time_to_close: int = number("RealTimeToClose")
    time_spent_internally: int = number("TimeSpentInternally")
    time_spent_externally: int = number("TimeSpentExternally")
    time_spent_queue: int = number("TimeSpentQueue")
    real_time_spent_internally: int = number("RealTimeSpentInternally")
    real_time_spent_externally: int = number("RealTimeSpentExternally")
    real_time_spent_queue: int = number("RealTimeSpentQueue")
    time_spent: int = number("TimeSpent")
    has_attachment: bool = flag("HasAttachment")
    num_replies: int = number("NumReplies")
    num_messages: int = number("NumMessages")
    from_address: str = text("FromAddress")
    contact_id: int = number("ContactId")
    contact_name: str = text("ContactName")
    owned_by_associate_id: int = number("OwnedByAssociateId")
    language: str = text("Language")
    sentiment: int = number("Sentiment")
    sentiment_confidence: int = number("SentimentConfidence")
    sale_id: int = number("SaleId")
    project_id: int = number("ProjectId")
    sale_heading: str = text("SaleHeading")
    project_name: str = text("ProjectName")
    form_submission_id: int = number("FormSubmissionId")
    ticket_type_id: int = number("TicketTypeId")
    ticket_type_name: str = text("TicketTypeName")
    table_right: TableRight | None = nested("TableRight", TableRight)
    field_properties: JSONDict = mapping("FieldProperties")

    KEY: ClassVar[str] = "TicketId"

    @property
    def id(self) -> int:
        """The object's own id."""
        return self.ticket_id
