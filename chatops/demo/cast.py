"""Who works here, on which topics, and the records that chats are linked to."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chatops.demo.office import Office
from chatops.demo.records import Associate, Membership, Topic

# Associate id, ejuser id, user, initials, full name; the password is the user name and `-demo`.
PEOPLE = (
    (17, 9, "mia", "MIB", "Mia Berg"),
    (18, 10, "ola", "OLN", "Ola Nordli"),
    (19, 11, "kari", "KAL", "Kari Lunde"),
    (20, 12, "jonas", "JOH", "Jonas Haugen"),
    (21, 13, "sara", "SAV", "Sara Vik"),
)
SYSTEM = Associate(
    3,
    0,
    "integration",
    "integration-demo",
    "SYS",
    "chatops integration",
    "integration@fjordfjell.example",
    type="SystemAssociate",
    group=1,
)
TOPICS = (
    (
        7,
        "Support",
        "Help with the product",
        "Welcome to Support! I am reading your question now.",
        ("mia", "ola", "jonas", "sara"),
    ),
    (
        8,
        "Sales",
        "Prices, offers, new customers",
        "Hi, and thank you for getting in touch with Sales.",
        ("mia", "ola", "sara"),
    ),
    (
        9,
        "Billing",
        "Invoices and payment",
        "Hello! Please have your invoice number ready.",
        ("ola", "jonas"),
    ),
)
MANAGER = "kari"


def hire(office: Office) -> None:
    """Put the people, topics and linked records into the office."""
    office.people[SYSTEM.id] = Associate(
        SYSTEM.id,
        SYSTEM.ejuser,
        SYSTEM.user,
        SYSTEM.password,
        SYSTEM.initials,
        SYSTEM.full_name,
        SYSTEM.email,
        SYSTEM.type,
        SYSTEM.group,
    )
    for number, ejuser, user, initials, name in PEOPLE:
        office.people[number] = Associate(
            number, ejuser, user, f"{user}-demo", initials, name, f"{user}@fjordfjell.example"
        )
    for number, name, description, welcome, users in TOPICS:
        topic = Topic(number, name, description, welcome)
        for user in users:
            person = office.associate(user)
            topic.members[person.id] = Membership(person.id)
        manager = office.associate(MANAGER)
        topic.members[manager.id] = Membership(
            manager.id, can_respond=True, can_listen=True, can_manage=True
        )
        office.topics[number] = topic
    link_records(office)


CUSTOMERS = (
    ("Ingrid Solberg", "ingrid.solberg@nordlys.example", "+47 555 01 101", "Nordlys Bakeri AS"),
    ("Peter Ashworth", "p.ashworth@ashworth.example", "+44 555 0102", "Ashworth & Sons Ltd"),
    ("Lars Eriksen", "lars@eriksenror.example", "+47 555 01 103", "Eriksen Rør AS"),
    ("Amélie Dubois", "amelie@dubois.example", "+33 555 0104", "Atelier Dubois"),
    ("Nora Dahl", "nora.dahl@fjordhotell.example", "+47 555 01 105", "Fjordhotellet Drift AS"),
    ("Tomasz Kowalski", "t.kowalski@kowalski.example", "+48 555 0106", "Kowalski Transport"),
    ("Hanna Lindqvist", "hanna@lindqvist.example", "+46 555 0107", "Lindqvist Redovisning"),
    ("Samuel Osei", "samuel.osei@osei.example", "+233 555 0108", ""),
    ("Grace O'Connor", "grace@oconnor.example", "+353 555 0109", "O'Connor Dairy"),
    ("Henrik Aas", "henrik.aas@aaselektro.example", "", "Aas Elektro AS"),
    ("Yuki Tanaka", "yuki@tanaka.example", "+81 555 0110", "田中デザイン"),
    ("Marie Skjølberg", "marie@skjolberg.example", "+47 555 01 111", "Skjølberg Optikk"),
)


_START = datetime(2026, 1, 12, 8, 30, tzinfo=UTC)
_PROJECT: dict[str, Any] = {
    "ProjectId": 4001,
    "Name": "Spring launch",
    "ProjectNumber": "P-4001",
    "Status": "Active",
    "Type": "Campaign",
    "AssociateId": 19,
    "AssociateFullName": "Kari Lunde",
    "Updated": _START,
}
_SALE: dict[str, Any] = {
    "SaleId": 5001,
    "Title": "Twenty licences",
    "Status": "Open",
    "Completed": "NotStarted",
    "Amount": 48000.0,
    "Currency": "NOK",
    "Probability": 60,
    "WeightedAmount": 28800.0,
    "SaleDate": _START + timedelta(days=90),
    "AssociateId": 18,
    "Number": "S-5001",
    "AssociateFullName": "Ola Nordli",
    "ContactName": CUSTOMERS[0][3],
}


def link_records(office: Office) -> None:
    """Persons and companies for the customers that are known, some requests, a project, a sale."""
    for index, (name, email, phone, company) in enumerate(CUSTOMERS[:9]):
        contact = 2001 + index if company else 0
        office.crm["Person"][1001 + index] = {
            "PersonId": 1001 + index,
            "ContactId": contact,
            **_person(name, email, phone, company),
        }
        if company:
            office.crm["Contact"][contact] = {
                "ContactId": contact,
                "OrgNr": f"9{index}8 765 432",
                **_contact(email, phone, company),
            }
        office.crm["Ticket"][3001 + index] = {
            "TicketId": 3001 + index,
            "CreatedAt": _START + timedelta(days=index),
            **_ticket(name, email, company),
        }
    office.crm["Project"][_PROJECT["ProjectId"]] = dict(_PROJECT)
    office.crm["Sale"][_SALE["SaleId"]] = dict(_SALE)


def _person(name: str, email: str, phone: str, company: str) -> dict[str, Any]:
    first, _, last = name.partition(" ")
    return {
        "Firstname": first,
        "Lastname": last,
        "FullName": name,
        "FormalName": name,
        "Email": email,
        "MobilePhone": phone,
        "ContactName": company,
        "ContactFullName": company,
        "CountryId": 578,
    }


def _contact(email: str, phone: str, company: str) -> dict[str, Any]:
    return {
        "Name": company,
        "FullName": company,
        "Department": "",
        "City": "Oslo",
        "EmailAddress": email,
        "DirectPhone": phone,
        "AssociateId": 18,
        "AssociateFullName": "Ola Nordli",
        "CategoryName": "Customer",
        "CountryId": 578,
        "CountryName": "Norway",
    }


def _ticket(name: str, email: str, company: str) -> dict[str, Any]:
    return {
        "Title": f"Follow-up for {company or name}",
        "Author": email,
        "CreatedBy": 9,
        "CreatedByName": "Mia Berg",
        "OwnedBy": 9,
        "OwnedByName": "Mia Berg",
        "OwnedByAssociateId": 17,
        "CategoryName": "Support",
        "CategoryFullname": "Support",
        "PriorityName": "Medium",
        "TicketStatus": 1,
        "TicketStatusDisplayValue": "Open",
        "PersonFullname": name,
        "ContactName": company,
    }
