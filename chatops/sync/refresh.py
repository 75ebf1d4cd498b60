"""Read sessions again now, and put what came into the mirror."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from chatops.mirror import bulk
from chatops.superoffice.client import Client
from chatops.superoffice.errors import SuperOfficeError
from chatops.sync import absence, reading
from chatops.sync.reading import Stored, Wish

#: What others read meanwhile is read again, so many times.
TRIES = 3
#: So many sessions per reading thread are stored together.
STORED_AT_ONCE = 4


@dataclass(slots=True)
class Outcome:
    """What reading some sessions brought."""

    stored: Stored = field(default_factory=Stored)
    #: Sessions that SuperOffice answered about.
    read: set[int] = field(default_factory=set)
    #: Sessions that SuperOffice does not know.
    absent: list[int] = field(default_factory=list)
    #: Sessions that could not be read, and why.
    failed: dict[int, SuperOfficeError] = field(default_factory=dict)
    #: Why some were not tried.
    stopped: SuperOfficeError | None = None

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.stored + other.stored,
            self.read | other.read,
            self.absent + other.absent,
            self.failed | other.failed,
            self.stopped or other.stopped,
        )


def many(
    client: Client, ids: Iterable[int], *, complete: bool = False, carrier: bool = True
) -> Outcome:
    """Read these sessions and their messages. What could not be read is in the outcome.

    `complete` reads whole conversations instead of what is new; `carrier=False` reads messages
    only. A session that is not known is suspected to be gone, no more (see `absence`). What is read
    is stored some sessions at a time: where calls are rationed all of them may take long.
    """
    wanted = reading.wishes(ids, complete=complete, carrier=carrier)
    outcome = Outcome()
    for some in bulk.in_chunks(wanted, STORED_AT_ONCE * settings.SYNC_THREADS):
        outcome += _some(client, some)
        if outcome.stopped is not None:
            break
    return outcome


def _some(client: Client, wanted: Sequence[Wish]) -> Outcome:
    outcome = Outcome()
    for _ in range(TRIES):
        if not wanted:
            break
        found, overtaken = _once(client, wanted)
        outcome += found
        wanted = [one for one in wanted if one.session_id in overtaken]
    return outcome


def _once(client: Client, wanted: Sequence[Wish]) -> tuple[Outcome, set[int]]:
    """What came, and which of these sessions somebody else read at the same time."""
    batch = reading.read(client, wanted)
    stored = reading.store(batch)
    absence.note(batch.absent, reading=batch.reading)
    answered = {one.session_id for one in batch.reads}
    outcome = Outcome(stored, answered, batch.absent, batch.failed, batch.stopped)
    return outcome, set() if batch.stopped else set(reading.overtaken(batch))


def session(client: Client, session_id: int, *, complete: bool = False) -> bool:
    """Read one session now; whether SuperOffice knows it.

    Raises SuperOfficeError when it could not be read. A session missed for the second time, at a
    later time and while others answer, gets its tombstone.
    """
    outcome = many(client, [session_id], complete=complete)
    if (error := outcome.failed.get(session_id) or outcome.stopped) is not None:
        raise error
    if outcome.absent:
        absence.settle(client)
    return not outcome.absent
