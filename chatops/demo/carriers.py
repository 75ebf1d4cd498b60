"""Sessions, messages, people and topics as JSON: every field of contract E and M.

A `View` is how one caller sees things: zone, offsets, language, and the address of the API.
"""

from dataclasses import dataclass
from typing import Any

from chatops.demo import crm
from chatops.demo.office import Office
from chatops.demo.records import STATUSES, Associate, Membership, Message, Session, Topic
from chatops.demo.times import Clock

JSONDict = dict[str, Any]
LINKS = {
    "Person": "person_id",
    "Contact": "contact_id",
    "Project": "project_id",
    "Sale": "sale_id",
    "Ticket": "ticket_id",
}
ABSENT = "(absent)"  # as a value in `odd`: the field is not in the answer at all


@dataclass(frozen=True, slots=True)
class View:
    """One caller's way of seeing: `base` is the API's own address, `…/api/v1`."""

    clock: Clock
    language: str
    base: str

    def label(self, status: str) -> str:
        """A status in the caller's language; raw, both languages, when none was asked for."""
        if status not in STATUSES:
            return status
        _, english, norwegian = STATUSES[status]
        if self.language in ("no", "nb", "nn"):
            return norwegian
        return english if self.language else f'US:"{english}";NO:"{norwegian}"'


def session(office: Office, row: Session, view: View, *, links: bool = False) -> JSONDict:
    """`ChatSessionEntity`; with `_Links` only where the contract says so (E.1)."""
    date = view.clock.write
    carrier: JSONDict = {
        "ChatSessionId": row.id,
        "TopicId": row.topic_id,
        "User": somebody(office, row, row.user),
        "Person": linked(office, row, "Person", view),
        "CustomerAlias": row.name[:64] or None,
        "CustomerHost": row.host,
        "CustomerName": row.name,
        "CustomerEmail": row.email,
        "CustomerPhone": row.phone,
        "CustomerConsented": row.consented,
        "CustomerCompanyName": row.company,
        "Status": row.status,
        "FirstMessage": row.first_message,
        "LastMessage": row.last_message,
        "WhenRequested": date(row.requested),
        "WhenStarted": date(row.started),
        "WhenEnded": date(row.ended),
        "WhenIdle": date(row.idle),
        "WhenFetched": date(row.fetched),
        "SessionKey": row.key,
        "InitialQueuePos": row.queue_pos,
        "AlertLevel": row.alert_level,
        "Rank": row.rank,
        "Flags": row.flags,
        "Contact": linked(office, row, "Contact", view),
        "Project": linked(office, row, "Project", view),
        "Sale": linked(office, row, "Sale", view),
        "Ticket": linked(office, row, "Ticket", view),
        "TransferTo": somebody(office, row, row.transfer_to),
        "ChatbotIsActive": row.chatbot,
        "Rating": row.rating,
        "TableRight": None,
        "FieldProperties": {},
    }
    if links:
        carrier["_Links"] = {
            "Self": f"{view.base}/ChatSession/{row.id}",
            "Archive": f"{view.base}/ChatSession",
        }
    if row.odd:
        merged = {**carrier, **row.odd}
        return {name: value for name, value in merged.items() if value != ABSENT}
    return carrier


def as_object(office: Office, row: Session) -> bool:
    """Whether nobody is an object with id 0 in this session, rather than null (L 31)."""
    choice = office.options.nobody
    return choice == "object" or (choice == "mixed" and row.id % 3 == 0)


def somebody(office: Office, row: Session, associate_id: int | None) -> JSONDict | None:
    """An `Associate`, or nobody in one of its two ways."""
    person = office.people.get(associate_id or 0)
    if person is not None:
        return associate(person)
    return dict(crm.EMPTY["Associate"]) if as_object(office, row) else None


def linked(office: Office, row: Session, name: str, view: View) -> JSONDict | None:
    """A linked record, or none in one of its two ways."""
    record = office.crm[name].get(getattr(row, LINKS[name]))
    if record is not None:
        return crm.render(name, record, view.clock)
    return dict(crm.EMPTY[name]) if as_object(office, row) else None


def associate(person: Associate) -> JSONDict:
    """`Associate` (M.1)."""
    return {
        "AssociateId": person.id,
        "Name": person.initials,
        "PersonId": person.id + 100,
        "Rank": person.id,
        "Tooltip": person.full_name,
        "Type": person.type,
        "GroupIdx": person.group,
        "FullName": person.full_name,
        "FormalName": person.full_name,
        "Deleted": person.deleted,
        "EjUserId": person.ejuser,
        "UserName": person.user,
        "ExtraFields": None,
        "CustomFields": None,
        "TableRight": None,
        "FieldProperties": {},
    }


def message(row: Message, view: View) -> JSONDict:
    """`ChatMessage` (E.2); `WhenPosted` is UTC whatever zone was asked for."""
    carrier = {
        "ChatMessageId": row.id,
        "ChatSessionId": row.session_id,
        "Type": row.type,
        "Message": row.text,
        "Author": row.author,
        "ReadByCustomer": int(row.read),
        "SpecialType": row.special,
        "SpecialParam": row.param,
        "WhenPosted": view.clock.write_utc(row.posted),
    }
    return {**carrier, **row.odd} if row.odd else carrier


def member(office: Office, topic: Topic, row: Membership) -> JSONDict:
    """`ChatTopicAgent` (M.11)."""
    return {
        "TopicId": topic.id,
        "User": associate(office.people[row.associate_id]),
        "CanListen": row.can_listen,
        "CanRespond": row.can_respond,
        "CanManage": row.can_manage,
        "CanNotify": row.can_notify,
    }


def presence(office: Office, person: Associate) -> JSONDict:
    """`ChatPresence` (M.12); `UserId` is the ejuser id."""
    return {
        "UserId": person.ejuser,
        "DisplayName": person.full_name,
        "OngoingChats": sum(1 for _ in office.handled_by(person.id)),
        "Present": person.present,
        "ChatTopics": [t.id for t in office.topics.values() if person.id in t.members],
    }


def principal(office: Office, person: Associate) -> JSONDict:
    """`User/currentPrincipal` (B.5)."""
    return {
        "AssociateId": person.id,
        "Associate": person.initials,
        "UserName": person.user,
        "FullName": person.full_name,
        "EMailAddress": person.email,
        "PersonId": person.id + 100,
        "ContactId": 1,
        "GroupId": person.group,
        "SecondaryGroups": [],
        "RoleId": 1,
        "RoleName": "System" if person.is_system else "User level 0",
        "RoleType": "System" if person.is_system else "Employee",
        "UserType": person.type,
        "EjUserId": person.ejuser,
        "EjUserStatus": "StatusNormal",
        "FunctionRights": [],
        "Licenses": ["service-chat"],
        "DatabaseContextIdentifier": "Cust12345",
        "CountryId": 578,
        "HomeCountryId": 578,
        "BusinessId": 0,
        "CategoryId": 0,
        "IsPersonContact": False,
        "RoleDescription": "",
        "ProvidedCredentials": [],
        "TableRight": None,
        "FieldProperties": {},
    }


def list_item(number: int, name: str, *, extra: str = "", kind: str = "") -> JSONDict:
    """`MDOListItem` (E.4)."""
    return {
        "Id": number,
        "Name": name,
        "ToolTip": "",
        "Deleted": False,
        "Rank": number,
        "Type": kind,
        "ChildItems": [],
        "IconHint": "",
        "ColorBlock": 0,
        "ExtraInfo": extra,
        "StyleHint": "",
        "FullName": name,
        "TableRight": None,
        "FieldProperties": None,
    }
