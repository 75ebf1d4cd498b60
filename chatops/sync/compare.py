"""What SuperOffice said of a session and what we hold of it, each as a short digest.

What we hold is computed from the rows themselves, not from what was noted when they were written:
a row that was changed by anybody but ingest must show.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chatops.mirror import bodies, bulk, rows
from chatops.mirror.bodies import Answer
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.superoffice import jsontext
from chatops.sync.reading import Read

#: Columns that must be what the stored carrier makes them. Times are left out: databases give them
#: back in another form, and they are in the rendering as well.
CHECKED = tuple(
    name
    for name in rows.SESSION_COLUMNS
    if not name.endswith("_at") and name not in {"id", "version", "raw"}
)
_RENDERED = rows.MESSAGE_COLUMNS.index("rendered")


def said(one: Read) -> str:
    """The digest of what came. NotACarrier (or its kin) when that is no session."""
    raw = bodies.session_of(Answer(one.session_id, one.body or b""))
    texts = {}
    for message in bodies.messages_of(Answer(one.session_id, one.messages or b"[]")):
        row = rows.message_row(message)
        texts[int(row[0])] = str(row[_RENDERED])
    return _digest(rows.content_digest(raw), texts)


def held(ids: Sequence[int]) -> dict[int, str]:
    """The digests of these sessions as we hold them; those not held or gone are left out."""
    found: dict[int, str] = {}
    for chunk in bulk.in_chunks(ids):
        texts: dict[int, dict[int, str]] = {}
        messages = ChatMessage.objects.filter(session_id__in=chunk, gone_at=None)
        for session_id, pk, rendered in messages.values_list("session_id", "pk", "rendered"):
            texts.setdefault(session_id, {})[pk] = rendered
        here = ChatSession.objects.here().filter(pk__in=chunk)
        for row in here.values("id", "raw", *CHECKED):
            found[row["id"]] = _digest(_content(row), texts.get(row["id"], {}))
    return found


def _content(row: Mapping[str, Any]) -> str:
    try:
        raw = jsontext.parse(str(row["raw"]).encode())
        made = dict(zip(rows.SESSION_COLUMNS, rows.session_row(raw, version=0), strict=True))
    except (ValueError, TypeError, KeyError, AttributeError):
        return "not a carrier"
    odd = [name for name in CHECKED if made[name] != row[name]]
    return f"not of its carrier: {odd}" if odd else rows.content_digest(raw)


def _digest(content: str, texts: Mapping[int, str]) -> str:
    lines = [content, *(f"{pk}:{rows.digest(texts[pk].encode())}" for pk in sorted(texts))]
    return rows.digest("\n".join(lines).encode())


def together(digests: Mapping[int, str], ids: Iterable[int]) -> str:
    """One digest for a range: of the sorted pairs of id and digest."""
    lines = [f"{one}:{digests[one]}" for one in sorted(ids) if one in digests]
    return rows.digest("\n".join(lines).encode())
