"""Linked people, credentials, and the gate that all processes share."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from chatops.remote.fields import EncryptedTextField


class Credential(models.Model):
    """What one identity signs in with at SuperOffice: a person's, or the service's own.

    `secret` is what was handed to us (a JSON object: user and password, ticket, or refresh token);
    `token` is what was made of it (an access token or ticket) and can be made again.
    """

    SERVICE: ClassVar[str] = "service"

    class Scheme(models.TextChoices):
        BASIC = "basic", "User and password"
        TICKET = "ticket", "Ticket"
        BEARER = "bearer", "SuperOffice sign-in"
        SYSTEM = "system", "System user"

    name = models.CharField(max_length=64, unique=True)
    scheme = models.CharField(max_length=8, choices=Scheme)
    secret = EncryptedTextField(blank=True, default="")
    token = EncryptedTextField(blank=True, default="")
    #: Until when the token is used: a little before its end.
    token_expires_at = models.DateTimeField(null=True, blank=True)
    #: Whoever holds this lease renews the token; all others wait for the result.
    renewing_until = models.DateTimeField(null=True, blank=True)
    broken_at = models.DateTimeField(null=True, blank=True)
    broken_because = models.CharField(max_length=255, blank=True, default="")
    renewed_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.get_scheme_display()})"


class Agent(models.Model):
    """A Django user and the SuperOffice associate whose name the user acts in."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="agent")
    associate_id = models.IntegerField(unique=True)
    ej_user_id = models.IntegerField(null=True, blank=True)
    login = models.CharField(max_length=254, blank=True, default="")
    full_name = models.CharField(max_length=254, blank=True, default="")
    linked_at = models.DateTimeField()
    credential = models.OneToOneField(Credential, models.PROTECT, related_name="agent")

    def __str__(self) -> str:
        return f"{self.full_name or self.login} ({self.associate_id})"


class Gate(models.Model):
    """Row 1: call budget, breaker and SuperOffice's own "not before", for all processes. Row 2: the
    sign-in host's "not before", once it asked for a pause."""

    #: Calls that may still be made, as of `filled_at` (seconds since the epoch).
    budget = models.FloatField(default=0.0)
    filled_at = models.FloatField(default=0.0)
    not_before = models.FloatField(default=0.0)
    failures = models.IntegerField(default=0)
    open_until = models.FloatField(default=0.0)
    failing_since = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=255, blank=True, default="")


class TenantState(models.Model):
    """Online: where the tenant's API is, as the sign-in host said, until `valid_until`."""

    tenant = models.CharField(max_length=64, unique=True)
    api_url = models.CharField(max_length=255, blank=True, default="")
    state = models.CharField(max_length=32, blank=True, default="")
    is_running = models.BooleanField(default=True)
    valid_until = models.DateTimeField()
    checked_at = models.DateTimeField()


class ServerAbility(models.Model):
    """What the server at a configured address can do, as it said or showed; null is not known."""

    address = models.CharField(max_length=255, unique=True)
    patch = models.BooleanField(null=True)
    presence = models.BooleanField(null=True)
    asked_at = models.DateTimeField()
