"""The filters of the session list. Each is backed by an index, or narrows what one has found."""

from collections.abc import Mapping

from chatops.api.params import PEOPLE, Query
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.superoffice.entities import OPEN_STATUSES

TIMES = ("requested_after", "requested_before", "ended_after", "ended_before")
LINKS = ("person", "contact")
SESSION_PARAMETERS = (
    "status",
    "open",
    "gone",
    "topic",
    "rating",
    "search",
    *PEOPLE,
    *TIMES,
    *LINKS,
)


def filtered(
    rows: ChatSessionQuerySet, query: Query, words: Mapping[str, int]
) -> ChatSessionQuerySet:
    """The sessions that the query asks for. `words` are names for associates, such as `me`.

    `…_after` includes the moment itself, `…_before` does not, so that intervals join without gaps.
    """
    is_open = query.flag("open")
    if statuses := query.words("status"):
        # With `open`, none of the others can be meant: nothing is then asked of the database.
        rows = rows.with_status(OPEN_STATUSES.intersection(statuses) if is_open else statuses)
    if is_open is not None:
        rows = rows.open() if is_open else rows.exclude(is_open=True, gone_at=None)
    if (gone := query.flag("gone")) is not None:
        rows = rows.filter(gone_at__isnull=not gone)
    if topics := query.numbers("topic"):
        rows = rows.about(topics)
    if users := query.numbers("user", also=words):
        rows = rows.filter(associate_id__in=users)
    if targets := query.numbers("transfer_to", also=words):
        rows = rows.filter(transfer_to_id__in=targets)
    for name in LINKS:
        if (one := query.number(name)) is not None:
            rows = rows.filter(**{f"{name}_id": one})
    if (rating := query.number("rating", high=5)) is not None:
        rows = rows.rated(rating)
    return _in_time(rows, query)


def _in_time(rows: ChatSessionQuerySet, query: Query) -> ChatSessionQuerySet:
    for name in TIMES:
        when = query.when(name)
        if when is not None:
            column, _, side = name.rpartition("_")
            lookup = "gte" if side == "after" else "lt"
            rows = rows.filter(**{f"{column}_at__{lookup}": when})
    return rows
