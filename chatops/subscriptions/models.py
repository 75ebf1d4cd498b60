"""Who is told of changes, where, and how far they are."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from chatops.remote.fields import EncryptedTextField


class State(models.TextChoices):
    ACTIVE = "active", "Active"
    #: By its owner, or by us: then `notice` says why.
    STOPPED = "stopped", "Stopped"


class Subscription(models.Model):
    """One address, the changes it wants, and the place in the feed up to which it has them."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscriptions"
    )
    label = models.CharField(max_length=100, blank=True, default="")
    url = models.CharField(max_length=500)
    secret = EncryptedTextField()
    #: The one before, which signs as well until then.
    previous_secret = EncryptedTextField(blank=True, default="")
    previous_until = models.DateTimeField(null=True, blank=True)
    #: Kinds of change it wants; empty means every kind.
    kinds = models.JSONField(default=list, blank=True)
    #: Topic ids whose sessions it wants; empty means every topic.
    topics = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    #: Why it was switched off, for people.
    notice = models.CharField(max_length=255, blank=True, default="")
    #: The feed number up to which everything was delivered, and the epoch it belongs to.
    number = models.BigIntegerField(default=0)
    epoch = models.CharField(max_length=32)
    #: Attempts in a row that failed, and since when.
    failures = models.IntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=255, blank=True, default="")
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    #: Who delivers now, and until when nobody else may.
    leased_by = models.CharField(max_length=64, blank=True, default="")
    leased_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["owner", "id"], name="subscription_owner")]

    def __str__(self) -> str:
        return self.label or f"Subscription {self.pk}"
