"""Sessions whose rows are not what was noted of them. Part of ingest."""

from collections.abc import Sequence

from django.db import transaction

from chatops.mirror import bulk
from chatops.mirror.models import SessionReading

#: Content digest of a row that is not trusted: differs from any session's.
DOUBTED = "doubted"


def forget(session_ids: Sequence[int], *, reading: int) -> None:
    """Forget the digests of what was stored, so that the next answer is written whatever it is.

    A comparison that began with `reading` found the rows different from what SuperOffice says; the
    notes may say otherwise, because somebody else changed the rows. What was read after it is left
    alone.
    """
    for chunk in bulk.in_chunks(session_ids):
        rows = SessionReading.objects.filter(session_id__in=chunk)
        doubted = rows.filter(reading__lte=reading, messages_reading__lte=reading)
        with transaction.atomic():
            # In the order of their ids, as all lock them: an UPDATE alone takes them as they lie.
            locked = doubted.order_by("session_id").select_for_update()
            ids = list(locked.values_list("session_id", flat=True))
            SessionReading.objects.filter(session_id__in=ids).update(
                digest="", content=DOUBTED, messages_digest=""
            )
