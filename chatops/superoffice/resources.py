"""The smaller endpoint families: channels, users, presence, lists, archives, the server itself."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from chatops.superoffice import odata
from chatops.superoffice.entities.people import Associate, ChatPresence, Principal
from chatops.superoffice.entities.topics import ChatTopicAgent, ChatTopicEntity, ListItem
from chatops.superoffice.errors import NotFound, UnreadableAnswer
from chatops.superoffice.resource import Resource, one, several


class ChatTopics(Resource):
    """`client.topics`: chat channels (D.2). There is no list of all; see `Lists.channels`."""

    def for_current_user(self, *, deadline: float | None = None) -> list[ChatTopicEntity]:
        """The channels in which the caller has any role."""
        answer = self._send("GET", "ChatTopic/ForCurrentUser", deadline=deadline)
        return several(ChatTopicEntity, answer)

    def get(self, topic_id: int, *, deadline: float | None = None) -> ChatTopicEntity:
        """One channel; NotFound when there is none."""
        answer = self._send("GET", f"ChatTopic/{topic_id:d}", deadline=deadline)
        return one(ChatTopicEntity, answer)

    def members(self, topic_id: int, *, deadline: float | None = None) -> list[ChatTopicAgent]:
        """Who is on the channel, with their roles."""
        answer = self._send("GET", f"ChatTopic/{topic_id:d}/UserAgent", deadline=deadline)
        return several(ChatTopicAgent, answer)

    def member(self, topic_id: int, who: int | str) -> ChatTopicAgent:
        """One membership, by associate id or user name."""
        path = f"ChatTopic/{topic_id:d}/UserAgent/{quote(str(who), safe='')}"
        return one(ChatTopicAgent, self._send("GET", path))

    def agents(self, *, only_present: bool = False) -> list[ListItem]:
        """Who can be put on channels. Whose numbering the ids are in is open (L 38)."""
        answer = self._send(
            "GET", "ChatTopic/UserAgents", params={"flat": True, "onlyPresent": only_present}
        )
        return several(ListItem, answer)

    def is_open(self, topic_id: int, *, deadline: float | None = None) -> bool:
        """Whether the channel is within its opening hours, or has none."""
        answer = self._send("GET", f"ChatTopic/{topic_id:d}/IsOpen", deadline=deadline)
        if not isinstance(answer, bool):
            raise UnreadableAnswer("SuperOffice's answer is neither true nor false.")
        return answer

    def sessions(
        self,
        topic_id: int,
        *,
        filter: str | None = None,
        select: Sequence[str] = ("chatSessionId",),
        after: int = 0,
        top: int = 200,
        mode: odata.Mode = "Slim",
    ) -> Iterator[list[odata.Row]]:
        """Pages of the channel's sessions; newer servers only."""
        path = f"ChatTopic/{topic_id:d}/Sessions"
        return self._pages(path, select, filter=filter, after=after, top=top, mode=mode)


class Associates(Resource):
    """`client.associates`: users (B.5, D.4)."""

    def current_principal(self, *, deadline: float | None = None) -> Principal:
        """Who the credentials belong to, with both ids and the rights. Works Online too."""
        return one(Principal, self._send("GET", "User/currentPrincipal", deadline=deadline))

    def current_associate(self, *, deadline: float | None = None) -> Associate:
        """The associate the credentials belong to."""
        return one(Associate, self._send("GET", "User/currentAssociate", deadline=deadline))

    def list(
        self,
        *,
        select: Sequence[str] = ("associateDbId", "fullName", "personId", "personEmail"),
        top: int = 200,
        after: int = 0,
    ) -> Iterator[list[odata.Row]]:
        """Pages of all internal users, through the archive of that name [sample]."""
        path = "Archive/internalusers"
        return self._pages(path, select, key="associateDbId", top=top, after=after)


class Presence(Resource):
    """`client.presence`: who is there (D.3)."""

    def all(self, *, deadline: float | None = None) -> list[ChatPresence]:
        """Presence of all chat agents. Older servers have it under another path."""
        try:
            answer = self._send("GET", "Presence/GetAll", deadline=deadline)
        except NotFound:
            answer = self._send("GET", "ChatPresence/GetAll", deadline=deadline)
        return several(ChatPresence, answer)


class Lists(Resource):
    """`client.lists`: lists worth caching (D.4)."""

    def channels(self, *, deadline: float | None = None) -> list[ListItem]:
        """All channels; the item with id 0, "All", is left out."""
        answer = self._send("GET", "MDOList/chatchannel", params={"flat": True}, deadline=deadline)
        return [item for item in several(ListItem, answer) if item.id > 0]

    def statuses(self) -> list[ListItem]:
        """Session statuses: number, label in the request's language, enum name in `extra_info`."""
        return several(ListItem, self._send("GET", "MDOList/chatsessionstatus"))

    def users(self) -> list[ListItem]:
        """Chat users, by ejuser id."""
        return several(ListItem, self._send("GET", "MDOList/chatuser", params={"flat": True}))


class Archive(Resource):
    """`client.archive`: tables and archives behind the lists (G)."""

    def dynamic(
        self,
        select: Sequence[str],
        *,
        filter: str | None = None,
        after: int = 0,
        key: str | None = None,
        top: int = odata.LARGEST_PAGE,
        deadline: float | None = None,
    ) -> Iterator[list[odata.Row]]:
        """Pages of table rows by `table.field` names; the first name selected is the key.

        Not documented for the chat tables: prove it on the server first (G.6). ValueError for
        `session_key`, which is never read.
        """
        if any(name.endswith("session_key") for name in select):
            raise ValueError("The session key is a secret of the customer's and is never read.")
        return self._pages(
            "Archive/dynamic",
            select,
            key=key or select[0],
            filter=filter,
            after=after,
            top=top,
            deadline=deadline,
        )


class Service(Resource):
    """`client.service`: the server itself (A.3)."""

    def root(self, *, deadline: float | None = None) -> dict[str, Any]:
        """Version and addresses; answers without signing in, so it shows that the API is there."""
        return _object(self._send("GET", "/", deadline=deadline))

    def calls(self, *, deadline: float | None = None) -> dict[str, Any]:
        """Which calls this server has: address to `{VERB: help}`."""
        return _object(self._send("GET", "/v1", deadline=deadline))

    def time_zone(self, *, deadline: float | None = None) -> dict[str, Any]:
        """The zone the server converts to for this caller, where it has time zone support."""
        return _object(self._send("GET", "TimeZone/current", deadline=deadline))


def has_call(calls: dict[str, Any], method: str, ending: str) -> bool:
    """Whether a version document lists `method` on an address that ends with `ending`.

    `ending` is compared without case and with any parameter as `{}`: `ChatSession/{}`.
    """
    wanted = ending.lower().strip("/")
    for address, verbs in calls.items():
        plain = _PARAMETER.sub("{}", address.partition("?")[0]).lower().rstrip("/")
        if plain.endswith(f"/{wanted}") and isinstance(verbs, dict) and method in verbs:
            return True
    return False


_PARAMETER = re.compile(r"\{[^{}]*\}")


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise UnreadableAnswer("SuperOffice's answer is not an object.")
    return answer
