"""The notebook in an export: tags, notes and scores of many sessions, with a query for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

from django.db.models import Prefetch

from chatops.mirror.rendering import rfc3339
from chatops.notebook import reviews
from chatops.notebook.models import Note, Review, Score, SessionTag

JSONDict = dict[str, Any]


class Ours(NamedTuple):
    """What is written about one session; `score` is the newest review's, in percent."""

    tags: list[str]
    notes: list[JSONDict]
    reviews: list[JSONDict]
    score: int | None


NOTHING = Ours([], [], [], None)


class Book:
    """What is written about some sessions."""

    def __init__(self, ids: Collection[int]) -> None:
        self.tags: defaultdict[int, list[str]] = defaultdict(list)
        self.notes: defaultdict[int, list[JSONDict]] = defaultdict(list)
        self.reviews: defaultdict[int, list[JSONDict]] = defaultdict(list)
        put = SessionTag.objects.filter(session_id__in=ids).order_by("tag__folded")
        for session_id, name in put.values_list("session_id", "tag__name"):
            self.tags[session_id].append(name)
        for note in Note.objects.filter(session_id__in=ids).order_by("id"):
            self.notes[note.session_id].append(_note(note))
        done = Review.objects.filter(session_id__in=ids, done_at__isnull=False).order_by("id")
        scores = Score.objects.select_related("criterion").order_by("criterion_id")
        for review in done.prefetch_related(Prefetch("scores", scores)):
            self.reviews[review.session_id].append(_review(review))

    def of(self, session_id: int) -> Ours:
        """What is written about this one."""
        found = self.reviews[session_id]
        return Ours(
            self.tags[session_id],
            self.notes[session_id],
            found,
            found[-1]["percent"] if found else None,
        )


def about(ids: Collection[int]) -> Book:
    """What is written about these sessions; whether it may be read is the caller's business."""
    return Book(ids)


def _note(note: Note) -> JSONDict:
    return {
        "text": note.text,
        "message_id": note.message_id,
        "author_id": note.author_id,
        "written_at": rfc3339(note.written_at),
    }


def _review(review: Review) -> JSONDict:
    return {
        "done_at": rfc3339(review.done_at),
        "reviewer_id": review.reviewer_id,
        "percent": reviews.share(review),
        "summary": review.summary,
        "scores": [
            {
                "criterion": one.criterion.name,
                "value": one.value,
                "highest": one.criterion.highest,
                "message_id": one.message_id,
                "remark": one.remark,
            }
            for one in review.scores.all()
        ],
    }
