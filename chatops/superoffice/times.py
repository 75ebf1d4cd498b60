"""SuperOffice's dates as aware UTC datetimes, and back (contract K.1)."""

import re
import threading
from datetime import UTC, datetime, timedelta, timezone

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?"
    r"\s*(Z|z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
#: `0001-01-01` in JSON and `1760-01-01` in the database both mean "no date".
FIRST_YEAR = 1900


class Tally:
    """A number that several threads count up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = 0

    def add(self) -> None:
        """One more."""
        with self._lock:
            self.total += 1


#: Times that came without an offset although we always ask for one, since the process started.
#: They were read as UTC; an operator should see that there are any.
naive_times = Tally()


def parse_time(value: object) -> datetime | None:
    """A moment in UTC; None for "no date", for years before 1900, and for what is not a date.

    More than six digits of a second are cut, not rounded. Never raises.
    """
    if not isinstance(value, str) or not (match := _FORM.fullmatch(value.strip())):
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if int(year) < FIRST_YEAR:
        return None  # before any arithmetic: an offset added to year 1 overflows
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        local = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            microsecond, tzinfo=_zone(offset),
        )  # fmt: skip
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):  # 31 February; or the last day of year 9999, westward
        return None
    if offset is None:
        naive_times.add()
    return moment if moment.year >= FIRST_YEAR else None


def _zone(offset: str | None) -> timezone:
    if offset is None or offset in "Zz":
        return UTC
    digits = offset[1:].replace(":", "").ljust(4, "0")
    distance = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-distance if offset[0] == "-" else distance)


def format_time(moment: datetime) -> str:
    """An aware moment as SuperOffice takes it: UTC, always with `Z`. ValueError when naive."""
    if moment.tzinfo is None:
        raise ValueError("A moment without a time zone cannot be sent.")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
