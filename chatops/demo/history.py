"""Writes a past: sessions and messages dated back, without events or journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chatops.demo.office import Office
from chatops.demo.records import Associate, Message, Session
from chatops.demo.rules import COPY_LENGTH, free_rank


@dataclass(slots=True)
class Visitor:
    """A customer as typed into the form, with the linked person, company and request."""

    name: str
    email: str = ""
    phone: str = ""
    company: str = ""
    person_id: int = 0
    contact_id: int = 0
    ticket_id: int = 0


def visit(office: Office, topic_id: int, who: Visitor, at: datetime) -> Session:
    """A session that began at that time, waiting."""
    number = office.next_session_id()
    session = Session(
        number,
        topic_id,
        "InQueue",
        at,
        who.name,
        who.email,
        who.phone,
        who.company,
        host=f"198.51.100.{number % 250 + 1}",
        consented=number % 7 != 0,
        idle=at,
        fetched=at,
        key=f"{office.random.getrandbits(128):032x}",
        queue_pos=number % 4 + 1,
        person_id=who.person_id,
        contact_id=who.contact_id,
        ticket_id=who.ticket_id,
    )
    office.add(session)
    write(office, session, "Special", "", at, author=who.name, special="NewSession")
    return session


def write(
    office: Office,
    session: Session,
    direction: str,
    text: str,
    at: datetime,
    *,
    author: str,
    by: Associate | None = None,
    special: str = "None",
    param: str = "",
) -> Message:
    """A message of that time; the session's copies, times and status follow it."""
    message = Message(
        office.next_message_id(),
        session.id,
        direction,
        text,
        author,
        at,
        special,
        param,
        read=direction == "ToCustomer",
        created_by=by.ejuser if by else -1,
    )
    office.add_message(session, message)
    if direction != "Special":
        session.first_message = session.first_message or text[:COPY_LENGTH]
        session.last_message, session.idle = text[:COPY_LENGTH], at
        if session.user:
            session.status = "UserLast" if direction == "ToCustomer" else "CustomerLast"
    session.fetched = max(session.fetched or at, at)
    return message


def picked_up(office: Office, session: Session, agent: Associate, at: datetime) -> None:
    """An agent took it: welcome text, start time, rank."""
    session.user, session.started = agent.id, at
    session.rank = free_rank(office, session)
    topic = office.topic(session.topic_id)
    topic.last_accept = max(topic.last_accept or at, at)
    write(
        office,
        session,
        "ToCustomer",
        topic.welcome,
        at,
        author=agent.full_name,
        by=agent,
        special="Welcome",
    )


def talk(
    office: Office, session: Session, agent: Associate, lines: Sequence[str], at: datetime
) -> datetime:
    """Lines of `phrases.CONVERSATIONS`, half a minute apart; when the last one was written."""
    for line in lines:
        at += timedelta(seconds=12 + office.random.random() * 40)
        mine = line[0] == "a"
        write(
            office,
            session,
            "ToCustomer" if mine else "ToUser",
            line[2:],
            at,
            author=agent.full_name if mine else session.name,
            by=agent if mine else None,
        )
    return at


def finish(
    office: Office, session: Session, at: datetime, *, marker: str, status: str = "Finished"
) -> None:
    """The end of it, with the special message that tells who ended it."""
    write(office, session, "Special", "", at, author="", special=marker)
    session.ended, session.status, session.transfer_to, session.rank = at, status, None, 0
