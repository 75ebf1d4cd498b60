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
from typing import Any, NamedTuple

from django.contrib.auth.models import User

from chatops.actions import needs, settle, verbs
from chatops.actions.callers import caller_of
from chatops.actions.errors import ActionError
from chatops.actions.models import OPEN_STATES, Action, State, Verb
from chatops.actions.perform import Wish
from chatops.mirror.models import ChatSession, ChatTopic
from chatops.remote import wiring
from tests.chaos import targets

#: Said often, so that equal texts under different keys are told apart by nothing but their ids.
COMMON = ("OK", "Yes")
WAITS = "InQueue"
#: So many chats are looked at for one on which a verb fits.
LOOKED_AT = 20
#: What makes a chat on which the verb fits, where there is none.
LEADS_TO = {
    "pick_up": "reset",
    "accept_transfer": "transfer",
    "reject_transfer": "transfer",
    "transfer": "pick_up",
    "reset": "pick_up",
    "patch_session": "pick_up",
    "send_message": "pick_up",
}


@dataclass(frozen=True)
class Ask:
    """One wish, enough to repeat it."""

    key: str
    verb: str
    #: 0 where there is none yet.
    session: int
    user: str
    what: Any = None


class Chat(NamedTuple):
    """A chat as the mirror has it; thousands are looked through for every wish."""

    id: int
    status: str
    owner: int | None
    offered_to: int | None


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


def act(path: Path, *, seed: int) -> None:
    """Act until nothing is wanted any more."""
    lines = read(path)
    asked = [Ask(**line["ask"]) for line in lines if line["kind"] == "ask"]
    answered = {line["key"] for line in lines if line["kind"] != "ask"}
    actor = Actor(Diary(path), Random(f"{seed}-{len(lines)}"), prefix=f"{path.stem}-{len(lines)}")
    for unanswered in [ask for ask in asked if ask.key not in answered]:
        actor.carry_out(unanswered)
    while wanted := targets.wanted(path.parent):
        ask = actor.again(asked) or actor.think(wanted)
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

    def think(self, wanted: dict[str, int]) -> Ask | None:
        """Something that is wanted, on a chat where it fits as the mirror has it; or what makes one
        where it does; or what a person is asked for."""
        if self.random.random() < 0.05:
            return self._second_attempt()
        verb = self.random.choices([*wanted], [*wanted.values()])[0]
        if verb == "create_session":
            return self._start()
        seen = ChatSession.objects.filter(is_open=True, gone_at=None)
        if self.random.random() < 0.8:  # else it learns who is at it
            busy = Action.objects.filter(state__in=OPEN_STATES).exclude(session_id=None)
            seen = seen.exclude(pk__in=busy.values("session_id"))
        columns = ("pk", "status", "associate_id", "transfer_to_id")
        chats = [Chat(*one) for one in seen.values_list(*columns)]
        if not chats:
            time.sleep(0.1)
            return None
        self.random.shuffle(chats)
        # Of those that fit there may be one left, which all would be at: then more are made.
        for fitting in (verb, LEADS_TO[verb], LEADS_TO[LEADS_TO[verb]]):
            for chat in chats[:LOOKED_AT]:
                if ask := self._on(chat, fitting):
                    return ask
        return None

    def _start(self) -> Ask | None:
        """A new chat, mostly in a channel where nobody starts one; there may be none."""
        topics = ChatTopic.objects.order_by("pk")
        if self.random.random() < 0.8:
            open_there = Action.objects.filter(verb=Verb.CREATE_SESSION, state__in=OPEN_STATES)
            topics = topics.exclude(pk__in=open_there.values("topic_id"))
        if not (ids := [*topics.values_list("pk", flat=True)]):
            time.sleep(0.1)  # it may be all that is wanted
            return None
        user = self.random.choice([*self.people.values()])
        return self._ask("create_session", 0, user, self.random.choice(ids))

    def _on(self, chat: Chat, verb: str) -> Ask | None:
        """The verb on this chat, by somebody who can; None when nobody can."""
        user = self._who_can(chat, verb)
        if user is None:
            return None
        if verb == "patch_session" and self.random.random() < targets.ENDS:
            return self._ask("end_chat", chat.id, user)
        return self._ask(verb, chat.id, user, self._what(verb, user))

    def _who_can(self, chat: Chat, verb: str) -> str | None:
        owner = self.people.get(chat.owner or 0)
        offered_to = self.people.get(chat.offered_to or 0)
        if verb == "pick_up":
            return self.random.choice([*self.people.values()]) if chat.status == WAITS else None
        if verb in {"accept_transfer", "reject_transfer"}:
            return offered_to
        if verb == "transfer" and offered_to:
            return None
        return owner

    def _what(self, verb: str, user: str) -> Any:
        unique = f"{self._prefix}-{self._count}"
        if verb == "send_message":
            common = self.random.random() < 0.3
            return self.random.choice(COMMON) if common else f"text {unique} < & > more"
        if verb == "transfer":
            return self.random.choice([one for one in self.people.values() if one != user])
        return {"CustomerEmail": f"{unique}@chaos.example"} if verb == "patch_session" else None

    def _second_attempt(self) -> Ask | None:
        lost = Action.objects.filter(state=State.NEEDS_PERSON).order_by("?").first()
        if lost is None or lost.requested_by is None:
            return None
        verb = self.random.choice(["second_attempt", "close"])
        return self._ask(verb, lost.session_id or 0, lost.requested_by.get_username(), lost.pk)

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
    "create_session": lambda ask, wish: verbs.create_session(ask.what, wish=wish),
    "second_attempt": lambda ask, wish: needs.second_attempt(ask.what, wish=wish),
    "close": lambda ask, wish: needs.close(ask.what, caller=wish.caller, verdict="did_not_happen"),
}


def settle_all(path: Path, *, seed: int) -> None:
    """The worker: settles whatever is due, until it is killed."""
    while True:
        settle.run_due(wiring.service_client(person=True))
        time.sleep(0.2)
