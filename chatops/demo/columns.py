"""The columns of the archives: contract G.2 for sessions, G.6 for the dynamic one.

A column is a function from a row to its raw value. What the stand-in has no data for is a column
all the same and holds nothing.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chatops.demo.hooks import Hook
from chatops.demo.office import Office
from chatops.demo.records import (
    MESSAGE_TYPES,
    SPECIAL_TYPES,
    STATUSES,
    Associate,
    Message,
    Session,
    Topic,
)

Column = Callable[[Any], Any]


def session_columns(office: Office) -> dict[str, Column]:
    """`ChatSession`, `FindChatSession`, `SimpleChatSession`: the same columns."""

    def agent(session: Session) -> Associate | None:
        return office.people.get(session.user or 0)

    def topic(session: Session, name: str) -> Any:
        found = office.topics.get(session.topic_id)
        return getattr(found, name) if found else None

    def crm(session: Session, carrier: str, name: str) -> Any:
        number = session.person_id if carrier == "Person" else session.contact_id
        return office.crm[carrier].get(number, {}).get(name)

    return {
        "chatSessionId": lambda s: s.id,
        "firstMessage": lambda s: s.first_message,
        "lastMessage": lambda s: s.last_message,
        "whenRequested": lambda s: s.requested,
        "whenStarted": lambda s: s.started,
        "whenEnded": lambda s: s.ended,
        "duration": lambda s: span(s.started, s.ended),
        "timeInQueue": lambda s: span(s.requested, s.started),
        "queueLength": lambda s: s.queue_pos,
        "rating": lambda s: s.rating,
        "agent": lambda s: a.ejuser if (a := agent(s)) else -1,
        "status": lambda s: STATUSES.get(s.status, (0,))[0],
        "associateId": lambda s: s.user or 0,
        "contactId": lambda s: s.contact_id,
        "personId": lambda s: s.person_id,
        "date": lambda s: s.requested,
        "registeredDate": lambda s: s.requested,
        "updatedDate": lambda s: s.requested,  # does not tell of changes (L 15)
        "type": lambda s: "Chat",
        "text": lambda s: s.first_message,
        "chatTopic/chatTopicId": lambda s: s.topic_id,
        "chatTopic/name": lambda s: topic(s, "name"),
        "chatTopic/description": lambda s: topic(s, "description"),
        "associate/associateDbId": lambda s: s.user,
        "associate/fullName": lambda s: a.full_name if (a := agent(s)) else None,
        "associate/ejUserId": lambda s: a.ejuser if (a := agent(s)) else None,
        "associate/isActive": lambda s: int(not a.deleted) if (a := agent(s)) else None,
        "person/personId": lambda s: s.person_id,
        "person/fullName": lambda s: crm(s, "Person", "FullName"),
        "contact/contactId": lambda s: s.contact_id,
        "contact/name": lambda s: crm(s, "Contact", "Name"),
    }


def span(start: Any, stop: Any) -> int | None:
    """Whole seconds between two times, none when one is missing."""
    return int((stop - start) / timedelta(seconds=1)) if start and stop else None


def ejuser(office: Office, associate_id: int | None) -> int:
    """The Service user behind an associate, -1 for nobody (B.5)."""
    found = office.people.get(associate_id or 0)
    return found.ejuser if found else -1


def chat_session_table(office: Office) -> dict[str, Column]:
    """The table `chat_session`; `session_key` is really there, whoever asks gets it."""
    return {
        "id": lambda s: s.id,
        "topic_id": lambda s: s.topic_id,
        "user_id": lambda s: ejuser(office, s.user),
        "customer_id": lambda s: s.person_id,
        "customer_alias": lambda s: s.name[:64],
        "status": lambda s: STATUSES.get(s.status, (0,))[0],
        "when_requested": lambda s: s.requested,
        "when_started": lambda s: s.started,
        "when_ended": lambda s: s.ended,
        "idle": lambda s: s.idle,
        "customer_fetch": lambda s: s.fetched,
        "session_key": lambda s: s.key,
        "initial_queue_pos": lambda s: s.queue_pos,
        "customer_host": lambda s: s.host,
        "alert_level": lambda s: s.alert_level,
        "rank": lambda s: s.rank,
        "name": lambda s: s.name,
        "company_name": lambda s: s.company,
        "email": lambda s: s.email,
        "phone": lambda s: s.phone,
        "first_message": lambda s: s.first_message,
        "last_message": lambda s: s.last_message,
        "flags": lambda s: 0,
        "project_id": lambda s: s.project_id,
        "sale_id": lambda s: s.sale_id,
        "ticket_id": lambda s: s.ticket_id,
        "contact_id": lambda s: s.contact_id,
        "transfer_to": lambda s: ejuser(office, s.transfer_to),
        "consented": lambda s: int(s.consented),
        "chatbot_isactive": lambda s: int(s.chatbot),
        "country": lambda s: 0,
        "rating": lambda s: s.rating,
    }


CHAT_MESSAGE_TABLE: dict[str, Callable[[Message], Any]] = {
    "id": lambda m: m.id,
    "session_id": lambda m: m.session_id,
    "message": lambda m: m.text,
    "when_posted": lambda m: m.posted,
    "special_type": lambda m: SPECIAL_TYPES.get(m.special, 0),
    "special_param": lambda m: m.param,
    "read_by_customer": lambda m: int(m.read),
    "type": lambda m: MESSAGE_TYPES.get(m.type, 0),
    "author": lambda m: m.author,
    "created_by": lambda m: m.created_by,
}
CHAT_TOPIC_TABLE: dict[str, Callable[[Topic], Any]] = {
    "id": lambda t: t.id,
    "name": lambda t: t.name,
    "description": lambda t: t.description,
}


def chat_topic_user_table(office: Office) -> dict[str, Column]:
    """The table `chat_topic_user`; a row here is a topic with one of its members."""
    return {
        "id": lambda row: row[0].id * 10_000 + row[1].associate_id,
        "user_id": lambda row: ejuser(office, row[1].associate_id),
        "topic_id": lambda row: row[0].id,
        "can_respond": lambda row: int(row[1].can_respond),
        "notifications": lambda row: int(row[1].can_notify),
        "can_listen": lambda row: int(row[1].can_listen),
        "manager": lambda row: int(row[1].can_manage),
    }


WEBHOOK_USAGE_TABLE: dict[str, Callable[[Hook], Any]] = {
    "webhook_usage_id": lambda h: h.id,
    "total_calls": lambda h: h.calls,
    "total_errors": lambda h: h.errors,
    "consecutive_errors": lambda h: h.in_a_row,
    "last_error": lambda h: h.last_error,
}
USER_COLUMNS: dict[str, Callable[[Associate], Any]] = {
    "associateDbId": lambda a: a.id,
    "associateId": lambda a: a.id,
    "name": lambda a: a.initials,
    "fullName": lambda a: a.full_name,
    "userName": lambda a: a.user,
    "personId": lambda a: a.id + 100,
    "personEmail": lambda a: a.email,
    "ejUserId": lambda a: a.ejuser,
    "isActive": lambda a: int(not a.deleted),
    "deleted": lambda a: int(a.deleted),
    "usergroupId": lambda a: a.group,
}
