"""What the database says against what happened: a list of contradictions, empty when all is true.

Pure: rows and journal entries in, sentences out.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
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
    "create_session": "created",
}
#: Where the journal keeps what a deed was about.
WHAT = ("text", "to", "email", "topic")
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
    #: 0 where it is not known which one was made.
    session: int
    user: str
    #: The text, the target, the value or the channel, where the verb has one.
    what: str


class Ground(NamedTuple):
    """What an action's process saw of the session just before it was sent, and as whom."""

    me: int = 0
    user: int | None = None
    transfer_to: int | None = None
    status: str = ""
    email: str = ""
    #: The highest session id, for what makes a session.
    highest: int = 0


class Row(NamedTuple):
    """An action as it stands in the end."""

    id: int
    deed: Deed
    state: str
    message_id: int | None
    ground: Ground = Ground()


class Line(NamedTuple):
    """A line of the trail about an action; `at` in seconds."""

    action: int
    before: str
    after: str
    at: float = 0.0


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
        what = next((payload[one] for one in WHAT if payload.get(one)), "")
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
        *_creations_differ(rows, journal, trail),
        *_trail_broken(rows, trail),
        *_told_otherwise(rows, told),
    ]


def _left_open(rows: Sequence[Row]) -> list[str]:
    return [f"action {row.id} is still {row.state}" for row in rows if row.state in OPEN]


def _sets_differ(rows: Sequence[Row], journal: Sequence[JSONDict]) -> list[str]:
    """Done without effect, an effect of nothing that is done, or two of one."""
    effects = {number: deed for number, deed in deeds(journal).items() if deed.verb != "created"}
    happened = Counter(effects.values())
    done = Counter(row.deed for row in rows if row.state == "done" and row.deed.verb != "created")
    unseen = Counter(row.deed for row in rows if _could_not_be_seen(row, rows, effects))
    found = []
    for deed in sorted(happened.keys() | done.keys()):
        if not done[deed] <= happened[deed] <= done[deed] + unseen[deed]:
            states = sorted((row.id, row.state) for row in rows if row.deed == deed)
            found.append(f"{deed} happened {happened[deed]}×, done {done[deed]}×: {states}")
    return found


def _could_not_be_seen(row: Row, rows: Sequence[Row], effects: dict[int, Deed]) -> bool:
    """Whether an effect of this action may rightly stay with a person: open with cause.

    It was given up, and a later change of the session went out from a ground that did not show it
    (a ground that does is evidence, and settles it); since then the session shows that later one:
    a patch of the same field that came after the effect, or that wished the same value; any
    change of who has the chat. A message stays where it is, so there is no cause for one.
    """
    if row.state not in {"needs_person", "closed"} or row.deed.verb == "message":
        return False
    first = min((number for number, deed in effects.items() if deed == row.deed), default=0)
    return any(
        later.id > row.id
        and later.state in {"done", "needs_person", "closed"}
        and later.deed.session == row.deed.session
        and not shows(row, later.ground)
        and _hides(later.deed, row.deed, first, effects)
        for later in rows
    )


def _hides(later: Deed, mine: Deed, number: int, effects: dict[int, Deed]) -> bool:
    """Whether the later change may be what the session shows, where my effect has this number."""
    if "message" in (later.verb, mine.verb) or (later.verb == "patch") != (mine.verb == "patch"):
        return False
    if mine.verb != "patch" or later.what == mine.what:
        return True
    return any(deed == later and other > number for other, deed in effects.items())


def shows(row: Row, ground: Ground) -> bool:
    """Whether a session that is like this shows what the action asked for."""
    me, verb = row.ground.me, row.deed.verb
    if verb == "patch":
        return ground.email == row.deed.what
    if verb == "accept":
        return ground.user == me and ground.transfer_to is None
    if verb == "pickup":
        return ground.user == me and ground.status != "InQueue"
    if verb == "reject":
        return ground.transfer_to != me and ground.user == row.ground.user
    if verb == "transfer":
        to = int(row.deed.what)
        return ground.transfer_to == to or (ground.user == to and ground.transfer_to is None)
    if verb == "reset":
        return ground.user is None and ground.status == "InQueue"
    return False


def waits(
    rows: Sequence[Row],
    journal: Sequence[JSONDict],
    trail: Sequence[Line],
    *,
    since: float = 0.0,
    quiet: float = 0.0,
    deaths: Sequence[float] = (),
    lease: float = 0.0,
) -> list[float]:
    """Of every action that was unknown and then done after `since`: how long its effect had been
    there to be read, in seconds, counted from `since` at the earliest. A new session can be told
    from a customer's when it has been `quiet` so long. The `lease` of a worker that was killed
    keeps others away: after each of the `deaths` so many seconds are not counted."""
    known, effects = {row.id: row for row in rows}, deeds(journal)
    there: dict[tuple[Deed, int | None], list[float]] = defaultdict(list)
    for entry in journal:
        if deed := effects.get(entry["number"]):
            at = _when(entry) + (quiet if deed.verb == "created" else 0.0)
            there[deed, entry["payload"].get("message")].append(at)
    lost: dict[int, float] = {}
    found = []
    for line in trail:
        if line.after == "unknown":
            lost[line.action] = line.at
        elif line.after == "done" and line.before == "unknown" and line.at > since:
            row = known[line.action]
            shown = [at for at in there[row.deed, row.message_id] if at < line.at]
            start = max([lost[row.id], since, *shown[-1:]])
            found.append(line.at - start - _leased(start, line.at, deaths, lease))
    return found


def _leased(start: float, end: float, deaths: Sequence[float], lease: float) -> float:
    """How much of the time from `start` to `end` lies within `lease` after a death."""
    held = 0.0
    for death in sorted(deaths):
        over = min(end, death + lease)
        held += max(0.0, over - max(start, death))
        start = max(start, over)
    return held


def _when(entry: JSONDict) -> float:
    return datetime.fromisoformat(entry["at"]).timestamp()


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


def _creations_differ(
    rows: Sequence[Row], journal: Sequence[JSONDict], trail: Sequence[Line]
) -> list[str]:
    """A new session that nobody wished; two of one wish; one of a wish that is not done, without
    cause; a wish that is done by a session it did not make.

    Every new session is its own deed, and one wish's: the last of that person in that channel that
    had been sent by then.
    """
    wishes = [row for row in rows if row.deed.verb == "created"]
    sent = {line.action: line.at for line in trail if not line.before}
    effects = deeds(journal)
    made: dict[int | None, list[int]] = defaultdict(list)
    for entry in journal:
        deed = effects.get(entry["number"])
        if deed is None or deed.verb != "created":
            continue
        before = [
            (sent[row.id], row.id)
            for row in wishes
            if row.deed._replace(session=deed.session) == deed
            and sent.get(row.id, math.inf) <= _when(entry)
        ]
        made[max(before)[1] if before else None].append(deed.session)
    found = [f"session {one} was created, and nobody wished it" for one in made[None]]
    for row in wishes:
        mine = made[row.id]
        if row.state == "done":
            right = mine == [row.deed.session]
        else:
            right = not mine or (len(mine) == 1 and _may_be_anybodys(row, mine[0], rows, effects))
        if not right:
            told = f"{row.state} by session {row.deed.session}" if row.deed.session else row.state
            found.append(f"action {row.id} created {mine} and is {told}")
    return found


def _may_be_anybodys(row: Row, session: int, rows: Sequence[Row], effects: dict[int, Deed]) -> bool:
    """Whether the session that this action made may rightly stay with a person: open with cause.

    It was given up, and what it made cannot be told from what somebody else made: the channel has
    another new session that no action has claimed; or a later wish there, whose own session is not
    known either, went out from a ground that did not show this one; or somebody wrote a customer's
    address into it.
    """
    if row.state not in {"needs_person", "closed"}:
        return False
    mates = [one for one in rows if one.deed.verb == "created" and one.deed.what == row.deed.what]
    known = {one.deed.session for one in mates} | {session}
    return (
        any(
            deed.verb == "created" and deed.what == row.deed.what and deed.session not in known
            for deed in effects.values()
            if deed.session > row.ground.highest
        )
        or any(
            one.id > row.id
            and one.state in {"needs_person", "closed"}
            and one.ground.highest < session
            for one in mates
        )
        or any(deed.verb == "patch" and deed.session == session for deed in effects.values())
    )


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
