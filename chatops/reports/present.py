"""The queue at this moment, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from chatops.mirror.models import Associate
from chatops.mirror.querysets import IN_QUEUE, ONGOING, ChatSessionQuerySet
from chatops.reports.measures import Number
from chatops.reports.slices import Slice


@dataclass(frozen=True, slots=True)
class Now:
    """What goes on. `waiting_since` is when who has waited longest asked."""

    waiting: Number
    waiting_since: datetime | None
    ongoing: Number
    #: Agents who take chats now, the busiest first, each with their open chats.
    agents: list[tuple[Associate, Number]]


def now(sessions: ChatSessionQuerySet, within: Slice) -> Now:
    """The open sessions of a slice; its period plays no part."""
    part = Slice(topic=within.topic, agent=within.agent)
    here = part.but(show="open").of(sessions)
    waits = Q(status=IN_QUEUE)
    found = here.aggregate(
        waiting=Count("pk", filter=waits),
        since=Min("requested_at", filter=waits),
        ongoing=Count("pk", filter=Q(status__in=ONGOING)),
    )
    busy = Counter(here.exclude(associate_id=None).values_list("associate_id", flat=True))
    there = Associate.objects.filter(present=True, deleted=False).defer("raw")
    return Now(
        waiting=Number(found["waiting"], part.but(show="waiting")),
        waiting_since=found["since"],
        ongoing=Number(found["ongoing"], part.but(show="ongoing")),
        agents=sorted(
            (
                (one, Number(busy[one.pk], part.but(show="open", agent=one.pk)))
                for one in there
                if within.agent in (None, one.pk)
            ),
            key=lambda pair: (-pair[1].value, str(pair[0]).casefold()),
        ),
    )
