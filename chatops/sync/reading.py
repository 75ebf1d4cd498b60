"""Sessions read from SuperOffice, as the bytes that came, and put into the mirror in one go."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import DataError
from django.utils import timezone

from chatops.mirror import bulk, ingest, rows
from chatops.mirror.ingest import Answer, Counts
from chatops.mirror.models import SessionReading
from chatops.mirror.querysets import is_open
from chatops.superoffice import entities, jsontext
from chatops.superoffice.client import Client
from chatops.superoffice.errors import NotFound, SuperOfficeError, UnreadableAnswer
from chatops.sync.fetching import fetch, never

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What to read of one session."""

    session_id: int
    #: The session itself; without it only its messages.
    carrier: bool = True
    #: Messages above this id; 0 reads the conversation from its beginning.
    after: int = 0


class Read(NamedTuple):
    """What came for a wish. Both None: SuperOffice does not know the session."""

    session_id: int
    body: bytes | None
    messages: bytes | None
    complete: bool


@dataclass(slots=True)
class Batch:
    """What many reads brought."""

    #: Drawn before the first of them was sent, and when they were stored.
    reading: int
    read_at: datetime
    reads: list[Read] = field(default_factory=list)
    absent: list[int] = field(default_factory=list)
    failed: dict[int, SuperOfficeError] = field(default_factory=dict)
    #: What ended it early, so that some were not tried at all.
    stopped: SuperOfficeError | None = None
    until: int = 0


@dataclass(slots=True)
class Stored:
    """What a batch changed."""

    sessions: Counts = field(default_factory=Counts)
    messages: Counts = field(default_factory=Counts)
    #: Sessions whose answer could not be understood.
    odd: list[int] = field(default_factory=list)

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(
            self.sessions + other.sessions, self.messages + other.messages, self.odd + other.odd
        )

    @property
    def changes(self) -> int:
        """How many objects are new or different."""
        both = self.sessions + self.messages
        return both.created + both.changed + both.gone


def wishes(ids: Iterable[int], *, complete: bool = False, carrier: bool = True) -> list[Wish]:
    """What to read of these sessions: what is new since the last message that we hold, or all."""
    wanted = sorted(set(ids))
    if complete:
        return [Wish(one, carrier=carrier) for one in wanted]
    last: dict[int, int] = {}
    for chunk in bulk.in_chunks(wanted):
        rows = SessionReading.objects.filter(session_id__in=chunk)
        last.update(rows.values_list("session_id", "last_message_id"))
    return [Wish(one, carrier=carrier, after=last.get(one, 0)) for one in wanted]


def read(client: Client, wanted: Sequence[Wish], *, stop: Callable[[], bool] = never) -> Batch:
    """Read them all, as far as SuperOffice answers; its errors are in the batch.

    Raises Stopped when `stop` says so.
    """
    batch = Batch(reading=ingest.next_reading(), read_at=timezone.now())
    fetched = fetch(wanted, partial(_one, client), stop=stop)
    batch.stopped = fetched.stopped
    batch.failed = {wish.session_id: error for wish, error in fetched.failed}
    for one in fetched.done:
        if one.body is None and one.messages is None:
            batch.absent.append(one.session_id)
        else:
            batch.reads.append(one)
    for session_id, error in batch.failed.items():
        logger.warning(
            "session not read", extra={"session_id": session_id, "error": type(error).__name__}
        )
    return batch


def _one(client: Client, wish: Wish) -> Read:
    """The session first, its messages second: what was said in between is then not missed."""
    gone = Read(wish.session_id, None, None, complete=False)
    body = None
    try:
        if wish.carrier:
            body = _carrier(client, wish.session_id)
            if body is None:
                return gone
        # A conversation is read once more as a whole when it has ended: read flags of old messages
        # change unseen, and ids can become visible late (contract H.1, fact 6).
        after = 0 if body is not None and _has_ended(body) else wish.after
        messages = client.sessions.messages_raw(wish.session_id, after=after)
    except NotFound:
        return gone
    return Read(wish.session_id, body, messages, complete=after == 0)


def _carrier(client: Client, session_id: int) -> bytes | None:
    """The session's bytes; None for `null`, which some servers say instead of 404 (L 2)."""
    try:
        return client.sessions.get_raw(session_id)
    except UnreadableAnswer as error:
        if error.status is None:  # read as JSON, but there is no session in it
            return None
        raise


def _has_ended(body: bytes) -> bool:
    try:
        data = jsontext.parse(body)
    except ValueError:
        return False  # ingest will tell
    if not isinstance(data, dict):
        return False
    return not is_open(entities.ChatSessionStatus.read(data.get("Status")))


def store(batch: Batch, *, only: frozenset[int] | None = None) -> Stored:
    """Put what was read into the mirror (`only` these sessions)."""
    reads = [one for one in batch.reads if only is None or one.session_id in only]
    stored = Stored()
    if not reads:
        return stored
    batch.until = ingest.next_reading()
    carriers = [Answer(one.session_id, one.body) for one in reads if one.body is not None]
    put = partial(
        ingest.store_sessions, reading=batch.reading, until=batch.until, read_at=batch.read_at
    )
    stored.sessions = _put(carriers, put, stored.odd)
    for complete in (True, False):
        said = [
            Answer(one.session_id, one.messages)
            for one in reads
            if one.messages is not None and one.complete is complete
        ]
        put = partial(
            ingest.store_messages,
            reading=batch.reading,
            until=batch.until,
            read_at=batch.read_at,
            complete=complete,
        )
        stored.messages += _put(said, put, stored.odd)
    return stored


def overtaken(batch: Batch) -> list[int]:
    """Sessions of a stored batch of which others stored a read that overlaps, with other bytes.

    Which of the two saw the newer state is not known: they have to be read again.
    """
    reads = {one.session_id: one for one in batch.reads}
    found: list[int] = []
    for chunk in bulk.in_chunks(sorted(reads)):
        for row in SessionReading.objects.filter(session_id__in=chunk):
            one = reads[row.session_id]
            pairs = (
                (row.reading, one.body, row.digest),
                (row.messages_reading, one.messages, row.messages_digest),
            )
            if any(_is_other(batch, *pair) for pair in pairs):
                found.append(row.session_id)
    return found


def _is_other(batch: Batch, number: int, body: bytes | None, digest: str) -> bool:
    """Whether what is stored came in another read that had not ended when this one began."""
    overlaps = number > batch.reading and number != batch.until
    return overlaps and body is not None and rows.digest(body) != digest


def _put(
    answers: Sequence[Answer], put: Callable[[Sequence[Answer]], Counts], odd: list[int]
) -> Counts:
    """All in one go; one by one where an answer is odd, so that it does not hold up the others."""
    if not answers:
        return Counts()
    try:
        return put(answers)
    except (ValueError, TypeError, KeyError, AttributeError, DataError) as error:
        # Whatever shape it has that no contract foresees: the type is all that may be told of it.
        if len(answers) == 1:
            session_id = answers[0].session_id
            odd.append(session_id)
            logger.warning(
                "odd answer", extra={"session_id": session_id, "error": type(error).__name__}
            )
            return Counts()
    counts = Counts()
    for answer in answers:
        counts += _put([answer], put, odd)
    return counts
