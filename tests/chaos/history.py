"""What the database says against what happened: a list of contradictions, empty when all is true.

Pure: rows and journal entries in, sentences out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from chatops.superoffice import text

JSONDict = dict[str, Any]

#: The journal's word for what a verb does at SuperOffice.
EFFECTS = {
    "send_message": "message",
    "accept_transfer": "accept",
    "reject_transfer": "reject",
    "pick_up": "pickup",
    "transfer": "transfer",
    "reset": "reset",
    "patch_session": "patch",
    "end": "end",
}
OPEN = frozenset({"queued", "sending", "unknown"})
MOVES = {
    "": {"sending"},
    "sending": {"done", "no_effect", "refused", "unknown", "expired", "needs_person"},
    "unknown": {"done", "no_effect", "needs_person", "refused", "expired"},
    "needs_person": {"done", "closed"},
    "closed": {"done"},
}


class Deed(NamedTuple):
    """What somebody did, or wished, so that equal ones can be counted."""

    verb: str
    session: int
    user: str
    #: The text, the target or the value, where the verb has one.
    what: str


class Row(NamedTuple):
    """An action as it stands in the end."""

    id: int
    deed: Deed
    state: str
    message_id: int | None


class Line(NamedTuple):
    """A line of the trail about an action."""

    action: int
    before: str
    after: str


class Told(NamedTuple):
    """What a caller was told about a key; `state` is the state it was told."""

    key: str
    action: int
    state: str


def deeds(journal: Iterable[JSONDict]) -> dict[int, Deed]:
    """The effects of agents' calls in the journal, by its numbers."""
    found = {}
    for entry in journal:
        if entry["kind"] != "effect" or entry["user"] in {"customer", "control"}:
            continue
        payload = entry["payload"]
        if entry["verb"] not in EFFECTS.values() or payload.get("special", "None") != "None":
            continue
        what = payload.get("text") or payload.get("to") or payload.get("email") or ""
        if entry["verb"] == "message":
            what = text.canonical(what)
        found[entry["number"]] = Deed(entry["verb"], entry["session"], entry["user"], str(what))
    return found


def contradictions(
    rows: Sequence[Row],
    journal: Sequence[JSONDict],
    trail: Sequence[Line],
    told: Sequence[Told],
) -> list[str]:
    """Everything that is not as promised."""
    return [
        *_left_open(rows),
        *_sets_differ(rows, journal),
        *_messages_misclaimed(rows, journal),
        *_trail_broken(rows, trail),
        *_told_otherwise(rows, told),
    ]


def _left_open(rows: Sequence[Row]) -> list[str]:
    return [f"action {row.id} is still {row.state}" for row in rows if row.state in OPEN]


def _sets_differ(rows: Sequence[Row], journal: Sequence[JSONDict]) -> list[str]:
    """Done without effect, an effect of nothing that is done, or two of one."""
    happened = Counter(deeds(journal).values())
    done = Counter(row.deed for row in rows if row.state == "done")
    lost = Counter(row.deed for row in rows if _may_have_been_overwritten(row, rows))
    found = []
    for deed in sorted(happened.keys() | done.keys()):
        if not done[deed] <= happened[deed] <= done[deed] + lost[deed]:
            states = sorted((row.id, row.state) for row in rows if row.deed == deed)
            found.append(f"{deed} happened {happened[deed]}×, done {done[deed]}×: {states}")
    return found


def _may_have_been_overwritten(row: Row, rows: Sequence[Row]) -> bool:
    """Whether its late effect may have been gone before anybody could see it: it was with a person
    when the next change of the same session came. A message stays where it is."""
    given_up = row.state in {"needs_person", "closed"} and row.deed.verb != "message"
    return given_up and any(
        other.id > row.id
        and other.deed.session == row.deed.session
        and other.deed.verb != "message"
        and other.state in {"done", "needs_person", "closed"}
        for other in rows
    )


def _messages_misclaimed(rows: Sequence[Row], journal: Sequence[JSONDict]) -> list[str]:
    stored = {
        entry["payload"]["message"]: deeds([entry]).get(entry["number"])
        for entry in journal
        if entry["kind"] == "effect" and entry["verb"] == "message"
    }
    found = []
    for row in rows:
        if row.deed.verb != "message" or row.state != "done":
            continue
        if row.message_id is None or stored.get(row.message_id) != row.deed:
            found.append(f"action {row.id} is proved by message {row.message_id}, which is not it")
    return found


def _trail_broken(rows: Sequence[Row], trail: Sequence[Line]) -> list[str]:
    lines: dict[int, list[Line]] = defaultdict(list)
    for line in trail:
        lines[line.action].append(line)
    found = []
    for row in rows:
        now = ""
        for line in lines[row.id]:
            if line.before != now or line.after not in MOVES.get(now, set()):
                found.append(f"action {row.id}: the trail goes from {now!r} to {line.after!r}")
            now = line.after
        if now != row.state:
            found.append(f"action {row.id} is {row.state}, its trail ends with {now!r}")
    return found


def _told_otherwise(rows: Sequence[Row], told: Sequence[Told]) -> list[str]:
    """An action that was acknowledged and is not there, or whose told ending was taken back."""
    known = {row.id: row for row in rows}
    by_key: dict[str, set[int]] = defaultdict(set)
    found = []
    for one in told:
        row = known.get(one.action)
        if row is None:
            found.append(f"action {one.action} was acknowledged and is not there")
            continue
        if row.state != "expired":
            by_key[one.key].add(one.action)
        if row.state != one.state and not _may_become(one.state, row.state):
            found.append(f"action {one.action} was told as {one.state} and is {row.state}")
    found += [
        f"key {key} led to actions {sorted(ids)}" for key, ids in by_key.items() if len(ids) > 1
    ]
    return found


def _may_become(before: str, after: str) -> bool:
    """Whether there is a way from one state to the other."""
    reached, new = set(), {before}
    while new:
        reached |= new
        new = set().union(*(MOVES.get(one, set()) for one in new)) - reached
    return after in reached
