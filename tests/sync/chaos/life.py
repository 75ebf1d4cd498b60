"""What happens at SuperOffice during a run: customers, colleagues, clerks and the clean-up."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from chatops.mirror.models import ChatSession
from tests.chaos.stage import Office

TOPICS = (7, 8, 9)
#: Open chats at a time, about; the rest has ended.
OPEN = 60


@dataclass
class Life:
    """Changes by the dice. Every one bears its number: texts end with it, e-mails begin with it."""

    office: Office
    random: Random
    deletions: int
    number: int = 0
    open: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)

    def go_on(self, changes: int, *, seconds: float, meanwhile: Callable[[float], None]) -> None:
        """So many changes, spread over the time; `meanwhile` is told how far it is, 0 to 1."""
        began = time.monotonic()
        for count in range(1, changes + 1):
            self._change()
            if len(self.deleted) < self.deletions * count / changes:
                self._delete()
            meanwhile(count / changes)
            ahead = began + seconds * count / changes - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
        while len(self.deleted) < self.deletions:
            self._delete()

    def _change(self) -> None:
        self.number += 1
        roll = self.random.random()
        if len(self.open) < 5 or roll < 0.08 * (2 - len(self.open) / OPEN):
            self._arrive()
        elif roll < 0.08 + 0.08 * len(self.open) / OPEN:
            self._end()
        elif roll < 0.30:
            one = self.random.choice([*self.open, *self.ended[-200:]])
            email = f"{self.number}@chaos.example"
            self.office.control("PATCH", f"session/{one}", email=email)
        elif roll < 0.33 and self.ended:
            one, stars = self.random.choice(self.ended), self.random.randint(1, 5)
            self.office.control("POST", "rate", session=one, stars=stars)
        elif roll < 0.45:
            self.office.control("POST", "poll", session=self.random.choice(self.open))
        elif roll < 0.60:
            self._post(by="mia")
        else:
            one = self.random.choice(self.open)
            self.office.control("POST", "say", session=one, text=f"Line {self.number}")

    def _arrive(self) -> None:
        made = self.office.control(
            "POST",
            "chat",
            topic=self.random.choice(TOPICS),
            user=self.random.choice(["mia", "ola", ""]),
            email=f"{self.number}@chaos.example",
            messages=[f"Hello {self.number}"],
        )
        self.open.append(made["id"])

    def _end(self) -> None:
        one = self.open.pop(self.random.randrange(len(self.open)))
        self.office.control("POST", "end", session=one, by=self.random.choice(["mia", ""]))
        self.ended.append(one)

    def _post(self, *, by: str) -> None:
        """An agent's line; now and then an offer to a colleague, which no list shows."""
        one = self.random.choice(self.open)
        self.office.control("POST", "post", session=one, by=by, text=f"Answer {self.number}")
        if self.random.random() < 0.2:
            colleague = self.random.choice([17, 18])
            self.office.control("PATCH", f"session/{one}", transfer_to=colleague)

    def _delete(self) -> None:
        """The clean-up takes a session that we hold, so that it has to leave a tombstone."""
        held = ChatSession.objects.here().filter(pk__in=[*self.open, *self.ended])
        candidates = sorted(set(held.values_list("pk", flat=True)) - self.deleted)
        if not candidates:
            return
        one = self.random.choice(candidates)
        (self.open if one in self.open else self.ended).remove(one)
        self.deleted.add(one)
        self.office.control("DELETE", f"session/{one}")
