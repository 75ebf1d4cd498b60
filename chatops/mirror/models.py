"""The mirror: one row per remote object, keyed by the remote id, and the feed of changes.

Only `ingest.py` writes these tables. Columns hold what is listed, filtered or sorted; `raw` holds
the carrier as SuperOffice sent it less what is secret; `rendered` and `masked` hold what the API
answers, made once when a row changes.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from chatops.mirror.epochs import Epoch
from chatops.mirror.querysets import ChatMessageQuerySet, ChatSessionQuerySet


class ChatTopic(models.Model):
    """A chat channel (contract, M.7)."""

    id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=255, blank=True, default="")
    description = models.CharField(max_length=255, blank=True, default="")
    bot_enabled = models.BooleanField(default=False)
    opening_hours_enabled = models.BooleanField(default=False)
    warn_new_chat_minutes = models.IntegerField(default=0)
    warn_manager_new_chat_minutes = models.IntegerField(default=0)
    warn_chat_message_minutes = models.IntegerField(default=0)
    warn_manager_chat_message_minutes = models.IntegerField(default=0)
    is_open = models.BooleanField(null=True)
    raw = models.JSONField(default=dict)
    read_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name or f"Topic {self.pk}"


class Associate(models.Model):
    """A SuperOffice user (contract, M.1). `-1` and 0 never become rows."""

    id = models.IntegerField(primary_key=True)
    ej_user_id = models.IntegerField(null=True, db_index=True)
    name = models.CharField(max_length=254, blank=True, default="")
    full_name = models.CharField(max_length=254, blank=True, default="")
    user_name = models.CharField(max_length=254, blank=True, default="")
    type = models.CharField(max_length=32, blank=True, default="")
    deleted = models.BooleanField(default=False)
    #: From presence (M.12); null when the server does not tell.
    present = models.BooleanField(null=True)
    ongoing_chats = models.IntegerField(null=True)
    raw = models.JSONField(default=dict)
    read_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.full_name or self.name or f"Associate {self.pk}"


class TopicMember(models.Model):
    """An associate's roles in a topic (contract, M.11): they decide who sees what here (K.4)."""

    topic_id = models.IntegerField()
    associate_id = models.IntegerField()
    can_respond = models.BooleanField(default=False)
    can_notify = models.BooleanField(default=False)
    can_listen = models.BooleanField(default=False)
    can_manage = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["topic_id", "associate_id"], name="one_membership"),
        ]
        indexes: ClassVar = [models.Index(fields=["associate_id"], name="member_by_associate")]


class ChatSession(models.Model):
    """A chat session (contract, E.1)."""

    id = models.IntegerField(primary_key=True)
    topic_id = models.IntegerField(null=True)
    associate_id = models.IntegerField(null=True)
    transfer_to_id = models.IntegerField(null=True)
    person_id = models.IntegerField(null=True)
    contact_id = models.IntegerField(null=True)
    project_id = models.IntegerField(null=True)
    sale_id = models.IntegerField(null=True)
    ticket_id = models.IntegerField(null=True)
    status = models.CharField(max_length=64)
    is_open = models.BooleanField()
    requested_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    idle_at = models.DateTimeField(null=True)
    customer_name = models.CharField(max_length=255, blank=True, default="")
    customer_email = models.CharField(max_length=255, blank=True, default="")
    customer_phone = models.CharField(max_length=64, blank=True, default="")
    customer_company_name = models.CharField(max_length=255, blank=True, default="")
    #: Plain text, tags and entities taken out: for lists.
    first_message = models.TextField(blank=True, default="")
    last_message = models.TextField(blank=True, default="")
    rating = models.IntegerField(default=0)
    alert_level = models.IntegerField(default=0)
    initial_queue_pos = models.IntegerField(default=0)
    chatbot_is_active = models.BooleanField(default=False)
    #: A session that SuperOffice no longer has: since when. Its transcript stays readable.
    gone_at = models.DateTimeField(null=True)
    #: The reading that last changed the row: its ETag.
    version = models.BigIntegerField(default=0)
    # Last, because SQLite walks the whole row to reach what stands behind long texts.
    raw = models.TextField()
    rendered = models.TextField()
    masked = models.TextField()

    objects = ChatSessionQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["topic_id", "-id"], name="session_topic"),
            models.Index(fields=["associate_id", "-id"], name="session_associate"),
            models.Index(fields=["status", "-id"], name="session_status"),
            models.Index(
                fields=["status", "topic_id", "-id"],
                condition=models.Q(is_open=True),
                name="session_open_status",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(is_open=True, gone_at=None),
                name="session_open",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(gone_at__isnull=False),
                name="session_gone",
            ),
            models.Index(
                fields=["transfer_to_id"],
                condition=models.Q(transfer_to_id__isnull=False),
                name="session_transfer_to",
            ),
            models.Index(
                fields=["person_id", "-id"],
                condition=models.Q(person_id__isnull=False),
                name="session_person",
            ),
            models.Index(
                fields=["contact_id", "-id"],
                condition=models.Q(contact_id__isnull=False),
                name="session_contact",
            ),
            # The numbers are read from it alone, without the wide rows. Seconds stand beside the
            # times that they are of: PostgreSQL takes an expression from an index without looking
            # into the rows only if it could make the expression from what the index has.
            models.Index(
                "requested_at",
                "id",
                "topic_id",
                "associate_id",
                "transfer_to_id",
                "status",
                "started_at",
                "ended_at",
                "rating",
                Epoch("requested_at"),
                Epoch("started_at"),
                Epoch("ended_at"),
                name="session_measured",
            ),
            models.Index(fields=["ended_at", "id"], name="session_ended"),
            models.Index(
                fields=["rating", "-id"],
                condition=models.Q(rating__gt=0),
                name="session_rating",
            ),
            models.Index(
                fields=["customer_email", "-id"],
                condition=~models.Q(customer_email=""),
                name="session_email",
            ),
        ]

    def __str__(self) -> str:
        return f"Session {self.pk}"

    @property
    def stamp(self) -> str:
        """What a person decides by: who has the chat and to whom it is offered, and its phase.

        A form carries it; the customer's next line does not make the form old, a colleague does.
        """
        phase = self.status if self.status in {"InQueue"} else ("open" if self.is_open else "ended")
        return f"{phase}-{self.associate_id or 0}-{self.transfer_to_id or 0}"


class SessionReading(models.Model):
    """How a session was last read: kept apart from the wide row, because it moves with every read.

    A reading is a number drawn from the database before a read is sent, or after an action is
    answered; an older reading never overwrites a newer one.
    """

    session_id = models.IntegerField(primary_key=True)
    reading = models.BigIntegerField(db_default=0)
    read_at = models.DateTimeField(null=True)
    #: The reading that last changed the content.
    version = models.BigIntegerField(db_default=0)
    #: Digest of the answer's bytes as last stored from `GET ChatSession/{id}`.
    digest = models.CharField(max_length=32, db_default="")
    #: Digest of what counts as a change: the carrier less what moves by itself.
    content = models.CharField(max_length=32, db_default="")
    messages_reading = models.BigIntegerField(db_default=0)
    messages_read_at = models.DateTimeField(null=True)
    #: Digest of the bytes of the last complete `GET …/Messages`.
    messages_digest = models.CharField(max_length=32, db_default="")
    last_message_id = models.IntegerField(db_default=0)


class ChatMessage(models.Model):
    """A message of a session (contract, E.2)."""

    id = models.IntegerField(primary_key=True)
    session_id = models.IntegerField()
    type = models.CharField(max_length=64)
    author = models.CharField(max_length=255, blank=True, default="")
    read_by_customer = models.IntegerField(default=0)
    special_type = models.CharField(max_length=64, blank=True, default="None")
    special_param = models.CharField(max_length=1024, blank=True, default="")
    posted_at = models.DateTimeField(null=True)
    #: How often in a row a complete read did not have it; two make it gone.
    missed = models.SmallIntegerField(default=0)
    gone_at = models.DateTimeField(null=True)
    message = models.TextField(blank=True, default="")
    rendered = models.TextField()

    objects = ChatMessageQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["session_id", "id"], name="message_session")]

    def __str__(self) -> str:
        return f"Message {self.pk}"


class Forgotten(models.Model):
    """How much of a session must not be known any more. Kept when the mirror is wiped."""

    class Level(models.IntegerChoices):
        #: What was said.
        TEXTS = 1
        #: Everything but numbers, times and who answered.
        ALL = 2

    session_id = models.IntegerField(primary_key=True)
    level = models.SmallIntegerField(choices=Level)
    at = models.DateTimeField()


class Change(models.Model):
    """One line of the feed. Numbers are contiguous and in commit order."""

    class Kind(models.TextChoices):
        SESSION = "session"
        MESSAGE = "message"
        TOPIC = "topic"
        AGENT = "agent"
        ACTION = "action"

    class Op(models.TextChoices):
        UPSERT = "upsert"
        DELETE = "delete"

    number = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind)
    op = models.CharField(max_length=6, choices=Op)
    session_id = models.IntegerField(null=True)
    object_id = models.BigIntegerField()
    at = models.DateTimeField()


class Head(models.Model):
    """One row: the last feed number, the oldest one kept, and the epoch they belong to."""

    last = models.BigIntegerField(default=0)
    #: Made anew when the numbers start again (restore, wiped mirror): old cursors get 410.
    epoch = models.CharField(max_length=32)
    #: The oldest number still kept.
    first = models.BigIntegerField(default=1)


class Counter(models.Model):
    """Readings drawn so far. Not in `Head`: that row is locked until a change is committed."""

    name = models.CharField(max_length=16, primary_key=True)
    value = models.BigIntegerField(default=0)


class SearchText(models.Model):
    """The text index: FTS5 on SQLite, a `tsvector` with a GIN index on PostgreSQL.

    `search_rows.py` says what the numbers mean, and alone writes and asks it.
    """

    number = models.BigIntegerField(primary_key=True, db_column="rowid")
    words = models.TextField()


class Drift(models.Model):
    """A field or an enum value that the contract does not know, seen in an answer."""

    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=255)
    count = models.BigIntegerField(default=0)
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "name"], name="one_drift"),
        ]
