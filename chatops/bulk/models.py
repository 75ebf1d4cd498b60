"""A run over many sessions, and a row for each of them. `session_id` is remote."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from chatops.actions.models import Action


class Deed(models.TextChoices):
    """What is done to each session; the first ones at SuperOffice, the others in the notebook."""

    PICK_UP = "pick_up", "Pick up"
    TRANSFER = "transfer", "Transfer to a colleague"
    RESET = "reset", "Back to the queue"
    END = "end", "End chat"
    PATCH_SESSION = "patch_session", "Edit a field"
    TAG = "tag", "Put on a tag"
    UNTAG = "untag", "Take off a tag"
    REVIEW = "review", "To the review queue"


class Stage(models.TextChoices):
    """How far a run is. Done with each of its rows is `ended`, also when little came of it."""

    DRAFT = "draft", "Not started"
    RUNNING = "running", "Under way"
    CANCELLED = "cancelled", "Cancelled"
    ENDED = "ended", "Ended"


class RowState(models.TextChoices):
    """What became of a row here; of one that is `acted`, its action tells."""

    WAITING = "waiting", "To come"
    BEGUN = "begun", "Under way"
    ACTED = "acted", "Acted"
    DONE = "done", "Done"
    REFUSED = "refused", "Not done"
    EXPIRED = "expired", "Too late"
    CANCELLED = "cancelled", "Cancelled"
    LEFT_OUT = "left_out", "Left out"


class BulkRun(models.Model):
    """What a person wants done to the sessions that they saw in the preview."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="bulk_runs")
    deed = models.CharField(max_length=16, choices=Deed)
    #: What the deed needs besides the session: `to`, or `path` and `value`, or `tag`.
    asked = models.JSONField(default=dict)
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.DRAFT)
    #: More matched than a run may have.
    capped = models.BooleanField(default=False)
    request_id = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    #: A draft is not started, and a row not begun, after this.
    expires_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: When a row of it was begun last: runs take turns.
    served_at = models.DateTimeField(null=True)
    #: SuperOffice is out of reach: when to try again, and what it said.
    next_at = models.DateTimeField(null=True)
    notice = models.TextField(blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["owner", "-id"], name="bulk_owner"),
            models.Index(
                fields=["served_at"],
                condition=models.Q(started_at__isnull=False, ended_at=None),
                name="bulk_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_deed_display()}, run {self.pk}"


class BulkRow(models.Model):
    """One session of a run, and what became of it."""

    run = models.ForeignKey(BulkRun, models.CASCADE, related_name="rows")
    session_id = models.IntegerField()
    #: Who had the chat, and its phase, in the preview: the view that the person decided by.
    stamp = models.CharField(max_length=40, blank=True, default="")
    state = models.CharField(max_length=12, choices=RowState, default=RowState.WAITING)
    action = models.ForeignKey(Action, models.SET_NULL, null=True, related_name="bulk_rows")
    code = models.CharField(max_length=40, blank=True, default="")
    detail = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    leased_by = models.CharField(max_length=64, blank=True, default="")
    leased_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "session_id"], name="one_bulk_row_per_session"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["session_id"], name="bulk_session"),
            models.Index(
                fields=["leased_until"],
                condition=models.Q(state="begun"),
                name="bulk_begun",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.get_state_display()}"

    @property
    def key(self) -> str:
        """The idempotency key of its action: the same after every restart."""
        return f"bulk-{self.run_id}-{self.session_id}"
