"""One run: act and be killed, let SuperOffice recover, wait, and compare."""

import math
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

from django.db import connections
from django.utils import timezone
from tqdm import tqdm

from chatops.actions import creating, settle
from chatops.actions.models import OPEN_STATES, Action, TrailEntry
from chatops.remote import wiring
from chatops.superoffice import text
from tests.chaos import actor, history, scene, targets
from tests.chaos.stage import Office

#: Everything open settles in this time after SuperOffice's recovery, or the run has failed.
PATIENCE = 45.0
#: Seconds in which a lost answer is settled once its effect can be read (p95).
SETTLED_WITHIN = 10.0
#: Of fewer lost answers the 95th percentile is one unlucky one, which says nothing.
ENOUGH_WAITS = 100
#: By then everything that is still watched is due. Minutes.
WATCHED_AFTER = 20
#: Looks for somebody to kill between two countings.
ROUND = 6
#: How likely a customer comes by himself between two countings.
CUSTOMERS = 0.15
_fork = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    seed: int
    #: Calls of each verb that are to meet a fault, and three times as many sends.
    each: int
    kills: int
    processes: int = 4
    agents: int = 5
    chats: int = 40
    #: Whatever was reached by then; that it was less is told as a contradiction.
    minutes: float = math.inf

    @property
    def topics(self) -> int:
        """A channel takes one new chat at a time, and a lost one holds it for seconds."""
        return max(3, self.chats // 2)


@dataclass
class Verdict:
    """What a run showed."""

    size: Size
    vendor: str
    states: Counter[str]
    effects: int
    #: Seconds from when an effect whose answer was lost could be read until it was settled; and of
    #: those that were open at SuperOffice's recovery, from then.
    waits: list[float]
    late: list[float]
    calls: str = ""
    kills: int = 0
    seconds: float = 0.0
    contradictions: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        states = " ".join(f"{state}={count}" for state, count in sorted(self.states.items()))
        return (
            f"chaos seed={self.size.seed} {self.vendor}: {self.states.total()} actions "
            f"({states}), {self.effects} effects, {self.kills} kills, {self.seconds:.0f} s\n"
            f"met a fault: {self.calls}\n"
            f"lost answers settled p95 {told(self.waits)} after their effect, "
            f"{told(self.late)} after the recovery: {len(self.contradictions)} contradictions"
        )


def told(waits: list[float]) -> str:
    """The 95th percentile of these seconds, and of how many."""
    return f"{p95(waits):.1f} s ({len(waits)})" if waits else "(none)"


def p95(waits: list[float]) -> float:
    """The 95th percentile; of none, nothing."""
    return sorted(waits)[int(len(waits) * 0.95)] if waits else 0.0


@dataclass
class Slot:
    """A place for a process; whoever is killed is followed by another one."""

    path: Path
    work: Callable[..., None]
    size: Size
    process: BaseProcess | None = None
    #: When it was killed, by the clock of the rows.
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        self.process = _fork.Process(
            target=_work,
            args=(os.getpid(), self.work, self.path),
            kwargs={"seed": self.size.seed},
        )
        self.process.start()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def kill(self) -> None:
        """As the kernel does when memory is short."""
        if self.process is not None and self.process.pid is not None and self.process.is_alive():
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.join()
            self.deaths.append(time.time())

    def length(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0


def _work(parent: int, work: Callable[..., None], path: Path, *, seed: int) -> None:
    """In a slot's process: work, and end with whoever runs the chaos, also when that is killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()
    work(path, seed=seed)


def run(size: Size, office: Office, folder: Path) -> Verdict:
    """One run on an empty database and an empty stand-in. No process of it is left behind."""
    began = time.monotonic()
    people = {"agents": size.agents, "chats": size.chats, "topics": size.topics}
    setting = _fork.Process(target=scene.prepare, args=(office,), kwargs=people)
    setting.start()
    setting.join()  # in a process of its own: this one must hold no connection when it forks
    assert setting.exitcode == 0, "the scene could not be prepared"
    office.control("PUT", "faults", rules=scene.faults(), seed=size.seed)
    tally = targets.Tally(office, folder, each=size.each)
    actors = [Slot(folder / f"slot{number}", actor.act, size) for number in range(size.processes)]
    settler = Slot(folder / "settler", actor.settle_all, size)
    try:
        kills = _harass(actors, settler, size, tally, office)
        office.control("PUT", "faults", rules=[])
        recovered = timezone.now()
        _wait_until_settled()
        settler.kill()
        _watch_once_more()
    finally:
        for slot in (*actors, settler):
            slot.kill()
    verdict = _judge(size, office, actors, recovered, settler.deaths)
    if tally.reached < 1 or kills < size.kills:
        verdict.contradictions.append("fewer than were asked for")
    verdict.calls, verdict.kills, verdict.seconds = str(tally), kills, time.monotonic() - began
    return verdict


def _harass(
    actors: list[Slot], settler: Slot, size: Size, tally: targets.Tally, office: Office
) -> int:
    """Run the actors to their end while customers come, killing now this one, now that one; how
    often."""
    random, kills, deadline = Random(size.seed), 0, time.monotonic() + 60 * size.minutes
    slots = [*actors, settler]
    for slot in slots:
        slot.start()
    with tqdm(total=100, unit="%", desc="chaos", disable=None) as bar:
        while any(slot.alive for slot in actors):
            tally.count(more=kills < size.kills)
            if time.monotonic() > deadline:
                tally.enough()
            bar.update(int(100 * tally.reached) - bar.n)
            if random.random() < CUSTOMERS:
                _arrive(office, random.randrange(size.topics))
            for _ in range(ROUND):
                if kills >= size.kills * tally.reached:
                    time.sleep(0.05)
                elif alive := [slot for slot in slots if slot.alive]:
                    victim = random.choice(alive)
                    _strike(victim, random)
                    victim.start()
                    kills += 1
    return kills


def _arrive(office: Office, number: int) -> None:
    """A customer without a name comes to a channel: nobody's action may claim that chat."""
    topic = scene.FIRST_TOPICS[0] + number
    office.control("POST", "chat", topic=topic, customer="", email="")


def _strike(victim: Slot, random: Random) -> None:
    """Kill in the middle of an action, at a random moment: every phase gets its turn."""
    length, deadline = victim.length(), time.monotonic() + 0.5
    while victim.length() == length and time.monotonic() < deadline:
        time.sleep(0.0005)
    time.sleep(random.uniform(0.0, 0.06))
    victim.kill()


def _wait_until_settled() -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not Action.objects.filter(state__in=OPEN_STATES).exists():
            return
        time.sleep(0.2)


def _watch_once_more() -> None:
    """What is with a person is looked at now and then for a day: twice after all is over, because
    a new chat that first shows now is told from a customer's by the look after that."""
    client, later = wiring.service_client(), timezone.now()
    for _ in range(2):
        later += timedelta(minutes=WATCHED_AFTER)
        while settle.run_due(client, now=later):
            pass


def _judge(
    size: Size, office: Office, actors: list[Slot], recovered: datetime, deaths: list[float]
) -> Verdict:
    rows = [_row(action) for action in Action.objects.select_related("requested_by").order_by("pk")]
    lines = [line for slot in actors for line in actor.read(slot.path)]
    told_of = TrailEntry.objects.exclude(action=None).exclude(what="appeared_twice")
    trail = [
        history.Line(one.action_id or 0, one.before, one.after, one.at.timestamp())
        for one in told_of.order_by("pk")
    ]
    journal = office.effects()
    told = [
        history.Told(line["key"], line["action"], line["state"])
        for line in lines
        if line["kind"] == "told"
    ]
    waits = partial(
        history.waits,
        rows,
        journal,
        trail,
        quiet=creating.QUIET.total_seconds(),
        deaths=deaths,
        lease=settle.LEASE.total_seconds(),
    )
    verdict = Verdict(
        size,
        connections["default"].vendor,
        states=Counter(row.state for row in rows),
        effects=len(history.deeds(journal)),
        waits=waits(),
        late=waits(since=recovered.timestamp()),
        contradictions=history.contradictions(rows, journal, trail, told),
    )
    verdict.contradictions += [
        f"crash: {line['error']}" for line in lines if line["kind"] == "crash"
    ]
    slow = [one for one in (verdict.waits, verdict.late) if p95(one) > SETTLED_WITHIN]
    if any(len(one) >= ENOUGH_WAITS for one in slow):
        verdict.contradictions.append("lost answers are settled too late")
    return verdict


def _row(action: Action) -> history.Row:
    what, ground = "", action.baseline
    if action.verb == "send_message":
        what = text.canonical(action.asked["html"])
    elif action.verb == "transfer":
        what = str(action.asked["to"])
    elif action.verb == "patch_session":
        what = action.asked["wanted"]["CustomerEmail"]
    elif action.verb == "create_session":
        what = str(action.topic_id)
    user = action.requested_by.get_username() if action.requested_by else ""
    deed = history.Deed(history.EFFECTS[action.verb], action.session_id or 0, user, what)
    emails = [one["value"] for one in ground.get("operations", []) if one["op"] == "test"]
    seen = history.Ground(
        ground["associate_id"],
        ground.get("user"),
        ground.get("transfer_to"),
        ground.get("status", ""),
        emails[0] if emails else "",
        ground.get("highest", 0),
    )
    return history.Row(action.pk, deed, action.state, action.message_id, seen)
