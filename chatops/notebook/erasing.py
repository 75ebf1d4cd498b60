"""Taking a session out of the notebook."""

from collections.abc import Sequence

from django.db import transaction

from chatops.notebook.models import Note, Review, Score, SessionTag, Tag


@transaction.atomic
def erase(session_ids: Sequence[int]) -> int:
    """Drop notes and tags of these sessions, and the words of their reviews; how many rows.

    Points that were given stay: they say how colleagues worked, not who the customer was.
    """
    dropped, _ = Note.objects.filter(session_id__in=session_ids).delete()
    taken, _ = SessionTag.objects.filter(session_id__in=session_ids).delete()
    Tag.objects.filter(sessions=None).delete()
    reviews = Review.objects.filter(session_id__in=session_ids)
    summaries = reviews.exclude(summary="").update(summary="")
    remarks = Score.objects.filter(review__in=reviews.values("pk")).exclude(remark="")
    return dropped + taken + summaries + remarks.update(remark="")
