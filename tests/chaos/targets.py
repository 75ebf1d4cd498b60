"""How much of everything a run does: it ends when so many calls of each verb have met a fault.

SuperOffice's journal says which did. What is still wanted lies in a file of the run, where the
processes that act look before every wish.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.chaos.stage import Office

#: The call of each verb, as the journal has it.
CALLS = {
    "send_message": r"POST .*/Messages",
    "accept_transfer": r"POST .*/AcceptTransfer",
    "reject_transfer": r"POST .*/RejectTransfer",
    "pick_up": r"POST .*/Pickup",
    "transfer": r"POST .*/TransferTo/.*",
    "reset": r"POST .*/Reset",
    "patch_session": r"PATCH .*",
    "create_session": r"POST .*/ChatTopic/\d+/Sessions",
}
#: Of the patches so many are the one that ends the chat.
ENDS = 0.02
FILE = "wanted.json"


def wanted(folder: Path) -> dict[str, int]:
    """How many of each verb the run still lacks."""
    found: dict[str, int] = json.loads((folder / FILE).read_text())
    return found


class Tally:
    """What has met a fault so far, and what is still wanted."""

    def __init__(self, office: Office, folder: Path, *, each: int) -> None:
        self._office, self._folder, self._last = office, folder, 0
        # An end is a patch by its call; more than it could be are asked for on top.
        patches = round(each * (1 + 3 * ENDS))
        self.goals = dict.fromkeys(CALLS, each) | {
            "send_message": 3 * each,
            "patch_session": patches,
        }
        self.sent: Counter[str] = Counter()
        self.faulted: Counter[str] = Counter()
        self._write(self.goals)

    def count(self, *, more: bool) -> None:
        """Read on in the journal. With `more` something is wanted in any case."""
        while entries := self._office.entries("request", after=self._last):
            self._last = entries[-1]["number"]
            for verb, fault in calls(entries):
                self.sent[verb] += 1
                self.faulted[verb] += bool(fault)
        lacking = {verb: goal - self.faulted[verb] for verb, goal in self.goals.items()}
        lacking = {verb: number for verb, number in lacking.items() if number > 0}
        self._write(lacking or (self.goals if more else {}))

    def enough(self) -> None:
        """Nothing more is wanted, whatever was reached."""
        self._write({})

    @property
    def reached(self) -> float:
        """How much of what was wanted there is, from 0 to 1."""
        there = sum(min(self.faulted[verb], goal) for verb, goal in self.goals.items())
        return there / sum(self.goals.values())

    def _write(self, lacking: dict[str, int]) -> None:
        new = self._folder / f"{FILE}.new"
        new.write_text(json.dumps(lacking))
        os.replace(new, self._folder / FILE)

    def __str__(self) -> str:
        return ", ".join(f"{verb} {self.faulted[verb]} of {self.sent[verb]}" for verb in CALLS)


def calls(entries: Iterable[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    """The calls that change something in these entries: verb, and the fault it met or nothing."""
    for entry in entries:
        call = f"{entry['method']} {entry['path']}"
        for verb, pattern in CALLS.items():
            if re.fullmatch(pattern, call, re.IGNORECASE):
                yield verb, entry["fault"]
