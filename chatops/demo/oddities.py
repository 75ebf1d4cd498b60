"""Extreme values: what is allowed by the contract and breaks programs that did not expect it."""

from datetime import UTC, datetime, timedelta

from chatops.demo import history, phrases
from chatops.demo.carriers import ABSENT
from chatops.demo.history import Visitor
from chatops.demo.office import Office
from chatops.demo.records import MAX_ID, SPECIAL_TYPES, Message, Session

TEXTS = {
    "Url": ('Here is the guide: <a href="https://docs.example/guide">the guide</a>', ""),
    "Error": ("The message could not be delivered", ""),
    "FaqSuccessQuestion": ("Did this answer help you?", ""),
    "ClickedOption": ("Talk to a person", ""),
    "BotMessage": ("Hi, I am the bot. What is it about?", "showAt=2026-03-02T09:15:27.1234567Z"),
    "Options": ("Please choose", '["Order", "Invoice", "Talk to a person"]'),
    "IllegalFileType": ("setup.exe", ""),
    "None": ("Ordinary text with <b>bold</b>, <i>italic</i><br>and a second line", ""),
    "Welcome": ("Welcome to Support!", ""),
}


def every_special_type(office: Office, at: datetime) -> Session:
    """A finished conversation with each of the special types once."""
    mia = office.associate("mia")
    who = Visitor(
        "Ingrid Solberg",
        "ingrid.solberg@nordlys.example",
        "+47 555 01 101",
        "Nordlys Bakeri AS",
        1001,
        2001,
        3001,
    )
    session = history.visit(office, 7, who, at)
    session.project_id, session.sale_id = 4001, 5001
    session.user, session.started = mia.id, at + timedelta(seconds=30)
    bot = ("BotMessage", "Options", "ClickedOption", "FaqSuccessQuestion", "Url")
    closing = (
        "ClosedByIdle",
        "ReopenedByCustomer",
        "ClosedByCustomer",
        "ClosedByUser",
        "SessionDeleted",
    )
    middle = [s for s in SPECIAL_TYPES if s not in (*bot, *closing, "NewSession")]
    for index, special in enumerate((*bot, *middle, *closing)):
        text, param = TEXTS.get(special, ("", ""))
        direction = "ToCustomer" if special in (*bot, "Welcome", "None") else "Special"
        if special == "ClickedOption":
            direction = "ToUser"
        author = session.name if direction == "ToUser" else mia.full_name
        history.write(
            office,
            session,
            direction,
            text,
            at + timedelta(seconds=30 + 15 * index),
            author="Bot" if special in bot and direction == "ToCustomer" else author,
            by=None if direction == "ToUser" else mia,
            special=special,
            param=param,
        )
    session.status, session.ended, session.rating = "Finished", at + timedelta(minutes=6), 4
    return session


def hostile_texts(office: Office, at: datetime) -> Session:
    """A finished conversation in which the customer tries everything."""
    ola = office.associate("ola")
    who = Visitor(
        "<img src=x onerror=alert(1)>",
        '"><script>@evil.example',
        "+47 'x' 555",
        "Robert'); DROP TABLE Companies;--",
    )
    session = history.visit(office, 7, who, at)
    history.picked_up(office, session, ola, at + timedelta(seconds=20))
    for index, text in enumerate(phrases.HOSTILE):
        history.write(
            office,
            session,
            "ToUser",
            text,
            at + timedelta(seconds=40 + 20 * index),
            author=who.name,
        )
    history.write(
        office,
        session,
        "ToCustomer",
        "Thank you, we will have a look.",
        at + timedelta(minutes=4),
        author=ola.full_name,
        by=ola,
    )
    history.finish(office, session, at + timedelta(minutes=5), marker="ClosedByUser")
    session.rating = 1
    return session


def extra_line(office: Office, session: Session, index: int, at: datetime) -> None:
    """One unusual message somewhere in an ordinary conversation."""
    kinds = ("Url", "TransferedSession", "Options", "IllegalFileType", "ReopenedByCustomer")
    kind = kinds[index % len(kinds)]
    text, param = TEXTS.get(kind, ("", ""))
    history.write(
        office,
        session,
        "Special",
        text,
        at + timedelta(seconds=15),
        author=session.name,
        special=kind,
        param=param,
    )


def fill(office: Office) -> None:
    """The scene `odd`: every session is one way in which a carrier may surprise."""
    at = datetime(2026, 3, 2, 9, 1, 12, 123456, tzinfo=UTC)
    mia = office.associate("mia")
    every_special_type(office, at)
    hostile_texts(office, at)
    ways: list[dict[str, object]] = [
        {},
        {"Status": "Paused", "Flags": "CustomerIsTyping, UserIsTyping", "NewField": {"A": [1]}},
        {"User": ABSENT, "TransferTo": ABSENT, "ChatbotIsActive": ABSENT, "Rating": ABSENT},
        {
            "WhenRequested": "1760-01-01T00:00:00",
            "WhenIdle": "0001-01-01T00:00:00+00:00",
            "WhenStarted": "1760-01-01T00:00:00Z",
            "WhenFetched": None,
        },
        {
            "WhenRequested": "2026-03-02T09:15:27.1234567Z",
            "WhenIdle": "2026-03-02T10:15:27+0100",
            "WhenFetched": "9999-12-31T23:59:59.9999999-12:00",
        },
        {"User": {"AssociateId": 0}, "TransferTo": {"AssociateId": -1}, "FieldProperties": None},
        {
            "CustomerName": None,
            "CustomerEmail": None,
            "FirstMessage": None,
            "LastMessage": None,
            "TableRight": {"Mask": "URU", "Reason": "x"},
        },
        {
            "CustomerName": "مرحبا \u202eevil\u202c 👩‍👩‍👧‍👦 é e\u0301",
            "CustomerPhone": "１２３",
            "Rating": 2147483647,
            "AlertLevel": -2147483648,
            "Rank": 0,
        },
        {"Flags": "3", "Status": 5, "CustomerConsented": None, "TopicId": 0},
    ]
    for index, way in enumerate(ways):
        who = Visitor(f"Odd {index}", f"odd{index}@odd.example")
        session = history.visit(office, 7, who, at + timedelta(minutes=index))
        history.picked_up(office, session, mia, at + timedelta(minutes=index, seconds=9))
        session.odd = way
        line = history.write(
            office,
            session,
            "ToUser",
            phrases.HOSTILE[index % 7],
            at + timedelta(minutes=index, seconds=30),
            author=who.name,
        )
        line.odd = MESSAGES[index % len(MESSAGES)]
    huge_ids(office, at)


MESSAGES: tuple[dict[str, object], ...] = (
    {},
    {"SpecialType": "Hologram", "Type": "ToNobody", "NewField": 1},
    {"Message": None, "Author": None, "SpecialParam": None},
    {"WhenPosted": "2026-03-02T09:15:27.1234567Z"},
    {"WhenPosted": "2026-03-02T09:15:27.1", "ReadByCustomer": 3},
    {"SpecialParam": "not json [", "SpecialType": "Options"},
)


def huge_ids(office: Office, at: datetime) -> None:
    """A session and a message at the end of int32; ids go on below them."""
    session = Session(MAX_ID, 7, "InQueue", at, name="Last of all", idle=at, fetched=at, key="k")
    office.add(session)
    office.add_message(
        session, Message(MAX_ID, MAX_ID, "ToUser", "The last id there is", "Last of all", at)
    )
