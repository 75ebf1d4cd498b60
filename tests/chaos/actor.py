"""What one process does: it acts as anybody on any chat, and writes down what it asks and is told.

Its diary outlives it: a line is with the kernel before the action begins. Whoever takes over a
slot from a process that was killed first repeats what had no answer, with the same key.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from django.contrib.auth.models import User

from chatops.actions import needs, settle, verbs
from chatops.actions.callers import caller_of
from chatops.actions.errors import ActionError
from chatops.actions.models import Action, State
from chatops.actions.perform import Wish
from chatops.mirror.models import ChatSession
from chatops.remote import wiring

#: Said often, so that equal texts under different keys are told apart by nothing but their ids.
COMMON = ("OK", "Yes")


@dataclass(frozen=True)
class Ask:
    """One wish, enough to repeat it."""

    key: str
    verb: str
    session: int
    user: str
    what: Any = None


class Diary:
    """Lines in a slot's file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, kind: str, **facts: Any) -> None:
        """One line in one write: a kill leaves it there whole, or not at all."""
        os.write(self._file, (json.dumps({"kind": kind, **facts}) + "\n").encode())


def read(path: Path) -> list[dict[str, Any]]:
    """A diary's lines so far, without one that is being written this moment."""
    if not path.exists():
        return []
    whole, _, _ = path.read_text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def act(path: Path, *, seed: int, quota: int) -> None:
    """Act until the slot's diary holds `quota` wishes."""
    lines = read(path)
    asked = [Ask(**line["ask"]) for line in lines if line["kind"] == "ask"]
    answered = {line["key"] for line in lines if line["kind"] != "ask"}
    actor = Actor(Diary(path), Random(f"{seed}-{len(lines)}"), prefix=f"{path.stem}-{len(lines)}")
    for unanswered in [ask for ask in asked if ask.key not in answered]:
        actor.carry_out(unanswered)
    while len(asked) < quota:
        ask = actor.again(asked) or actor.think()
        if ask is not None:
            asked.append(ask)
            actor.diary.write("ask", ask=asdict(ask))
            actor.carry_out(ask)


class Actor:
    """Everybody's hands in one process."""

    def __init__(self, diary: Diary, random: Random, *, prefix: str) -> None:
        self.diary, self.random, self._prefix, self._count = diary, random, prefix, 0
        self.people = {
            row.agent.associate_id: row.username
            for row in User.objects.select_related("agent").exclude(agent=None)
        }

    def _ask(self, verb: str, session: int, user: str, what: Any = None) -> Ask:
        self._count += 1
        return Ask(f"{self._prefix}-{self._count}", verb, session, user, what)

    def again(self, asked: list[Ask]) -> Ask | None:
        """Now and then the same once more, under the same key."""
        return self.random.choice(asked[-20:]) if asked and self.random.random() < 0.05 else None

    def think(self) -> Ask | None:
        """Something that fits the chat as the mirror has it, or something a person is asked for."""
        open_ones = list(ChatSession.objects.filter(is_open=True, gone_at=None))
        session = self.random.choice(open_ones)
        if self.random.random() < 0.05:
            return self._second_attempt()
        if session.status == "InQueue":
            return self._ask("pick_up", session.pk, self.random.choice([*self.people.values()]))
        if session.transfer_to_id in self.people and self.random.random() < 0.6:
            verb = self.random.choice(["accept_transfer", "reject_transfer"])
            return self._ask(verb, session.pk, self.people[session.transfer_to_id])
        owner = self.people.get(session.associate_id or 0)
        return self._of_mine(session.pk, owner) if owner else None

    def _of_mine(self, session: int, owner: str) -> Ask:
        verb = self.random.choices(
            ["send_message", "transfer", "patch_session", "reset", "end_chat"],
            [40, 25, 20, 14, 1],
        )[0]
        unique = f"{self._prefix}-{self._count}"
        what: Any = None
        if verb == "send_message":
            common = self.random.random() < 0.3
            what = self.random.choice(COMMON) if common else f"text {unique} < & > more"
        elif verb == "transfer":
            what = self.random.choice([one for one in self.people.values() if one != owner])
        elif verb == "patch_session":
            what = {"CustomerEmail": f"{unique}@chaos.example"}
        return self._ask(verb, session, owner, what)

    def _second_attempt(self) -> Ask | None:
        lost = Action.objects.filter(state=State.NEEDS_PERSON).order_by("?").first()
        if lost is None or lost.requested_by is None:
            return None
        verb = self.random.choice(["second_attempt", "close"])
        return self._ask(verb, lost.on_session, lost.requested_by.get_username(), lost.pk)

    def carry_out(self, ask: Ask) -> None:
        """Do it, and write down what came of it."""
        caller = caller_of(User.objects.get(username=ask.user), source="console")
        wish = Wish(caller, ask.key, route="chaos")
        try:
            action = VERBS[ask.verb](ask, wish)
        except ActionError as error:
            self.diary.write("refusal", key=ask.key, code=error.problem_code)
        except Exception as error:  # whatever it is, the run's verdict names it
            self.diary.write("crash", key=ask.key, error=repr(error))
        else:
            self.diary.write("told", key=ask.key, action=action.pk, state=str(action.state))


VERBS: dict[str, Callable[[Ask, Wish], Action]] = {
    "send_message": lambda ask, wish: verbs.send_message(ask.session, ask.what, wish=wish),
    "transfer": lambda ask, wish: verbs.transfer(ask.session, ask.what, wish=wish),
    "patch_session": lambda ask, wish: verbs.patch_session(ask.session, ask.what, wish=wish),
    "accept_transfer": lambda ask, wish: verbs.accept_transfer(ask.session, wish=wish),
    "reject_transfer": lambda ask, wish: verbs.reject_transfer(ask.session, wish=wish),
    "pick_up": lambda ask, wish: verbs.pick_up(ask.session, wish=wish),
    "reset": lambda ask, wish: verbs.reset(ask.session, wish=wish),
    "end_chat": lambda ask, wish: verbs.end_chat(ask.session, wish=wish),
    "second_attempt": lambda ask, wish: needs.second_attempt(ask.what, wish=wish),
    "close": lambda ask, wish: needs.close(ask.what, caller=wish.caller, verdict="did_not_happen"),
}


def settle_all(path: Path, *, seed: int, quota: int) -> None:
    """The worker: settles whatever is due, until it is killed."""
    while True:
        settle.run_due(wiring.service_client(person=True))
        time.sleep(0.2)
