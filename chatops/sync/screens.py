"""Who is at the screen now: what is offered to them is looked for first, as they see it (G.6).

A console's live stream says so while it is open; the worker asks. The mark runs out by itself.
"""

from datetime import timedelta

from django.utils import timezone

from chatops.sync.models import Cursor

PREFIX = "screen:"
#: Longer than the interval in which an open stream says so again.
STAYS = timedelta(seconds=75)


def here(agent_id: int) -> None:
    """This agent (the row's id) has the console open."""
    until = timezone.now() + STAYS
    Cursor.objects.update_or_create(name=f"{PREFIX}{agent_id}", defaults={"due_at": until})


def agents() -> list[int]:
    """The ids of the Agent rows of those who are here."""
    now = timezone.now()
    rows = Cursor.objects.filter(name__startswith=PREFIX, due_at__gt=now, due_at__lte=now + STAYS)
    return [int(name.removeprefix(PREFIX)) for name in rows.values_list("name", flat=True)]
