"""One run: act and be killed, let SuperOffice recover, wait, and compare."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random

from django.db import connections
from django.utils import timezone

from chatops.actions.models import OPEN_STATES, Action, State, TrailEntry
from chatops.superoffice import text
from tests.chaos import actor, history, scene
from tests.chaos.stage import Office

#: Everything open settles in this time after SuperOffice's recovery, or the run has failed.
PATIENCE = 45.0
_fork = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Size:
    """How large a run is."""

    seed: int
    actions: int
    kills: int
    processes: int = 4
    agents: int = 5
    chats: int = 40


@dataclass
class Verdict:
    """What a run showed."""

    size: Size
    vendor: str
    states: dict[str, int]
    effects: int
    kills: int
    seconds: float
    #: Of the actions that were open at the recovery and whose effect showed: seconds until settled.
    settled_after: list[float]
    contradictions: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        late = sorted(self.settled_after)
        p95 = f"{late[int(len(late) * 0.95)]:.1f} s" if late else "none open"
        states = " ".join(f"{state}={count}" for state, count in sorted(self.states.items()))
        return (
            f"chaos seed={self.size.seed} {self.vendor}: {sum(self.states.values())} actions "
            f"({states}), {self.effects} effects, {self.kills} kills, {self.seconds:.0f} s, "
            f"settled after recovery p95 {p95}: {len(self.contradictions)} contradictions"
        )


@dataclass
class Slot:
    """A place for a process; whoever is killed is followed by another one."""

    path: Path
    work: Callable[..., None]
    size: Size
    process: BaseProcess | None = None

    def start(self) -> None:
        quota = -(-self.size.actions // self.size.processes)
        self.process = _fork.Process(
            target=_work,
            args=(os.getpid(), self.work, self.path),
            kwargs={"seed": self.size.seed, "quota": quota},
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

    def length(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0


def _work(parent: int, work: Callable[..., None], path: Path, **size: int) -> None:
    """In a slot's process: work, and end with whoever runs the chaos, also when that is killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()
    work(path, **size)


def run(size: Size, office: Office, folder: Path) -> Verdict:
    """One run on an empty database and an empty stand-in. No process of it is left behind."""
    began = time.monotonic()
    setting = _fork.Process(
        target=scene.prepare, args=(office,), kwargs={"agents": size.agents, "chats": size.chats}
    )
    setting.start()
    setting.join()  # in a process of its own: this one must hold no connection when it forks
    assert setting.exitcode == 0, "the scene could not be prepared"
    office.control("PUT", "faults", rules=scene.faults(), seed=size.seed)
    actors = [Slot(folder / f"slot{number}", actor.act, size) for number in range(size.processes)]
    settler = Slot(folder / "settler", actor.settle_all, size)
    try:
        kills = _harass(actors, settler, size)
        office.control("PUT", "faults", rules=[])
        recovered = timezone.now()
        _wait_until_settled()
    finally:
        for slot in (*actors, settler):
            slot.kill()
    verdict = _judge(size, office, actors, recovered)
    verdict.kills, verdict.seconds = kills, time.monotonic() - began
    return verdict


def _harass(actors: list[Slot], settler: Slot, size: Size) -> int:
    """Run the actors to their end, killing now this one, now that one; how often."""
    random, kills = Random(size.seed), 0
    slots = [*actors, settler]
    for slot in slots:
        slot.start()
    while any(slot.alive for slot in actors):
        progress = sum(len(actor.read(slot.path)) for slot in actors) / (2 * size.actions)
        if kills < size.kills * progress:
            victim = random.choice([slot for slot in slots if slot.alive])
            _strike(victim, random)
            victim.start()
            kills += 1
        else:
            time.sleep(0.05)
    return kills


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


def _judge(size: Size, office: Office, actors: list[Slot], recovered: datetime) -> Verdict:
    rows = [_row(action) for action in Action.objects.select_related("requested_by").order_by("pk")]
    lines = [line for slot in actors for line in actor.read(slot.path)]
    trail = TrailEntry.objects.exclude(action=None).exclude(what="appeared_twice").order_by("pk")
    journal = office.journal()
    found = history.contradictions(
        rows,
        journal,
        [history.Line(one.action_id or 0, one.before, one.after) for one in trail],
        [
            history.Told(line["key"], line["action"], line["state"])
            for line in lines
            if line["kind"] == "told"
        ],
    )
    found += [f"crash: {line['error']}" for line in lines if line["kind"] == "crash"]
    late = Action.objects.filter(state=State.DONE, sent_at__lt=recovered, settled_at__gt=recovered)
    return Verdict(
        size,
        connections["default"].vendor,
        states={
            state: sum(row.state == state for row in rows) for state in {row.state for row in rows}
        },
        effects=len(history.deeds(journal)),
        kills=0,
        seconds=0.0,
        settled_after=[
            (one.settled_at - recovered).total_seconds() for one in late if one.settled_at
        ],
        contradictions=found,
    )


def _row(action: Action) -> history.Row:
    what = ""
    if action.verb == "send_message":
        what = text.canonical(action.asked["html"])
    elif action.verb == "transfer":
        what = str(action.asked["to"])
    elif action.verb == "patch_session":
        what = action.asked["wanted"]["CustomerEmail"]
    user = action.requested_by.get_username() if action.requested_by else ""
    deed = history.Deed(history.EFFECTS[action.verb], action.on_session, user, what)
    return history.Row(action.pk, deed, action.state, action.message_id)
