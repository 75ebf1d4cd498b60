"""Dates as the service writes and reads them: contract C.1 (`SO-TimeZone`) and K.1."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NO_DATE = "0001-01-01T00:00:00"

# Code, id, name, cities (GET TimeZone). Ids of UTC, NO and US-NY are the vendor's.
ZONES: dict[str, tuple[int, str, str]] = {
    "UTC": (1, "UTC", "Coordinated Universal Time"),
    "NO": (261, "Europe/Oslo", "Oslo"),
    "GB": (243, "Europe/London", "London"),
    "US-NY": (460, "America/New_York", "New York"),
    "IN": (120, "Asia/Kolkata", "Mumbai"),
}
BASE_ZONE = "NO"  # what the database stores in, used when no zone is asked for


@cache
def zone(code: str) -> tzinfo:
    """The zone of a code or numeric id; the base zone for one that is not known."""
    wanted = code.strip().upper()
    for name, (number, place, _) in ZONES.items():
        if wanted in (name, str(number)):
            return UTC if name == "UTC" else place_zone(place)
    return place_zone(ZONES[BASE_ZONE][1])


def place_zone(place: str) -> tzinfo:
    """A machine without a zone database still gets an offset, without summer time."""
    try:
        return ZoneInfo(place)
    except ZoneInfoNotFoundError:
        return timezone(timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Clock:
    """How this caller wants dates: in which zone, with or without offsets."""

    zone: tzinfo
    offsets: bool

    @classmethod
    def of(cls, header: str) -> "Clock":
        """From `SO-TimeZone`, e.g. `UTC, includeTZOffset`."""
        code, _, rest = header.partition(",")
        return cls(zone(code or BASE_ZONE), "includetzoffset" in rest.lower())

    def write(self, when: datetime | None) -> str:
        """ISO 8601 with none or seven fraction digits; year 1 for no date, never an offset."""
        return NO_DATE if when is None else self._text(when.astimezone(self.zone))

    def write_utc(self, when: datetime | None) -> str:
        """A date that is documented as UTC and never converted (K.1)."""
        return NO_DATE if when is None else self._text(when.astimezone(UTC))

    def _text(self, when: datetime) -> str:
        text = when.isoformat(timespec="microseconds")
        day, fraction, offset = text[:19], text[20:26], text[26:]
        if fraction != "000000":
            day = f"{day}.{fraction}{fraction[-1]}"  # .NET ticks: a seventh digit
        return day + offset if self.offsets else day

    def read(self, text: str) -> datetime:
        """A literal of a filter; without an offset it is read in the caller's zone (L 16).

        Raises ValueError for what is no date.
        """
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=self.zone)).astimezone(UTC)
