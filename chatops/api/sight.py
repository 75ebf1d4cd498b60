"""What a caller sees of sessions: which rows in full, which masked, which without texts.

The JSON of a row was made when the row was stored, once in full and once masked; here it is only
chosen and put together. It is parsed for callers who may not read texts, and for `fields`.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.actions.policy import Right
from chatops.mirror.models import ChatMessage, ChatSession, SessionReading
from chatops.mirror.rendering import rfc3339

JSONDict = dict[str, Any]
Row = Mapping[str, Any]

#: What a row must have been read with, besides what it is ordered by.
COLUMNS = ("id", "version", "gone_at", "rendered", "masked")
#: Copies of what was said: part of the transcript.
TEXTS = ("first_message", "last_message")
CARRIER, MESSAGES = "carrier", "messages"
#: The newest messages that `expand=messages` brings; all of them are at `sessions/{id}/messages/`.
MOST_MESSAGES = 500


def sessions(
    caller: Caller,
    rows: Sequence[Row],
    *,
    fields: Collection[str] = (),
    expand: Collection[str] = (),
) -> list[str]:
    """The JSON text of each session, as this caller may see it."""
    ids = [int(row["id"]) for row in rows]
    full = policy.granted(caller, Right.PERSONAL, ids)
    told = policy.granted(caller, Right.TRANSCRIPT, ids)
    read_at = _read_at(ids)
    carriers = _carriers(ids, full & told) if CARRIER in expand else {}
    messages = _messages(ids, told) if MESSAGES in expand else {}
    found = []
    for row in rows:
        one = int(row["id"])
        text: str = row["rendered"] if one in full else row["masked"]
        if one not in told:
            text = _without_texts(text)
        more: JSONDict = {
            "as_of": rfc3339(read_at.get(one)),
            "gone_at": rfc3339(row["gone_at"]),
            "version": row["version"],
        }
        if fields:
            every = json.loads(text) | more
            text, more = _dump({name: every.get(name) for name in fields}), {}
        text = _joined(text, more)
        if CARRIER in expand:
            text = _with(text, CARRIER, carriers.get(one, "null"))
        if MESSAGES in expand:
            text = _with(text, MESSAGES, messages.get(one, "[]" if one in told else "null"))
        found.append(text)
    return found


def session(caller: Caller, session_id: int) -> JSONDict | None:
    """One session as this caller may see it; None when it does not exist for them."""
    row = policy.visible_sessions(caller).filter(pk=session_id).values(*COLUMNS).first()
    if row is None:
        return None
    found: JSONDict = json.loads(sessions(caller, [row])[0])
    return found


def message(caller: Caller, message_id: int | None) -> JSONDict | None:
    """A stored message, when the caller may read what is said in its session."""
    row = ChatMessage.objects.filter(pk=message_id).first() if message_id else None
    if row is None or not granted_visible(caller, Right.TRANSCRIPT, row.session_id):
        return None
    found: JSONDict = json.loads(row.rendered)
    return found


def granted_visible(caller: Caller, right: Right, session_id: int) -> bool:
    """Whether the caller sees the session and has this right on it."""
    return policy.sessions_with(caller, right).filter(pk=session_id).exists()


def _read_at(ids: Sequence[int]) -> dict[int, Any]:
    found = SessionReading.objects.filter(session_id__in=ids)
    return dict(found.values_list("session_id", "read_at"))


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


def _joined(text: str, more: JSONDict) -> str:
    """A JSON object's text with more members, without reading it."""
    return f"{text[:-1]},{_dump(more)[1:]}" if more else text


def _with(text: str, name: str, value: str) -> str:
    return f'{text[:-1]}{"," if len(text) > 2 else ""}"{name}":{value}}}'


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
