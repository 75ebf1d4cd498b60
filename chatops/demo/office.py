"""The office: everything the stand-in knows, one lock around it, and the journal of what happened.

Rules that change it are in `rules.py`; how it looks from outside is in `carriers.py`.
"""

import threading
from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from chatops.demo.errors import not_found
from chatops.demo.records import MAX_ID, Associate, Membership, Message, Session, Topic

JOURNAL_LENGTH = 500_000  # entries kept; a long demo must not eat the machine's memory

Listener = Callable[[str, int, int, list[str], dict[str, Any]], None]


@dataclass(slots=True)
class Options:
    """Switches that make the stand-in odd in ways the contract leaves open (L)."""

    nobody: str = "mixed"  # `null`, `object` (id 0), or by session id (L 31)
    normalise: bool = False  # stored text comes back slightly changed
    halves: bool = False  # a change shows in part: what the documents promise of it, and no more
    patch_supported: bool = True  # L 12
    unmodified_since: bool = False  # C.4 says no for sessions; on, a stale header is 412
    dynamic_archive: bool = True  # L 19
    sees_all: bool = False  # every user sees every session
    tenant_state: str = "Running"
    clock_skew: float = 0.0  # seconds the office's clock is ahead
    valid_for: float = 300.0  # seconds until the tenant state's ValidUntil
    token_life: float = 3600.0  # seconds an access token lives
    ticket_life: float = 6 * 3600.0  # seconds a ticket lives after its last use (B.3)
    rotate_refresh_tokens: bool = False  # L 28
    expired_status: int = 401  # L 27: 401 or 403 for an expired access token
    calls_per_second: float = 0.0  # beyond it calls are 429; 0 is no limit
    dialect: list[str] = field(default_factory=list)  # other ways of saying the same: `dialects`
    webhook_lost: float = 0.0  # probability that an event is never sent
    webhook_doubled: float = 0.0
    webhook_shuffled: float = 0.0  # seconds of random delay, so that events overtake each other
    webhook_dialect: bool = False  # odd bodies and headers of events
    webhook_waits: list[float] = field(default_factory=lambda: [0.0, 1.0, 4.0])  # I.6


class Office:
    """State and look-ups. Hold `lock` while reading or changing anything."""

    def __init__(self, *, seed: int = 1) -> None:
        self.lock = threading.RLock()
        self.random = Random(seed)
        self.options = Options()
        self.sessions: dict[int, Session] = {}
        self.people: dict[int, Associate] = {}
        self.topics: dict[int, Topic] = {}
        self.crm: dict[str, dict[int, dict[str, Any]]] = {
            name: {} for name in ("Person", "Contact", "Project", "Sale", "Ticket")
        }
        self.session_ids = 48_000
        self.message_ids = 912_000
        self.journal: deque[dict[str, Any]] = deque(maxlen=JOURNAL_LENGTH)
        self.journal_number = 0
        self.version = 0  # grows with every effect; tells the saver that there is news
        self.listeners: list[Listener] = []
        self._ids: list[int] = []
        self._stale = False
        self._log: list[Message] = []

    def now(self) -> datetime:
        """The office's clock, aware and in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.options.clock_skew)

    def next_session_id(self) -> int:
        """A fresh id; ids ascend and are never used twice."""
        self.session_ids += 1
        return self.session_ids

    def next_message_id(self) -> int:
        """A fresh id, ascending over all sessions (H.1)."""
        self.message_ids += 1
        return self.message_ids

    def session(self, session_id: int) -> Session:
        """Raises `Answer` 404 for an id that is not there."""
        found = self.sessions.get(session_id)
        if found is None:
            raise not_found("ChatSession", session_id)
        return found

    def ids_above(self, after: int) -> list[int]:
        """Session ids greater than `after`, ascending: what makes paging by key cheap."""
        if self._stale:
            self._ids, self._stale = sorted(self.sessions), False
        return self._ids[bisect_right(self._ids, after) :]

    def add(self, session: Session) -> None:
        """Remember a new session."""
        self.sessions[session.id] = session
        self._stale = True

    def remove(self, session: Session) -> None:
        """Forget a session and its messages, as DELETE and the nightly clean-up do (L 33)."""
        del self.sessions[session.id]
        self._stale = True

    def add_message(self, session: Session, message: Message) -> None:
        """Remember a message, in its session and in the order of ids over all sessions."""
        session.messages.append(message)
        insort(self._log, message, key=lambda m: m.id)
        self.message_ids = max(self.message_ids, min(message.id, MAX_ID - 1_000_000))

    def messages_above(self, after: int) -> Iterator[Message]:
        """Messages of all sessions with an id greater than `after`, ascending."""
        start = bisect_right(self._log, after, key=lambda m: m.id)
        return (m for m in self._log[start:] if m.session_id in self.sessions)

    def topic(self, topic_id: int) -> Topic:
        """Raises `Answer` 404 for an id that is not there."""
        found = self.topics.get(topic_id)
        if found is None:
            raise not_found("ChatTopic", topic_id)
        return found

    def associate(self, who: int | str) -> Associate:
        """By associate id or user name. Raises `Answer` 404."""
        for person in self.people.values():
            if who == person.id or str(who).lower() in (str(person.id), person.user.lower()):
                return person
        raise not_found("Associate", who)

    def by_ejuser(self, ejuser: int) -> Associate | None:
        """The associate of a Service user id."""
        return next((p for p in self.people.values() if p.ejuser == ejuser and ejuser > 0), None)

    def role(self, person: Associate, topic_id: int) -> Membership | None:
        """The person's membership on the topic."""
        topic = self.topics.get(topic_id)
        return topic.members.get(person.id) if topic else None

    def may_see(self, person: Associate, session: Session) -> bool:
        """Channel roles decide (K.4); whoever handles or is offered a chat sees it too."""
        if person.is_system or self.options.sees_all:
            return True
        mine = person.id in (session.user, session.transfer_to)
        return mine or self.role(person, session.topic_id) is not None

    def handled_by(self, associate_id: int) -> Iterator[Session]:
        """The ongoing chats of an agent."""
        return (s for s in self.sessions.values() if s.user == associate_id and s.is_open)

    def waiting(self) -> list[Session]:
        """The queue, oldest first."""
        rows = (s for s in self.sessions.values() if s.status == "InQueue")
        return sorted(rows, key=lambda s: (s.requested, s.id))

    def effect(self, verb: str, session_id: int, user: str, **payload: Any) -> None:
        """Note an effect that was applied, in the order in which effects were applied."""
        self.version += 1
        if session_id in self.sessions:
            self.sessions[session_id].modified = self.now()
        self.note(
            {
                "kind": "effect",
                "verb": verb,
                "session": session_id,
                "user": user,
                "payload": payload,
            }
        )

    def note(self, entry: dict[str, Any]) -> None:
        """Append an entry to the journal, numbered and dated."""
        self.journal_number += 1
        self.journal.append({"number": self.journal_number, "at": self.now().isoformat(), **entry})

    def emit(self, event: str, session: Session, *, by: int, changes: list[str]) -> None:
        """Tell whoever listens (the webhooks) that something happened."""
        for listener in self.listeners:
            listener(event, session.id, by, changes, field_values(self, session))

    def raw(self, session: Session) -> dict[str, Any]:
        """The row as it is remembered, times as ISO texts: for tests, not in the contract."""
        row = asdict(session)
        for part in (row, *row["messages"]):
            for name, value in part.items():
                if isinstance(value, datetime):
                    part[name] = value.isoformat()
        return row


def field_values(office: Office, session: Session) -> dict[str, Any]:
    """`FieldValues` of a chat event, with the odd types of the vendor's sample (I.3)."""
    agent = office.people.get(session.user or 0)
    return {
        "AlertLevel": str(session.alert_level),
        "ChatbotIsactive": session.chatbot,
        "Consented": session.consented,
        "ContactId": str(session.contact_id),
        "CustomerAlias": session.name,
        "CustomerId": str(session.person_id),
        "Rating": session.rating,
        "TopicId": str(session.topic_id),
        "UserId": str(agent.ejuser if agent else -1),
    }
