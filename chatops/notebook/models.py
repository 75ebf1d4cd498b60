"""Notes, tags, reviews, quick replies and saved views. `session_id` and `message_id` are remote."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

PERSON = settings.AUTH_USER_MODEL


class Note(models.Model):
    """What a colleague should know about a chat; with a message, about that message."""

    session_id = models.IntegerField()
    message_id = models.IntegerField(null=True)
    author = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="notes")
    text = models.TextField()
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["session_id", "id"], name="note_session")]


class Tag(models.Model):
    """A word that chats are filed under; equal words in other case are one tag."""

    name = models.CharField(max_length=40)
    folded = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class SessionTag(models.Model):
    """A tag on a session."""

    session_id = models.IntegerField()
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="sessions")
    put_by = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    put_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session_id", "tag"], name="tag_once_per_session"),
        ]
        indexes: ClassVar = [models.Index(fields=["tag", "-session_id"], name="tag_sessions")]


class Criterion(models.Model):
    """One line of the scorecard, as a lead defined it. Retired ones keep the scores given."""

    name = models.CharField(max_length=80)
    meaning = models.CharField(max_length=400, blank=True, default="")
    highest = models.SmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    made_by = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Review(models.Model):
    """A chat in the review queue, or reviewed."""

    session_id = models.IntegerField()
    asked_by = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    reviewer = models.ForeignKey(PERSON, models.SET_NULL, null=True, related_name="reviews")
    done_at = models.DateTimeField(null=True)
    summary = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["session_id"],
                condition=models.Q(done_at__isnull=True),
                name="one_waiting_review_per_session",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["session_id", "-id"], name="review_session")]


class Score(models.Model):
    """How well a criterion was met, 0 to its highest, and by which message one sees it."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="scores")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="scores")
    value = models.SmallIntegerField()
    message_id = models.IntegerField(null=True)
    remark = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["review", "criterion"], name="one_score_each"),
        ]


class QuickReply(models.Model):
    """A text that its owner often writes."""

    owner = models.ForeignKey(PERSON, models.CASCADE, related_name="quick_replies")
    title = models.CharField(max_length=80)
    text = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "title"], name="one_reply_per_title"),
        ]


class SavedView(models.Model):
    """A list of sessions under a name: the query of its address. Shared ones everybody finds.

    A view grants nothing: whoever opens it sees what their own rights show.
    """

    owner = models.ForeignKey(PERSON, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=1000, blank=True, default="")
    shared = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_view_per_name"),
        ]
