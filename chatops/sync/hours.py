"""Which hours were confirmed, and by what: for the picture on the mirror page."""

from datetime import datetime, timedelta
from typing import TypedDict

from django.db.models import Count, F
from django.db.models.functions import TruncHour
from django.utils import timezone

from chatops.sync.models import Hour, WebhookDelivery

KEPT = timedelta(days=60)


class Confirmed(TypedDict):
    """One hour: when it began, and how often each source confirmed the mirror in it."""

    hour: datetime
    hints: int
    polls: int
    compared: int


def _began(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def note(*, polls: int = 0, compared: int = 0) -> None:
    """Count something that confirmed the mirror just now."""
    hour = _began(timezone.now())
    row = Hour.objects.filter(hour=hour)
    if not row.update(polls=F("polls") + polls, compared=F("compared") + compared):
        Hour.objects.bulk_create([Hour(hour=hour)], ignore_conflicts=True)
        row.update(polls=F("polls") + polls, compared=F("compared") + compared)


def last(count: int = 48) -> list[Confirmed]:
    """The last hours, oldest first, those without anything included."""
    now = _began(timezone.now())
    first = now - timedelta(hours=count - 1)
    rows = {row.hour: row for row in Hour.objects.filter(hour__gte=first)}
    # A hint that nothing came of confirms nothing.
    read = (WebhookDelivery.State.APPLIED, WebhookDelivery.State.REPEATED)
    deliveries = WebhookDelivery.objects.filter(received_at__gte=first, state__in=read)
    hints = dict(
        deliveries.annotate(hour=TruncHour("received_at"))
        .values("hour")
        .annotate(number=Count("pk"))
        .values_list("hour", "number")
    )
    hours = [first + timedelta(hours=step) for step in range(count)]
    return [
        Confirmed(
            hour=hour,
            hints=hints.get(hour, 0),
            polls=rows[hour].polls if hour in rows else 0,
            compared=rows[hour].compared if hour in rows else 0,
        )
        for hour in hours
    ]


def prune() -> int:
    """Drop hours that no picture shows any more; how many."""
    dropped, _ = Hour.objects.filter(hour__lt=timezone.now() - KEPT).delete()
    return dropped
