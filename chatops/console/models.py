"""What the console keeps for a short while: sign-ins that are being tried, and who looks at what.

Neither is worth a backup. They are rows because all processes have to see the same.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SignInAttempt(models.Model):
    """A sign-in by password that was begun, and did not succeed (so far).

    Account and address are keyed hashes: people type their password in the wrong field.
    """

    account = models.CharField(max_length=64)
    address = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = (
            models.Index(fields=["account", "address", "at"], name="console_attempt_pair"),
            models.Index(fields=["address", "at"], name="console_attempt_address"),
        )


class Looking(models.Model):
    """Somebody has a session's page open and in front of them; `seen_at` is the last heartbeat."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    session_id = models.IntegerField(db_index=True)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "session_id"], name="console_looking_once"),
        )
