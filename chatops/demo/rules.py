"""What an associate's call does to a session: contract D.1, H.2, H.3.

Every function acts as `who` (the authenticated associate: there is no other "user"), returns
whether something happened, and is called with the office's lock held. Doing nothing is normal:
the endpoints answer 200 with the unchanged session then.
"""

import html
import re
import unicodedata
from datetime import datetime

from chatops.demo.office import Office
from chatops.demo.records import OPEN, WITH_AGENT, Associate, Message, Session

COPY_LENGTH = 1024  # FirstMessage and LastMessage are cut copies (E.1)


def accept_transfer(office: Office, session: Session, who: Associate) -> bool:
    """Make the session the caller's, if it is on offer to the caller; nothing otherwise."""
    if session.transfer_to != who.id or not session.is_open:
        return False
    before = session.user
    session.user, session.transfer_to = who.id, None
    session.rank = free_rank(office, session)
    office.effect("accept", session.id, who.user, taken_from=before)
    special(office, session, "TransferedSession", author=who.full_name, by=who)
    return True


def reject_transfer(office: Office, session: Session, who: Associate) -> bool:
    """Decline what is on offer to the caller; the session stays with its agent."""
    if session.transfer_to != who.id:
        return False
    session.transfer_to = None
    office.effect("reject", session.id, who.user, stays_with=session.user)
    special(office, session, "TransferRejected", author=who.full_name, by=who)
    return True


def transfer_to(office: Office, session: Session, who: Associate, target: Associate) -> bool:
    """Ask `target` to take over. A session that the caller does not own stays as it is (H.3)."""
    if session.user != who.id or not session.is_open or target.id == who.id or target.deleted:
        return False
    session.transfer_to = target.id
    office.effect("transfer", session.id, who.user, to=target.id)
    return True


def pick_up(office: Office, session: Session, who: Associate) -> bool:
    """Take the session from the queue and greet the customer. Only one caller can win."""
    if session.status != "InQueue" or not can_respond(office, who, session):
        return False
    now = office.now()
    session.user, session.started = who.id, now
    session.status = session.status if office.options.halves else "CustomerLast"
    session.rank = free_rank(office, session)
    office.effect("pickup", session.id, who.user)
    office.emit("chatsession.changed", session, by=who.id, changes=[])
    topic = office.topics.get(session.topic_id)
    if topic:
        topic.last_accept = now
    if topic and topic.welcome:
        post(
            office,
            session,
            "ToCustomer",
            topic.welcome,
            author=who.full_name,
            by=who,
            kind="Welcome",
        )
    return True


def pick_up_first(office: Office, who: Associate) -> Session | None:
    """Take the oldest waiting session among the caller's topics (D.1, 13)."""
    for session in office.waiting():
        if pick_up(office, session, who):
            return session
    return None


def reset(office: Office, session: Session, who: Associate) -> bool:
    """Back on the queue, or to the offline form when nobody is there; the bot goes silent."""
    if not session.is_open:
        return False
    topic = office.topics.get(session.topic_id)
    members = topic.members if topic else {}
    somebody = any(office.people[m].present for m in members if m in office.people)
    session.transfer_to, session.rank, session.chatbot = None, 0, False
    session.started = None
    if not office.options.halves:
        session.user = None
    office.effect("reset", session.id, who.user)
    change_status(office, session, "InQueue" if somebody else "OfflineForm", by=who.id)
    return True


def end(office: Office, session: Session, who: Associate | None, *, marker: str = "") -> bool:
    """End the chat; `marker` is the special message that tells who did, if one is written."""
    if session.status not in OPEN:
        return False
    if marker:
        special(office, session, marker, author=who.full_name if who else session.name, by=who)
    session.transfer_to, session.rank = None, 0
    session.ended = None if office.options.halves else office.now()
    office.effect("end", session.id, who.user if who else "customer", marker=marker)
    left = session.status == "InQueue" and marker == "ClosedByCustomer"
    change_status(
        office, session, "ClosedFromQueue" if left else "Finished", by=who.id if who else 0
    )
    return True


def send(office: Office, session: Session, who: Associate, body: dict[str, object]) -> Message:
    """Store a message as the caller sent it; ids and `WhenPosted` of the body are ignored."""
    text = str(body.get("Message") or "")
    return post(
        office,
        session,
        str(body.get("Type") or "Invalid"),
        normalised(text) if office.options.normalise else text,
        author=str(body.get("Author") or ""),
        by=who,
        kind=str(body.get("SpecialType") or "None"),
        param=str(body.get("SpecialParam") or ""),
    )


def post(
    office: Office,
    session: Session,
    direction: str,
    text: str,
    *,
    author: str,
    by: Associate | None,
    kind: str = "None",
    param: str = "",
    at: datetime | None = None,
) -> Message:
    """Add a message and let the session follow: status 5 or 6, the copies, `WhenIdle`."""
    message = Message(
        office.next_message_id(),
        session.id,
        direction,
        text,
        author,
        at or office.now(),
        special=kind,
        param=param,
        created_by=by.ejuser if by else -1,
    )
    office.add_message(session, message)
    if direction in ("ToCustomer", "ToUser"):
        session.first_message = session.first_message or text[:COPY_LENGTH]
        session.last_message = text[:COPY_LENGTH]
        session.idle = message.posted
    office.effect(
        "message",
        session.id,
        by.user if by else "customer",
        message=message.id,
        type=direction,
        author=author,
        text=text,
        special=kind,
    )
    office.emit("chatsession.message", session, by=by.id if by else 0, changes=MESSAGE_CHANGES)
    moves = {"ToUser": "CustomerLast", "ToCustomer": "UserLast"}
    if session.status in WITH_AGENT and direction in moves:
        change_status(office, session, moves[direction], by=by.id if by else 0)
    return message


def special(
    office: Office, session: Session, kind: str, *, author: str, by: Associate | None
) -> None:
    """A system message; it moves neither the status nor the copies."""
    post(office, session, "Special", "", author=author, by=by, kind=kind)


def change_status(office: Office, session: Session, status: str, *, by: int) -> None:
    """Set the status; an event goes out only when it is another one (I.3)."""
    if session.status == status:
        return
    session.status = status
    office.effect("status", session.id, str(by), status=status)
    office.emit("chatsession.changed", session, by=by, changes=[])


def can_respond(office: Office, who: Associate, session: Session) -> bool:
    """Whether the caller may answer chats of the channel; a system user may do all (B.3)."""
    role = office.role(who, session.topic_id)
    return who.is_system or bool(role and (role.can_respond or role.can_manage))


def free_rank(office: Office, session: Session) -> int:
    """The lowest number from 1 that no other active chat of the agent has (E.1)."""
    taken = {s.rank for s in office.handled_by(session.user or 0) if s.id != session.id}
    return next(n for n in range(1, len(taken) + 2) if n not in taken)


def normalised(text: str) -> str:
    """A text as a service may give it back: decomposed entities, NFC, spaces collapsed."""
    return unicodedata.normalize("NFC", re.sub(r"[ \t]+", " ", html.unescape(text)).strip())


MESSAGE_CHANGES = [
    "chatSession.topicId",
    "chatSession.userId",
    "chatSession.customerId",
    "chatSession.customerName",
    "chatSession.customerEmail",
    "chatSession.companyName",
    "chatSession.customerPhone",
    "chatMessage.sessionId",
    "chatMessage.id",
    "chatMessage.message",
    "chatMessage.type",
    "chatMessage.specialType",
    "chatMessage.specialParam",
    "chatMessage.author",
]
