"""A slice of the sessions: what a number counts, and what the link behind the number opens.

The numbers, the list of sessions and the export apply the same slice, so a number and its rows
cannot drift apart. A slice travels as the parameters of an address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import ExtractHour
from django.utils import timezone

from chatops.mirror.models import ChatMessage
from chatops.mirror.querysets import ChatSessionQuerySet, verbatim
from chatops.superoffice.entities import ChatMessageSpecialType as Special
from chatops.superoffice.entities import ChatMessageType as Type
from chatops.superoffice.entities import ChatSessionStatus as Status

#: In `topic` and `agent`: the sessions without one.
NOBODY = 0
RATED = "any"


def _any(sessions: ChatSessionQuerySet) -> ChatSessionQuerySet:
    return sessions


def answers() -> QuerySet[ChatMessage]:
    """What an agent said, in words, to the session at hand since somebody took it (contract, E.2).

    Bots and the welcome text have special types of their own and are no answer.
    """
    return ChatMessage.objects.filter(
        session_id=OuterRef("pk"),
        type=Type.TO_CUSTOMER,
        special_type__in=("", Special.NONE),
        posted_at__gte=OuterRef("started_at"),
        gone_at=None,
    )


#: What became of a session. The names travel in addresses.
OUTCOMES: dict[str, Callable[[ChatSessionQuerySet], ChatSessionQuerySet]] = {
    "": _any,
    "picked_up": lambda sessions: sessions.filter(started_at__isnull=False),
    "handled": lambda sessions: sessions.filter(started_at__isnull=False, ended_at__isnull=False),
    "responded": lambda sessions: sessions.filter(Exists(answers()), started_at__isnull=False),
    "abandoned": lambda sessions: sessions.filter(status=Status.CLOSED_FROM_QUEUE),
}

SHOWN: dict[str, Callable[[ChatSessionQuerySet], ChatSessionQuerySet]] = {
    "": _any,
    "open": lambda sessions: sessions.open(),
    "waiting": lambda sessions: sessions.in_queue(),
    "ongoing": lambda sessions: sessions.ongoing(),
    "ended": lambda sessions: sessions.ended(),
}


@dataclass(frozen=True, slots=True)
class Slice:
    """Sessions by group, topic, agent, status, rating, outcome and time of the request.

    `requested_after` includes the moment itself, `requested_before` does not. `hour` is the hour of
    the day, 0 to 23, in Django's current time zone.
    """

    show: str = ""
    topic: int | None = None
    agent: int | None = None
    status: str = ""
    rating: str = ""
    outcome: str = ""
    requested_after: datetime | None = None
    requested_before: datetime | None = None
    hour: int | None = None

    def but(self, **changed: Any) -> Slice:
        """The same slice with some of it asked otherwise."""
        return replace(self, **changed)

    @property
    def by_time(self) -> bool:
        """Whether a time bounds it, and the index by time holds all else that it asks for."""
        bounded = self.requested_after is not None or self.requested_before is not None
        return bounded and self.show in ("", "ended") and self.outcome != "responded"

    def of(self, sessions: ChatSessionQuerySet) -> ChatSessionQuerySet:
        """Those of these sessions that are in the slice."""
        sessions = OUTCOMES[self.outcome](SHOWN[self.show](sessions))
        for column, one in (("topic_id", self.topic), ("associate_id", self.agent)):
            if one is not None:
                sessions = sessions.filter(**{column: one} if one else {f"{column}__isnull": True})
        if self.status:
            sessions = sessions.with_status([self.status])
        if self.rating:
            sessions = (
                sessions.filter(verbatim("rating > 0"))
                if self.rating == RATED
                else sessions.rated(int(self.rating))
            )
        return self._in_time(sessions)

    def _in_time(self, sessions: ChatSessionQuerySet) -> ChatSessionQuerySet:
        if self.requested_after is not None:
            sessions = sessions.filter(requested_at__gte=self.requested_after)
        if self.requested_before is not None:
            sessions = sessions.filter(requested_at__lt=self.requested_before)
        if self.hour is not None:
            # The zone is taken now: an export is read after the request has left it.
            hour = ExtractHour("requested_at", tzinfo=timezone.get_current_timezone())
            sessions = sessions.alias(hour_asked=hour).filter(hour_asked=self.hour)
        return sessions

    @property
    def query(self) -> str:
        """The slice as an address carries it: `topic=7&outcome=abandoned`."""
        return _query(self)


@lru_cache(maxsize=4096)  # a page of numbers has hundreds, most of them several times
def _query(one: Slice) -> str:
    told = [(name, getattr(one, name)) for name in _NAMES]
    return "&".join(
        f"{name}={_in_address(value)}" for name, value in told if value is not None and value != ""
    )


_NAMES = tuple(field.name for field in fields(Slice))


@lru_cache(maxsize=1024)  # all links of a page are about the same few times
def _in_address(value: str | int | datetime) -> str:
    if isinstance(value, datetime):
        return quote_plus(value.isoformat().replace("+00:00", "Z"))
    return quote_plus(str(value))
