"""The customer's side: somebody arrives, writes, rates, leaves, comes back.

No endpoint of the contract does this; scenes, life and the control door do. Lock held.
"""

from datetime import datetime

from chatops.demo.office import Office
from chatops.demo.records import Associate, Message, Session
from chatops.demo.rules import change_status, post, special

VISITOR = "203.0.113.7"


def arrive(
    office: Office,
    topic_id: int,
    name: str,
    *,
    email: str = "",
    phone: str = "",
    company: str = "",
    status: str = "InQueue",
    at: datetime | None = None,
    key: str = "",
    by: Associate | None = None,
) -> Session:
    """A new session on the topic, waiting unless said otherwise. `by`: somebody starts it through
    the API, so no widget asks for it."""
    office.topic(topic_id)
    session_id = office.next_session_id()
    now = at or office.now()
    session = Session(
        session_id,
        topic_id,
        status,
        now,
        name=name,
        email=email,
        phone=phone,
        company=company,
        idle=now,
        host="" if by else VISITOR,
        consented=by is None,
        fetched=None if by else now,
        queue_pos=len(office.waiting()) + 1,
        key=key or f"{office.random.getrandbits(128):032x}",
    )
    office.add(session)
    office.effect("created", session_id, by.user if by else "customer", topic=topic_id)
    office.emit("chatsession.created", session, by=by.id if by else 0, changes=[])
    special(office, session, "NewSession", author=name, by=by)
    return session


def say(office: Office, session: Session, text: str) -> Message:
    """The customer writes; a finished chat comes back to life where the channel allows (H.4)."""
    topic = office.topics.get(session.topic_id)
    if session.status == "Finished" and topic and topic.reopenable:
        special(office, session, "ReopenedByCustomer", author=session.name, by=None)
        session.ended = None
        change_status(office, session, "CustomerLast", by=0)
    session.fetched = office.now()
    for message in session.messages:
        message.read = message.read or message.type == "ToCustomer"
    return post(office, session, "ToUser", text, author=session.name, by=None)


def rate(office: Office, session: Session, stars: int) -> None:
    """One to five stars; no event tells of it (I.3)."""
    session.rating = stars
    office.effect("rate", session.id, "customer", stars=stars)


def poll(office: Office, session: Session) -> None:
    """The customer's widget asks again: `WhenFetched` moves, what was written counts as read."""
    session.fetched = office.now()
    for message in session.messages:
        message.read = message.read or message.type == "ToCustomer"
    office.version += 1
