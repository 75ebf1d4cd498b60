"""The records a session is linked to: Person, Contact, Project, Sale, Ticket (M.2 to M.6).

Each table gives every field of the carrier with the value of an empty one; a record only says
what differs. Dates are datetimes here and are written for the caller by `render`.
"""

from datetime import datetime
from typing import Any

from chatops.demo.times import NO_DATE, Clock

ID_FIELD = {"Person": "PersonId", "Contact": "ContactId", "Project": "ProjectId",
            "Sale": "SaleId", "Ticket": "TicketId", "Associate": "AssociateId"}  # fmt: skip


def _fields(
    texts: str = "", ints: str = "", bools: str = "", dates: str = "", **rest: Any
) -> dict[str, Any]:
    """Every name with its type's nothing: "", 0, false, year 1."""
    return {
        **dict.fromkeys(texts.split(), ""), **dict.fromkeys(ints.split(), 0),
        **dict.fromkeys(bools.split(), False), **dict.fromkeys(dates.split(), NO_DATE),
        **rest, "TableRight": None, "FieldProperties": {},
    }  # fmt: skip


EMPTY: dict[str, dict[str, Any]] = {
    "Associate": _fields(
        "Name Tooltip FullName FormalName UserName", "AssociateId PersonId Rank GroupIdx EjUserId",
        "Deleted", Type="Unknown", ExtraFields=None, CustomFields=None),
    "Person": _fields(
        "Position Mrmrs Firstname Lastname MiddleName Title Description Email FullName DirectPhone"
        " FormalName ContactName ContactDepartment ContactOrgNr FaxPhone MobilePhone ContactPhone"
        " AssociateName ContactFax Kanafname Kanalname Post1 Post2 Post3 EmailName ContactFullName"
        " CategoryName PersonNumber",
        "PersonId CountryId ContactId Retired Rank ActiveInterests ContactCountryId AssociateId"
        " ActiveErpLinks TicketPriorityId SupportLanguageId SupportAssociateId",
        "UsePersonAddress"),
    "Contact": _fields(
        "Name OrgNr Department URL City DirectPhone EmailAddress Kananame EmailAddressName URLName"
        " AssociateFullName BusinessName CategoryName CountryName FormattedAddress FullName"
        " Number1 Number2",
        "ContactId AssociateId CountryId ActiveErpLinks", "IsOwnerContact", Address=None),
    "Project": _fields(
        "Name Description URL Type AssociateFullName Status URLName ProjectNumber",
        "ProjectId AssociateId TypeId StatusId TextId ActiveErpLinks EventId", "IsPublished",
        "Updated PublishTo PublishFrom StartDate"),
    "Sale": _fields(
        "ContactName Title Currency ProjectName AssociateFullName Description SaleTypeName"
        " PersonFullName Number",
        "SaleId Probability ProjectId ContactId AssociateId PersonId SaleTypeId ActiveErpLinks",
        "", "SaleDate NextDueDate", Amount=0.0, WeightedAmount=0.0, Earning=0.0,
        EarningPercent=0.0, Status="Unknown", Completed="Unknown"),
    "Ticket": _fields(
        "Title CreatedByName Author OwnedByName CategoryName CategoryFullname PriorityName"
        " TicketStatusDisplayValue PersonFirstname PersonMiddleName PersonLastname PersonFullname"
        " FromAddress ContactName Language SaleHeading ProjectName TicketTypeName",
        "TicketId CreatedBy OwnedBy Category Priority TicketStatus CustId AlertLevel ConnectId"
        " TimeToReply RealTimeToReply TimeToClose RealTimeToClose TimeSpentInternally"
        " TimeSpentExternally TimeSpentQueue RealTimeSpentInternally RealTimeSpentExternally"
        " RealTimeSpentQueue TimeSpent NumReplies NumMessages ContactId OwnedByAssociateId"
        " Sentiment SentimentConfidence SaleId ProjectId FormSubmissionId TicketTypeId",
        "HasAttachment",
        "CreatedAt LastChanged ReadByOwner ReadByCustomer FirstReadByUser Activate ClosedAt"
        " RepliedAt AlertTimeout Deadline",
        Slevel="External", BaseStatus="Active", Origin="Chat", ReadStatus="Red"),
}  # fmt: skip


def render(carrier: str, record: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """The carrier with every field, its dates as this caller wants them."""
    said = {
        name: clock.write(value) if isinstance(value, datetime) else value
        for name, value in record.items()
    }
    return {**EMPTY[carrier], **said}
