"""Whether hints arrive: read from what was received and from what `hooks.watch` wrote down."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from chatops.sync.models import Cursor, WebhookDelivery

HOOK = "hook"
#: Hints are trusted this long after the last one; `hooks.watch` sends itself one when it is quiet.
QUIET = timedelta(minutes=5)
#: So much further may one machine's clock be than another's; what is later than that was written
#: before the clock was set back.
AHEAD = timedelta(seconds=30)


def last_hint_at() -> datetime | None:
    """When a hint last arrived, tests and pings included."""
    believed = WebhookDelivery.objects.filter(received_at__lte=timezone.now() + AHEAD)
    return believed.order_by("-received_at").values_list("received_at", flat=True).first()


def trusted() -> bool:
    """Whether hints may be counted on: the hook was active a moment ago, and one arrived lately."""
    row = Cursor.objects.filter(name=HOOK).first()
    if row is None or not row.value or row.ok_at is None:
        return False
    now = timezone.now()
    looked_lately = -AHEAD <= now - row.ok_at <= timedelta(seconds=3 * settings.SYNC_HOOK_SECONDS)
    if row.failures or not looked_lately:
        return False
    last = last_hint_at()
    return last is not None and now - last < QUIET
