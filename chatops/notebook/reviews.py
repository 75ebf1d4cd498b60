"""The review queue and its scorecard: what a lead thinks of how a chat was handled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from chatops.actions import trail
from chatops.actions.callers import Caller, Role
from chatops.actions.errors import Forbidden, Invalid, NotFound, StateConflict
from chatops.notebook import notes, rights
from chatops.notebook.models import Criterion, Review, Score

MOST_CRITERIA = 20


class Given(NamedTuple):
    """What was entered for one criterion; without a value it is not scored."""

    value: int | None
    message_id: int | None = None
    remark: str = ""


def criteria() -> QuerySet[Criterion]:
    """The scorecard as it is now."""
    return Criterion.objects.filter(retired_at=None).order_by("id")


def defines(caller: Caller) -> bool:
    """Whether the caller defines the scorecard: leads do."""
    return caller.token is None and Role.LEAD in caller.roles


def _require_lead(caller: Caller) -> None:
    if not defines(caller):
        raise Forbidden("Leads define the scorecard.")


@transaction.atomic
def define(caller: Caller, name: str, meaning: str = "", *, highest: int = 5) -> Criterion:
    """Add a criterion, scored 0 to `highest` (1 to 10). Raises Forbidden, Invalid."""
    _require_lead(caller)
    if not 1 <= highest <= 10:
        raise Invalid("The highest score is 1 to 10.", field="highest")
    if criteria().count() >= MOST_CRITERIA:
        raise Invalid(f"At most {MOST_CRITERIA} criteria.", field="name")
    made = Criterion.objects.create(
        name=rights.text_of(name, "name", most=80),
        meaning=rights.text_of(meaning, "meaning", most=400, empty=True),
        highest=highest,
        made_by=caller.user,
    )
    trail.record("criterion_defined", caller=caller, object=f"criterion:{made.pk}")
    return made


@transaction.atomic
def retire(caller: Caller, criterion_id: int) -> None:
    """Take a criterion off the scorecard; scores that were given stay."""
    _require_lead(caller)
    if criteria().filter(pk=criterion_id).update(retired_at=timezone.now()):
        trail.record("criterion_retired", caller=caller, object=f"criterion:{criterion_id}")


@transaction.atomic
def ask(caller: Caller, session_id: int) -> Review:
    """Put a chat into the review queue; it waits there once."""
    rights.require_reviewer(caller, session_id)
    review, fresh = Review.objects.get_or_create(
        session_id=session_id, done_at=None, defaults={"asked_by": caller.user}
    )
    if fresh:
        trail.record("review_asked", caller=caller, session_id=session_id)
    return review


@transaction.atomic
def drop(caller: Caller, review_id: int) -> Review:
    """Take a chat out of the queue again, unreviewed."""
    review = require(caller, review_id)
    rights.require_reviewer(caller, review.session_id)
    if review.done_at is not None:
        raise StateConflict("This chat has been reviewed already.")
    trail.record("review_dropped", caller=caller, session_id=review.session_id)
    review.delete()
    return review


@transaction.atomic
def finish(
    caller: Caller, review_id: int, given: Mapping[int, Given], *, summary: str = ""
) -> Review:
    """Store the scores by criterion and end the review; once done, it stays as it is.

    Raises Invalid when nothing is scored, a score is out of range, or a message is not of the chat.
    """
    found = require(caller, review_id)
    rights.require_reviewer(caller, found.session_id)
    review = Review.objects.select_for_update().get(pk=found.pk)
    if review.done_at is not None:
        raise StateConflict("This chat has been reviewed already.")
    card = {one.pk: one for one in criteria()}
    scores = [
        _score(review, card[pk], one)
        for pk, one in given.items()
        if pk in card and one.value is not None
    ]
    if not scores:
        raise Invalid("Score at least one criterion.", field="value")
    Score.objects.bulk_create(scores)
    review.summary = rights.text_of(summary, "summary", empty=True)
    review.reviewer, review.done_at = caller.user, timezone.now()
    review.save(update_fields=["summary", "reviewer", "done_at"])
    trail.record(
        "review_done", caller=caller, session_id=review.session_id, object=f"review:{review.pk}"
    )
    return review


def _score(review: Review, criterion: Criterion, given: Given) -> Score:
    """One score. Raises Invalid, which says of which `criterion`."""
    try:
        if given.value is None or not 0 <= given.value <= criterion.highest:
            raise Invalid(f"{criterion.name}: 0 to {criterion.highest}.", field="value")
        return Score(
            review=review,
            criterion=criterion,
            value=given.value,
            message_id=notes.message_of(review.session_id, given.message_id),
            remark=rights.text_of(given.remark, "remark", most=2000, empty=True),
        )
    except Invalid as error:
        error.extra["criterion"] = criterion.pk
        raise


def visible(caller: Caller) -> QuerySet[Review]:
    """Reviews of the chats whose scores the caller sees, with their scores."""
    scores = Score.objects.select_related("criterion").order_by("criterion_id")
    return (
        Review.objects.filter(rights.reviewable(caller).hold())
        .select_related("reviewer", "asked_by")
        .prefetch_related(Prefetch("scores", scores))
    )


def require(caller: Caller, review_id: int) -> Review:
    """A review. Raises NotFound when it does not exist for the caller."""
    review = visible(caller).filter(pk=review_id).first()
    if review is None:
        raise NotFound("There is no such review.")
    return review


def share(review: Review) -> int | None:
    """Points given, in percent of those that were to be had; None before it is done."""
    scores = list(review.scores.all())
    best = sum(one.criterion.highest for one in scores)
    return round(100 * sum(one.value for one in scores) / best) if best else None
