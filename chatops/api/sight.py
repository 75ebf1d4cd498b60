"""What a caller sees of sessions: which rows in full, which masked, which without texts.

The JSON of a row was made when the row was stored, once in full and once masked; here it is only
chosen and put together. It is parsed for callers who may not read texts, and for `fields`.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.actions.policy import Right
from chatops.actions.prepared import NUMBER, Kept
from chatops.mirror import as_of
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.mirror.rendering import rfc3339

JSONDict = dict[str, Any]
Row = Mapping[str, Any]

#: What a row must have been read with, besides what it is ordered by (or less, see `columns`).
COLUMNS = ("id", "version", "gone_at", "rendered", "masked")
#: Copies of what was said: part of the transcript.
TEXTS = ("first_message", "last_message")
CARRIER, MESSAGES = "carrier", "messages"
#: The newest messages that `expand=messages` brings; all of them are at `sessions/{id}/messages/`.
MOST_MESSAGES = 500


_kept = Kept()


def columns(caller: Caller) -> tuple[str, ...]:
    """What rows must be read with for this caller; for a token only the one form that it gets."""
    if not caller.token:
        return COLUMNS
    hidden = "masked" if policy.sees_personal(caller) else "rendered"
    return tuple(one for one in COLUMNS if one != hidden)


def sessions(
    caller: Caller,
    rows: Sequence[Row],
    *,
    fields: Collection[str] = (),
    expand: Collection[str] = (),
) -> list[str]:
    """The JSON text of each session, as this caller may see it.

    Rows that were read with `as_of.column` as `read_at` are not looked up again.
    """
    ids = [int(row["id"]) for row in rows]
    full = policy.granted(caller, Right.PERSONAL, ids)
    told = policy.granted(caller, Right.TRANSCRIPT, ids)
    dated = {} if rows and "read_at" in rows[0] else as_of.sessions(ids)
    carriers = _carriers(ids, full & told) if CARRIER in expand else {}
    messages = _messages(ids, told) if MESSAGES in expand else {}
    found = []
    for row in rows:
        one = int(row["id"])
        text: str = row["rendered"] if one in full else row["masked"]
        if one not in told:
            text = _without_texts(text)
        text = _dated(text, dated.get(one) or row.get("read_at"), row)
        if fields:
            every = json.loads(text)
            text = _dump({name: every.get(name) for name in fields})
        if CARRIER in expand:
            text = _with(text, CARRIER, carriers.get(one, "null"))
        if MESSAGES in expand:
            text = _with(text, MESSAGES, messages.get(one, "[]" if one in told else "null"))
        found.append(text)
    return found


def session(
    caller: Caller, session_id: int, *, as_shown: JSONDict | None = None
) -> JSONDict | None:
    """One session as this caller may see it; None when it does not exist for them.

    `as_shown`: its row as it was then, instead of now.
    """
    own = columns(caller)

    def one(pk: int) -> QuerySet[Any, Any]:
        found: QuerySet[Any, Any] = policy.visible_sessions(caller).filter(pk=pk).values(*own)
        return found

    sight = policy.sight_of(caller)
    rows = one(session_id) if sight is None else _kept.rows(sight, lambda: one(NUMBER), session_id)
    if rows and as_shown is not None:
        gone_at = as_shown["gone_at"]
        rows = [{**as_shown, "gone_at": datetime.fromisoformat(gone_at) if gone_at else None}]
    for text in sessions(caller, list(rows)):
        found: JSONDict = json.loads(text)
        return found
    return None


def message(
    caller: Caller, message_id: int | None, *, as_shown: str | None = None
) -> JSONDict | None:
    """A stored message, when the caller may read what is said in its session; `as_shown`: its JSON
    as it was then, instead of now."""
    if not message_id or Right.TRANSCRIPT not in policy.rights(caller):
        return None
    rows = ChatMessage.objects.filter(pk=message_id).values_list("session_id", "rendered")
    for session_id, rendered in rows:
        if granted_visible(caller, Right.TRANSCRIPT, session_id):
            found: JSONDict = json.loads(as_shown or rendered)
            return found
    return None


def granted_visible(caller: Caller, right: Right, session_id: int) -> bool:
    """Whether the caller sees the session and has this right on it."""
    return policy.sessions_with(caller, right).filter(pk=session_id).exists()


def _carriers(ids: Iterable[int], may: frozenset[int]) -> dict[int, str]:
    wanted = [one for one in ids if one in may]
    return dict(ChatSession.objects.filter(pk__in=wanted).values_list("id", "raw"))


def _messages(ids: Iterable[int], may: frozenset[int]) -> dict[int, str]:
    """The newest messages of each session as a JSON array, oldest first."""
    found = {}
    for one in ids:
        if one in may:
            newest = ChatMessage.objects.of(one).order_by("-id")
            texts = list(newest.values_list("rendered", flat=True)[:MOST_MESSAGES])
            found[one] = f"[{','.join(reversed(texts))}]"
    return found


def _without_texts(text: str) -> str:
    return _dump(json.loads(text) | dict.fromkeys(TEXTS))


def _dated(text: str, read_at: str | None, row: Row) -> str:
    """A session's JSON with when it was read, when it went, and its version, without reading it."""
    gone_at = rfc3339(row["gone_at"])
    as_of = f'"{read_at}"' if read_at else "null"
    gone = f'"{gone_at}"' if gone_at else "null"
    return f'{text[:-1]},"as_of":{as_of},"gone_at":{gone},"version":{row["version"]}}}'


def _with(text: str, name: str, value: str) -> str:
    return f'{text[:-1]}{"," if len(text) > 2 else ""}"{name}":{value}}}'


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
