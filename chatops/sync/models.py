"""Cursors, runs, deliveries, proofs and leases: what staying fresh has to remember."""

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Cursor(models.Model):
    """Where a task is: a number, when it last succeeded and failed, and who is at it."""

    name = models.CharField(max_length=64, primary_key=True)
    value = models.BigIntegerField(default=0)
    #: When it is to run next; null is at once.
    due_at = models.DateTimeField(null=True)
    ran_at = models.DateTimeField(null=True)
    ok_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    #: Failures in a row; 0 while it goes well.
    failures = models.IntegerField(default=0)
    error = models.CharField(max_length=255, blank=True, default="")
    #: Whoever holds the lease works; a dead holder's lease runs out.
    leased_by = models.CharField(max_length=64, blank=True, default="")
    leased_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class SyncRun(models.Model):
    """One backfill or comparison, and what it counted."""

    class Kind(models.TextChoices):
        BACKFILL = "backfill"
        RECONCILE = "reconcile"

    kind = models.CharField(max_length=16, choices=Kind)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    ok = models.BooleanField(null=True)
    #: The highest session id that is done with: where a killed run goes on.
    through = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "-started_at"], name="run_kind")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.started_at:%Y-%m-%d %H:%M}"


class RangeProof(models.Model):
    """For one range of session ids: what SuperOffice said, what we held, when compared."""

    first_id = models.IntegerField(primary_key=True)
    last_id = models.IntegerField()
    compared_at = models.DateTimeField()
    remote_count = models.IntegerField()
    remote_digest = models.CharField(max_length=32)
    mirror_count = models.IntegerField()
    mirror_digest = models.CharField(max_length=32)
    #: Sessions that were not equal when the comparison came to them.
    differed = models.IntegerField(default=0)
    repaired = models.IntegerField(default=0)
    #: Sessions that could not be read, so that nothing is known of them.
    unread = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"Sessions {self.first_id} to {self.last_id}"

    @property
    def is_equal(self) -> bool:
        """Whether everything was read and all of it was the same on both sides."""
        return self.unread == 0 and self.remote_digest == self.mirror_digest


class Absence(models.Model):
    """A session we hold that SuperOffice answered 404 about: not gone yet, but suspected."""

    session_id = models.IntegerField(primary_key=True)
    first_at = models.DateTimeField(default=timezone.now)
    #: Drawn before the read that missed it; a later reading of the session ends the suspicion.
    reading = models.BigIntegerField()

    def __str__(self) -> str:
        return f"Session {self.session_id}"


class Hour(models.Model):
    """What confirmed the mirror in one hour: successful polls, and ranges compared equal."""

    hour = models.DateTimeField(primary_key=True)
    polls = models.IntegerField(default=0)
    compared = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}"


class Alarm(models.Model):
    """Something that a person must know of, until it is over."""

    name = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField(default=timezone.now)
    detail = models.CharField(max_length=500)

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One received hint, worked off by the worker. The body's values are never copied anywhere."""

    class State(models.TextChoices):
        WAITING = "waiting"
        APPLIED = "applied"
        REPEATED = "repeated"
        IGNORED = "ignored"
        FAILED = "failed"
        DEAD = "dead"

    event_id = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField(default=timezone.now)
    event = models.CharField(max_length=64, blank=True, default="")
    session_id = models.IntegerField(null=True)
    repeats = models.IntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.IntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)
    detail = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["waiting", "failed"]),
                name="due",
            ),
            models.Index(fields=["received_at"], name="delivery_received"),
            # The verdicts that are rare, for the console's list of them.
            models.Index(
                fields=["state", "id"],
                condition=models.Q(state__in=["ignored", "failed", "dead"]),
                name="delivery_rare",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event or 'delivery'} {self.event_id}"
