"""Chat sessions: every call of `ChatSession` that the contract has (D.1).

A 200 is not a success: compare what comes back with what was wanted. Actions happen as the
identity that signs. None in place of a session means that SuperOffice answered null.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from chatops.superoffice import odata, patching
from chatops.superoffice.entities.carrier import read_int, read_text
from chatops.superoffice.entities.chat import ChatMessage, ChatSessionEntity
from chatops.superoffice.entities.words import (
    OPEN_STATUSES,
    ChatMessageSpecialType,
    ChatMessageType,
    ChatSessionStatus,
)
from chatops.superoffice.errors import UnreadableAnswer
from chatops.superoffice.resource import Resource, maybe, one, several

NO_LIST = "SuperOffice's answer is not a list of messages."
_OPEN_NUMBERS = sorted(s.number for s in ChatSessionStatus if str(s) in OPEN_STATUSES)


#: The class below has a method called `list`, so its annotations cannot say `list[…]`.
SessionList = list[ChatSessionEntity]
MessageList = list[ChatMessage]


class OpenSession(NamedTuple):
    """A row of the open set (G.6 step 3)."""

    id: int
    #: Number of the status, as in ChatSessionStatus; None when the list did not give it.
    status: int | None
    last_message: str


class ChatSessions(Resource):
    """`client.sessions`."""

    # Reading

    def default(self) -> ChatSessionEntity:
        """A session with the server's defaults, id 0, not stored."""
        return one(ChatSessionEntity, self._send("GET", "ChatSession/default"))

    def list(
        self,
        *,
        filter: str | None = None,
        select: Sequence[str] = ("chatSessionId",),
        after: int = 0,
        top: int = 200,
        mode: odata.Mode = "Slim",
        deadline: float | None = None,
    ) -> Iterator[list[odata.Row]]:
        """Pages of the session list, by ascending id above `after`."""
        return self._pages(
            "ChatSession",
            select,
            filter=filter,
            after=after,
            top=top,
            mode=mode,
            deadline=deadline,
        )

    def ids(
        self, *, after: int = 0, top: int = odata.LARGEST_PAGE, deadline: float | None = None
    ) -> Iterator[int]:
        """The ids of all sessions above `after`, ascending; pages are fetched as needed."""
        for page in self.list(after=after, top=top, deadline=deadline):
            yield from (row.pk for row in page)

    def newest_id(self, *, deadline: float | None = None) -> int:
        """The highest id in the list, 0 when it is empty. It may be a minute old (G.5)."""
        answer = self._send(
            "GET",
            "ChatSession",
            params={
                "$select": ["chatSessionId"],
                "$orderBy": "chatSessionId desc",
                "$top": 1,
            },
            deadline=deadline,
        )
        return max((row.pk for row in odata.rows(answer)), default=0)

    def open(self, *, deadline: float | None = None) -> Iterator[OpenSession]:
        """The sessions whose status is open, with its number and the last message's text."""
        for page in self.list(
            filter=odata.one_of("status", _OPEN_NUMBERS),
            select=("chatSessionId", "status", "lastMessage"),
            mode="Full",
            top=odata.LARGEST_PAGE,
            deadline=deadline,
        ):
            yield from (_open_session(row) for row in page)

    def ended_since(self, when: datetime, *, deadline: float | None = None) -> Iterator[int]:
        """The ids of sessions that ended at or after `when`, ascending by id.

        In which zone SuperOffice reads the moment is open: ask from a day earlier (L 16).
        """
        ended = odata.at_or_after("whenEnded", when)
        for page in self.list(filter=ended, top=odata.LARGEST_PAGE, deadline=deadline):
            yield from (row.pk for row in page)

    def get(
        self,
        session_id: int,
        *,
        select: Sequence[str] | None = None,
        deadline: float | None = None,
    ) -> ChatSessionEntity:
        """One session. With `select`, whatever is not selected is null: do not store it (C.3).

        NotFound when it is gone. UnreadableAnswer when another session came back.
        """
        answer = self._send(
            "GET", f"ChatSession/{session_id:d}", params={"$select": select}, deadline=deadline
        )
        session = one(ChatSessionEntity, answer)
        self._same(session_id, session, selected=bool(select))
        return session

    def get_raw(self, session_id: int, *, deadline: float | None = None) -> bytes:
        """One session as the bytes that came, for a digest. They hold the SessionKey."""
        body = self._transport.send_raw("GET", f"ChatSession/{session_id:d}", deadline=deadline)
        if body is None:
            raise UnreadableAnswer("SuperOffice's answer holds no chat session.")
        return body

    def for_current_user(self, *, deadline: float | None = None) -> SessionList:
        """Sessions of the channels in which the caller has a role, transfers included.

        Whether closed ones are among them is open (L 20): absence means nothing.
        """
        return several(
            ChatSessionEntity, self._send("GET", "ChatSession/ForCurrentUser", deadline=deadline)
        )

    def messages(
        self, session_id: int, *, after: int = 0, deadline: float | None = None
    ) -> MessageList:
        """Messages with an id above `after`, by id. Read flags of older ones change unseen."""
        answer = self._send(
            "GET", _messages(session_id), params={"after": after}, deadline=deadline
        )
        if answer is None:  # an empty conversation is `[]`; taking this for one would lose it all
            raise UnreadableAnswer("SuperOffice's answer is not a list of messages.")
        found = several(ChatMessage, answer)
        return sorted((m for m in found if m.id > after), key=lambda message: message.id)

    def messages_raw(
        self, session_id: int, *, after: int = 0, deadline: float | None = None
    ) -> bytes:
        """The same as the bytes that came, for a digest; in the server's order."""
        body = self._transport.send_raw(
            "GET", _messages(session_id), params={"after": after}, deadline=deadline
        )
        if body is None:
            raise UnreadableAnswer(NO_LIST)
        return body

    def with_messages_raw(
        self, session_id: int, *, after: int = 0, deadline: float | None = None
    ) -> tuple[bytes, bytes]:
        """`get_raw` and `messages_raw` at the same moment: half the waiting."""
        messages = self._transport.read_ahead(
            _messages(session_id), params={"after": after}, deadline=deadline
        )
        body, listed = self.get_raw(session_id, deadline=deadline), messages()
        if listed is None:
            raise UnreadableAnswer(NO_LIST)
        return body, listed

    def transcript(
        self, session_id: int, *, html: bool = False, deadline: float | None = None
    ) -> str:
        """The conversation as text or HTML, made by SuperOffice. A POST that only reads."""
        answer = self._send(
            "POST",
            f"ChatSession/{session_id:d}/Transcript",
            params={"html": html},
            idempotent=True,
            deadline=deadline,
        )
        if answer is not None and not isinstance(answer, str):
            raise UnreadableAnswer("SuperOffice's answer is not a transcript.")
        return answer or ""

    # Acting. Each is sent once; NotSent and Refused mean that nothing happened.

    def send(
        self, session_id: int, *, text_html: str, author: str, deadline: float | None = None
    ) -> ChatMessage | None:
        """Post a message to the customer; the stored message, with its id.

        `text_html` is a fragment in which what a person typed is escaped already. There is no
        idempotency key: after OutcomeUnknown look for it, do not send again.
        """
        body = {
            "Type": str(ChatMessageType.TO_CUSTOMER),
            "Message": text_html,
            "Author": author,
            "SpecialType": str(ChatMessageSpecialType.NONE),
        }
        answer = self._send("POST", _messages(session_id), json=body, deadline=deadline)
        message = maybe(ChatMessage, answer)
        if message is not None and message.id <= 0:
            raise UnreadableAnswer("SuperOffice's answer holds no stored message.")
        return message

    def accept_transfer(
        self, session_id: int, *, deadline: float | None = None
    ) -> ChatSessionEntity | None:
        """Take over a chat offered to the caller. Done if `user` is the caller and no transfer
        is pending; without one, nothing happens."""
        return self._act(session_id, "AcceptTransfer", deadline)

    def reject_transfer(
        self, session_id: int, *, deadline: float | None = None
    ) -> ChatSessionEntity | None:
        """Decline a chat offered to the caller. Done if no transfer is pending any more."""
        return self._act(session_id, "RejectTransfer", deadline)

    def pick_up(
        self, session_id: int, *, deadline: float | None = None
    ) -> ChatSessionEntity | None:
        """Take a chat from the queue; the customer gets the welcome message.

        None when it was not in the queue: somebody was faster. Never repeat it.
        """
        return self._act(session_id, "Pickup", deadline)

    def pick_up_first(self, *, deadline: float | None = None) -> ChatSessionEntity | None:
        """Take the oldest waiting chat; None when nobody waits (L 3).

        The product does not use it: after a lost answer nothing tells which chat it took. It picks
        a session and uses `pick_up`.
        """
        return maybe(ChatSessionEntity, self._send("POST", "ChatSession/Pickup", deadline=deadline))

    def transfer(
        self, session_id: int, *, to: int | str, deadline: float | None = None
    ) -> ChatSessionEntity | None:
        """Ask an associate (id or user name) to take over. Done if `transfer_to` is that one;
        for a session of somebody else nothing happens."""
        target = quote(str(to), safe="")
        return self._act(session_id, f"TransferTo/{target}", deadline)

    def reset(self, session_id: int, *, deadline: float | None = None) -> ChatSessionEntity | None:
        """Put the session back on the queue; to the customer it looks like a restart."""
        return self._act(session_id, "Reset", deadline)

    def patch(
        self,
        session_id: int,
        changes: patching.Changes,
        *,
        select: Sequence[str] | None = None,
        deadline: float | None = None,
    ) -> ChatSessionEntity | None:
        """Change fields by JSON Patch (a list) or merge patch (a dict), contract F.

        Conflict when a `test` does not match. ValueError for operations SuperOffice does not have.
        A field that did not take is not an error here: compare what comes back.
        """
        answer = patching.send(
            self._transport,
            f"ChatSession/{session_id:d}",
            changes,
            params={"$select": select},
            deadline=deadline,
        )
        return self._same(session_id, maybe(ChatSessionEntity, answer), selected=bool(select))

    def create(self, topic_id: int, *, deadline: float | None = None) -> ChatSessionEntity | None:
        """Start a session on a channel."""
        answer = self._send("POST", f"ChatTopic/{topic_id:d}/Sessions", deadline=deadline)
        return maybe(ChatSessionEntity, answer)

    def delete(self, session_id: int, *, deadline: float | None = None) -> None:
        """Remove the session at SuperOffice."""
        self._send("DELETE", f"ChatSession/{session_id:d}", deadline=deadline)

    def _act(self, session_id: int, verb: str, deadline: float | None) -> ChatSessionEntity | None:
        answer = self._send("POST", f"ChatSession/{session_id:d}/{verb}", deadline=deadline)
        return self._same(session_id, maybe(ChatSessionEntity, answer))

    def _same(
        self, session_id: int, session: ChatSessionEntity | None, *, selected: bool = False
    ) -> ChatSessionEntity | None:
        """The answer, if it is about the session that was meant. `selected`: its id may be null."""
        if session is None or session.id == session_id or (selected and session.id == 0):
            return session
        raise UnreadableAnswer("SuperOffice answered with another chat session.")


def _messages(session_id: int) -> str:
    return f"ChatSession/{session_id:d}/Messages"


def _open_session(row: odata.Row) -> OpenSession:
    status = row.values.get("status")
    known = isinstance(status, int) or (isinstance(status, str) and status.isdecimal())
    return OpenSession(
        id=row.pk,
        status=read_int(status) if known else None,
        last_message=read_text(row.values.get("lastMessage")),
    )
