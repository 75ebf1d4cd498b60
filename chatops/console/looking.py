"""Who else has a session in front of them: short-lived rows, kept alive by the page's heartbeat."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from chatops.console.lines import person_name
from chatops.console.models import Looking

#: `here.js` beats every 15 s; whoever was silent for longer than this has gone.
SEEN_WITHIN = timedelta(seconds=40)


def seen(user: User, session_id: int) -> None:
    """`user` looks at the session at this moment."""
    now = timezone.now()
    Looking.objects.filter(seen_at__lt=now - SEEN_WITHIN).delete()
    Looking.objects.update_or_create(user=user, session_id=session_id, defaults={"seen_at": now})


def left(user: User, session_id: int) -> None:
    """`user` closed the page, or looks elsewhere."""
    Looking.objects.filter(user=user, session_id=session_id).delete()


def others(user: User, session_id: int) -> str:
    """Who else looks at the session, as a sentence; empty when nobody does."""
    since = timezone.now() - SEEN_WITHIN
    rows = Looking.objects.filter(session_id=session_id, seen_at__gte=since).exclude(user=user)
    users = [row.user for row in rows.select_related("user").order_by("user__username")[:10]]
    names = [person_name(one) for one in users]
    return _("Also looking: %(names)s") % {"names": ", ".join(names)} if names else ""
