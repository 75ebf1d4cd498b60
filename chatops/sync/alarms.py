"""What a person must know of, until it is over."""

from chatops.sync.models import Alarm


def sound(name: str, detail: str) -> None:
    """Begin an alarm, or bring its text up to date; since when it lasts stays."""
    Alarm.objects.update_or_create(name=name, defaults={"detail": detail[:500]})


def end(name: str) -> None:
    """It is over, if it was on at all."""
    held = Alarm.objects.filter(name=name)
    if held.exists():  # asked every few seconds: no write lock for nothing
        held.delete()
