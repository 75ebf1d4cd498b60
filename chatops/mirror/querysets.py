"""Questions about the mirror, as phrases."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.expressions import RawSQL

from chatops.superoffice.entities import OPEN_STATUSES

if TYPE_CHECKING:
    from chatops.mirror.models import ChatMessage, ChatSession  # noqa: F401 named in quotes below

IN_QUEUE = "InQueue"
ONGOING = ("CustomerLast", "UserLast")


def verbatim(condition: str) -> RawSQL:
    """A condition as a partial index has it: SQLite takes the index for no other, and for none
    whose values come as parameters. The text is ours."""
    return RawSQL(condition, (), models.BooleanField())  # noqa: S611


class ChatSessionQuerySet(models.QuerySet["ChatSession"]):
    @property
    def is_everything(self) -> bool:
        """Whether nothing narrows these down, so that no row has to be asked for."""
        return not self.query.has_filters()

    def hold(self, column: str = "session_id") -> models.Exists:
        """That the session which other rows have in this column is one of these. Asked row by row:
        with `IN`, SQLite goes through all of these first, a million for the sake of one note."""
        return models.Exists(self.filter(pk=models.OuterRef(column)))

    def here(self) -> ChatSessionQuerySet:
        """Sessions that SuperOffice still has."""
        return self.filter(gone_at=None)

    def open(self) -> ChatSessionQuerySet:
        return self.filter(is_open=True, gone_at=None)

    def ended(self) -> ChatSessionQuerySet:
        """Those that are not open, as the index by time knows it: from their status."""
        return self.exclude(status__in=OPEN_STATUSES)

    def in_queue(self) -> ChatSessionQuerySet:
        return self.open().filter(status=IN_QUEUE)

    def ongoing(self) -> ChatSessionQuerySet:
        return self.open().filter(status__in=ONGOING)

    def with_status(self, statuses: Collection[str]) -> ChatSessionQuerySet:
        """Those in one of these statuses. That all of them are open is told the database as well:
        the few open sessions have an index of their own, all others are ended."""
        found = self.filter(status__in=statuses)
        return found.filter(is_open=True) if OPEN_STATUSES.issuperset(statuses) else found

    def rated(self, stars: int) -> ChatSessionQuerySet:
        found = self.filter(rating=stars)
        return found.filter(verbatim("rating > 0")) if stars else found

    def of_customer(self, person_id: int | None, email: str) -> ChatSessionQuerySet:
        """Those of a person at SuperOffice, or with this e-mail address; none without either."""
        same = models.Q(pk__in=())
        if person_id:
            same |= models.Q(person_id=person_id)
        if email:
            same |= models.Q(verbatim("NOT (customer_email = '')"), customer_email=email)
        return self.filter(same)

    def offered_to(self, associate_id: int) -> ChatSessionQuerySet:
        return self.open().filter(transfer_to_id=associate_id)

    def handled_by(self, associate_id: int) -> ChatSessionQuerySet:
        return self.open().filter(associate_id=associate_id)

    def about(self, topic_ids: Collection[int]) -> ChatSessionQuerySet:
        return self.filter(topic_id__in=topic_ids)

    def quiet_since(self, when: datetime) -> ChatSessionQuerySet:
        return self.open().filter(idle_at__lt=when)


class ChatMessageQuerySet(models.QuerySet["ChatMessage"]):
    def of(self, session_id: int) -> ChatMessageQuerySet:
        """A session's messages that SuperOffice still has, oldest first."""
        return self.filter(session_id=session_id, gone_at=None).order_by("id")


def is_open(status: str) -> bool:
    """Whether a status means that the chat goes on; one we never saw does not."""
    return status in OPEN_STATUSES
