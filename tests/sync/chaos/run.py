"""One run: change and be killed, let it become quiet, wait for two comparisons, and judge."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from django.db import connection
from django.utils import timezone

from chatops.mirror.models import Change, ChatMessage, ChatSession
from chatops.remote import wiring
from chatops.superoffice.client import Client
from chatops.sync import health, hooks
from chatops.sync.models import SyncRun, WebhookDelivery
from tests.chaos.stage import Office
from tests.ops.place import Place
from tests.sync.chaos.crew import Crew
from tests.sync.chaos.life import Life
from tests.sync.chaos.sampling import Sampler
from tests.sync.chaos.stage import faults
from tests.sync.equality import differing

#: Two comparisons that begin in the quiet end within this many seconds, or the run has failed. At
#: full size one reads thousands of sessions, and takes more than a minute on a loaded machine.
PATIENCE = 600.0
#: Seconds in which a hint is worked off when nothing else happens.
WORKED_OFF_WITHIN = 30.0


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    seed: int
    changes: int
    seconds: float
    kills: int
    deletions: int
    workers: int


@dataclass
class Verdict:
    """What a run showed."""

    size: Size
    numbers: dict[str, float]
    contradictions: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = ", ".join(f"{value} {name}" for name, value in self.numbers.items())
        return (
            f"chaos-mirror seed={self.size.seed} {connection.vendor}: {told}: "
            f"{len(self.contradictions)} contradictions"
        )


def run(size: Size, office: Office, place: Place) -> Verdict:
    """One run on an empty database and an empty stand-in."""
    began = time.monotonic()
    migrated = place.manage("migrate", "-v0")
    assert migrated.returncode == 0, migrated.stderr
    crew, sampler = Crew(place, size.workers), Sampler()
    client = wiring.service_client()
    crew.start()
    crew.wait_for_the_door()
    hooks.register(client)
    life = Life(office, Random(size.seed), size.deletions)
    sampler.start()
    office.control("PUT", "options", webhook_lost=0.2, webhook_doubled=0.1, webhook_shuffled=2.0)
    office.control("PUT", "faults", rules=faults(), seed=size.seed)
    dice = Random(size.seed + 1)

    def meanwhile(progress: float) -> None:
        if crew.kills < int(size.kills * progress):
            crew.lose_one(dice)

    life.go_on(size.changes, seconds=size.seconds, meanwhile=meanwhile)
    changed_in = time.monotonic() - began
    office.control("PUT", "faults", rules=[])
    quiet = Quiet(client)
    found = quiet.wait()
    sampler.stop()
    found += sampler.contradictions
    found += [f"a worker ended with {code}" for code in crew.has_ended()]
    found += judge(client, life)
    numbers: dict[str, float] = {
        "changes": life.number,
        "kills": crew.kills,
        "hints received": WebhookDelivery.objects.count(),
        "sessions": ChatSession.objects.count(),
        "messages": ChatMessage.objects.count(),
        "tombstones": ChatSession.objects.exclude(gone_at=None).count(),
        "samples": sampler.samples,
        "s of changes": round(changed_in),
        "s until equal": round(quiet.equal_after, 1),
        "s until proved twice": round(quiet.proved_after, 1),
    }
    return Verdict(size, numbers, found)


class Quiet:
    """Nothing changes any more: how long until the mirror is equal, and until it is proved so."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.since: datetime = timezone.now()
        self.began = time.monotonic()
        self.equal_after = self.proved_after = float("inf")

    def wait(self) -> list[str]:
        """Until two comparisons that began in the quiet have ended; what contradicts."""
        found: list[str] = []
        while len(ended := self._comparisons()) < 2:
            if time.monotonic() - self.began > PATIENCE:
                return [*found, f"only {len(ended)} comparisons ended in {PATIENCE:.0f} s of quiet"]
            found += self._false_green(ended)
            time.sleep(1)
        self.proved_after = time.monotonic() - self.began
        found += self._false_green(ended)
        if not health.report()["ranges"]["equal"]:
            found.append("two comparisons of a quiet SuperOffice have not proved it equal")
        return found

    def _comparisons(self) -> list[SyncRun]:
        runs = SyncRun.objects.filter(kind=SyncRun.Kind.RECONCILE, started_at__gt=self.since)
        return list(runs.exclude(ended_at=None).order_by("pk"))

    def _false_green(self, ended: list[SyncRun]) -> list[str]:
        """Proved by a comparison of the quiet, and yet not equal."""
        green = bool(ended) and health.report()["ranges"]["equal"]
        if self.equal_after < float("inf"):
            return []
        looked = time.monotonic()
        if next(self._differences(), None) is None:
            self.equal_after = looked - self.began
            return []
        return ["green while it was not equal"] if green else []

    def _differences(self) -> Iterator[str]:
        return differing(self.client, set(self.client.sessions.ids()))


def _stuck() -> list[str]:
    """The states of hints that nobody works off. The last ones may have come a moment ago: the
    proofs do not wait for them. A failed one waits for its next try, perhaps two minutes away."""
    states, until = WebhookDelivery.State, time.monotonic() + WORKED_OFF_WITHIN
    while WebhookDelivery.objects.filter(state=states.WAITING).exists():
        if time.monotonic() > until:
            break
        time.sleep(0.2)
    stuck = WebhookDelivery.objects.filter(state__in=(states.WAITING, states.DEAD))
    return list(stuck.values_list("state", flat=True))


def judge(client: Client, life: Life) -> list[str]:
    """What contradicts once everything has been compared."""
    found = list(differing(client, set(client.sessions.ids())))
    gone = set(ChatSession.objects.exclude(gone_at=None).values_list("pk", flat=True))
    if gone != life.deleted:
        found.append(f"tombstones that are wrong or lacking: {sorted(gone ^ life.deleted)}")
    numbers = list(Change.objects.order_by("number").values_list("number", flat=True))
    if numbers != list(range(1, len(numbers) + 1)):
        found.append("the feed has holes")
    found += [f"a hint is {state}" for state in _stuck()]
    found += [f"alarm: {one['name']}: {one['detail']}" for one in health.report()["alarms"]]
    if health.freshness().is_stale:
        found.append(f"stale: {health.freshness().reason}")
    return found
