"""SuperOffice's dates in the two forms that we keep: the driver's, and the API's."""

from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django.db import connection

from chatops.superoffice import entities


class Moment(NamedTuple):
    """A moment as the database driver takes it, and as RFC 3339 in UTC; two times None for none."""

    stored: Any
    shown: str | None


NONE = Moment(None, None)


def stored_time(when: datetime | None) -> Any:
    """A time as the database driver takes it."""
    if when is None or not _as_text():
        return when
    return str(when.astimezone(UTC).replace(tzinfo=None))


def rfc3339(when: datetime | None) -> str | None:
    """A time in UTC with `Z`, microseconds only where there are any; None stays None."""
    return None if when is None else when.isoformat().replace("+00:00", "Z")


def moment(value: Any) -> Moment:
    """A carrier's date (contract, K.1); NONE for "no date" and for what is not a date."""
    return _read(value) if isinstance(value, str) else NONE


@cache
def _as_text() -> bool:
    """Whether the driver takes times as text; asked once, because the connection is a proxy."""
    return connection.vendor == "sqlite"


def usual(text: str) -> Moment | None:
    """A date of the usual form, whole seconds in UTC, which needs no arithmetic; None for others,
    and for what only looks like one."""
    if text[19:] not in ("Z", "+00:00") or text[10] != "T" or not text[4] == text[7] == "-":
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if text < "1900":
        return None
    stored = f"{text[:10]} {text[11:19]}" if _as_text() else when
    return Moment(stored, f"{text[:19]}Z")


@lru_cache(maxsize=4096)
def _read(text: str) -> Moment:
    """Cached, because each date is asked for twice: for its column, and for the rendering."""
    if (found := usual(text)) is not None:
        return found
    parsed = entities.parse_time(text)
    return NONE if parsed is None else Moment(stored_time(parsed), rfc3339(parsed))
