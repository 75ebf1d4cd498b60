"""Actions, the trail, and the tokens that programs act with. These rows are kept.

An Action points at remote ids, never at mirror rows: the mirror can be dropped, actions cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from chatops.remote.models import Agent

if TYPE_CHECKING:
    from chatops.actions.callers import Caller


class Verb(models.TextChoices):
    SEND_MESSAGE = "send_message", "Send message"
    ACCEPT_TRANSFER = "accept_transfer", "Accept transfer"
    REJECT_TRANSFER = "reject_transfer", "Reject transfer"
    PATCH_SESSION = "patch_session", "Edit session"
    PICK_UP = "pick_up", "Pick up"
    TRANSFER = "transfer", "Transfer"
    RESET = "reset", "Reset to queue"
    END = "end", "End chat"
    DELETE = "delete", "Delete session"
    CREATE_SESSION = "create_session", "Start session"


class State(models.TextChoices):
    """See the README, "Did my click happen?", for what each promises."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    DONE = "done", "Done"
    NO_EFFECT = "no_effect", "No effect"
    REFUSED = "refused", "Refused"
    UNKNOWN = "unknown", "Not confirmed"
    NEEDS_PERSON = "needs_person", "Needs you"
    EXPIRED = "expired", "Never sent"
    CANCELLED = "cancelled", "Cancelled"
    CLOSED = "closed", "Closed by a person"


OPEN_STATES = (State.QUEUED, State.SENDING, State.UNKNOWN)
#: Given up on, and yet the effect may still show.
WATCHED = (State.NEEDS_PERSON, State.CLOSED)


class ApiToken(models.Model):
    """A program's key. Only its hash is kept; it is shown once."""

    label = models.CharField(max_length=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    #: Topic ids it is limited to; empty means all that its owner reaches.
    topics = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix}…)"


class Action(models.Model):
    """One wish of one caller to change SuperOffice, and the evidence of what became of it."""

    class Lane(models.TextChoices):
        """What must not overlap in one session: messages keep their order, changes exclude."""

        MESSAGES = "messages"
        CHANGES = "changes"

    verb = models.CharField(max_length=16, choices=Verb)
    state = models.CharField(max_length=12, choices=State)
    #: Null while it is not known which session a `create_session` made.
    session_id = models.IntegerField(null=True)
    #: The channel of a `create_session`.
    topic_id = models.IntegerField(null=True)
    lane = models.CharField(max_length=8, choices=Lane)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="actions")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="actions"
    )
    token = models.ForeignKey(ApiToken, models.SET_NULL, null=True, related_name="actions")
    #: `user:3` or `token:7`; with route and key the identity of a wish.
    caller = models.CharField(max_length=40)
    route = models.CharField(max_length=100)
    #: Null once the key is free again: a unique constraint lets many nulls pass, not many "".
    key = models.CharField(max_length=255, null=True)  # noqa: DJ001
    content = models.CharField(max_length=64)
    source = models.CharField(max_length=8)
    request_id = models.CharField(max_length=64, blank=True, default="")
    #: What was asked for, as JSON.
    asked = models.JSONField(default=dict)
    #: What the remote said just before: highest message id, owner, target, status, tested values.
    baseline = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    #: What came back: status, error class, milliseconds; never a body.
    answer = models.JSONField(default=dict)
    #: What in the remote's data proves the ending.
    proof = models.JSONField(default=dict)
    code = models.CharField(max_length=40, blank=True, default="")
    detail = models.TextField(blank=True, default="")
    #: The stored message a send is proved by; no two sends claim one.
    message_id = models.IntegerField(null=True, unique=True)
    #: The action that a person ordered this second attempt of.
    second_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="attempts")
    look_at = models.DateTimeField(null=True)
    looks = models.IntegerField(default=0)
    watch_until = models.DateTimeField(null=True)
    #: Session and message as they were at the ending (`chatops/actions/shown.py`).
    shown = models.JSONField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["caller", "route", "key"], name="one_action_per_key"),
            models.UniqueConstraint(
                fields=["session_id", "lane"],
                condition=models.Q(state__in=["queued", "sending", "unknown"]),
                name="one_open_action_per_lane",
            ),
            models.UniqueConstraint(
                fields=["topic_id"],
                condition=models.Q(
                    verb="create_session", state__in=["queued", "sending", "unknown"]
                ),
                name="one_open_creation_per_topic",
            ),
            # No two wishes claim one new session; many nulls pass.
            models.UniqueConstraint(
                fields=["session_id"],
                condition=models.Q(verb="create_session"),
                name="one_creation_per_session",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["session_id", "-id"], name="action_session"),
            models.Index(fields=["requested_by", "-id"], name="action_person"),
            models.Index(fields=["state", "-id"], name="action_state"),
            models.Index(
                fields=["look_at"],
                condition=models.Q(look_at__isnull=False),
                name="action_look",
            ),
            models.Index(
                fields=["settled_at"],
                condition=models.Q(shown__isnull=False),
                name="action_shown",
            ),
        ]

    def __str__(self) -> str:
        where = f"topic {self.topic_id}" if self.session_id is None else str(self.session_id)
        return f"{self.get_verb_display()} on {where}: {self.get_state_display()}"

    #: Whether this answer was given before, under the same key. Not a column.
    replayed: bool = False
    #: Who carries it out in this process, at whose request; nobody where it was read again. Not a
    #: column.
    sender: Caller | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def on_session(self) -> int:
        """The session of an action that is about one. Raises ValueError for one that is not."""
        if self.session_id is None:
            raise ValueError("This action has no session.")
        return self.session_id

    def lane_mates(self) -> models.QuerySet[Action]:
        """All actions that must not overlap with this one, itself included.

        A session that is not there yet has no lane: there it is the channel that has one.
        """
        if self.verb == Verb.CREATE_SESSION:
            return Action.objects.filter(verb=self.verb, topic_id=self.topic_id)
        return Action.objects.filter(session_id=self.session_id, lane=self.lane)


class Unmasking(models.Model):
    """One person sees one chat's personal data for a while, and said why."""

    class Reason(models.TextChoices):
        CALL_BACK = "call_back", "To call or write back"
        IDENTITY = "identity", "To make sure who the customer is"
        COMPLAINT = "complaint", "To handle a complaint"
        ACCESS = "access", "The customer asked what is stored"
        OTHER = "other", "Another reason"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="unmaskings"
    )
    session_id = models.IntegerField()
    reason = models.CharField(max_length=12, choices=Reason)
    words = models.CharField(max_length=400, blank=True, default="")
    at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["session_id", "-id"], name="unmasking_session"),
            models.Index(fields=["person", "until"], name="unmasking_person"),
        ]

    def __str__(self) -> str:
        return f"Session {self.session_id} until {self.until:%Y-%m-%d %H:%M:%S}"


class TrailEntry(models.Model):
    """One line of the append-only trail, written in the transaction of what it tells.

    The database refuses to change a line, and to delete one unless a line `trail_cut` says up to
    which they go (migration 0006).
    """

    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="trail"
    )
    caller = models.CharField(max_length=40)
    what = models.CharField(max_length=40)
    session_id = models.IntegerField(null=True)
    action = models.ForeignKey(Action, models.SET_NULL, null=True, related_name="trail")
    object = models.CharField(max_length=100, blank=True, default="")
    before = models.CharField(max_length=40, blank=True, default="")
    after = models.CharField(max_length=40, blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")
    detail = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["session_id", "-id"], name="trail_session"),
            models.Index(fields=["actor", "-id"], name="trail_actor"),
            models.Index(fields=["-id"], condition=models.Q(what="trail_cut"), name="trail_cuts"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.caller} {self.what}"
