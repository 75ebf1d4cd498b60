"""Answers of the usual shape as rows: read and written without a dict between.

Nearly every answer has the fields of the contract, in their types, and nothing secret below its
links. Such a one is read into a struct and its texts are written from structs; only links (a few
hundred different ones) are looked into, and remembered. Whatever else comes is left to `bodies`
and `rows`, which take everything; what is stored is the same to the byte.
"""

from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from chatops.mirror import bodies, rendering, rows
from chatops.mirror.bodies import Answer
from chatops.mirror.jsontext import dumps
from chatops.mirror.moments import Moment, moment, usual
from chatops.mirror.querysets import is_open
from chatops.mirror.rows import Row, digest, sorted_dumps
from chatops.superoffice import entities, jsontext, text
from chatops.superoffice.entities.carrier import (
    plan_of,
    read_bool,
    read_int,
    read_text,
)
from chatops.superoffice.times import parse_time

JSONDict = dict[str, Any]


class Session(NamedTuple):
    """What becomes of a session's answer."""

    row: Row
    #: Digest of what counts as a change.
    content: str
    #: Carriers of the colleagues that it names.
    colleagues: tuple[JSONDict, ...]


class Link(NamedTuple):
    """A linked carrier in the forms that are stored; `id` None when it names nobody."""

    id: int | None
    carrier: JSONDict | None
    raw: msgspec.Raw
    content: msgspec.Raw
    shown: msgspec.Raw
    masked: msgspec.Raw


class _Odd(ValueError):
    """Not of the usual shape."""


_UNSET = msgspec.UNSET
_Id = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
_Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_TYPES: dict[Any, Any] = {read_text: str, parse_time: str, read_int: _Int32, read_bool: bool}


def _fields() -> list[tuple[str, Any, Any]]:
    """The properties of a session by the contract (E.1), each of them optional but the id."""
    found: list[tuple[str, Any, Any]] = [("ChatSessionId", _Id, msgspec.field())]
    for plan in plan_of(entities.ChatSessionEntity)[1:]:
        kind = _TYPES.get(plan.read)
        if plan.carried == "Status":
            kind = Literal[tuple(str(one) for one in entities.ChatSessionStatus)]
        if kind is None:  # a link, or a free block: as its bytes
            found.append((plan.carried, msgspec.Raw, msgspec.field(default=_UNSET)))
        else:
            optional = kind | None | msgspec.UnsetType
            found.append((plan.carried, optional, msgspec.field(default=_UNSET)))
    found.append(("_Links", msgspec.Raw, msgspec.field(default=_UNSET)))
    found.append(("SessionKey", str | None | msgspec.UnsetType, msgspec.field(default=_UNSET)))
    return found


_Carrier: Any = msgspec.defstruct("_Carrier", _fields(), forbid_unknown_fields=True)
_LINKS = tuple(name for name, kind, _ in _fields() if kind is msgspec.Raw)
_SHOWN_NAMES = tuple(
    (name, "id" if name == "ChatSessionId" else rendering.snake(name))
    for name, _, _ in _fields()
    if name not in rendering.LEFT_OUT
)
_ShownSession: Any = msgspec.defstruct("_ShownSession", [(name, Any) for _, name in _SHOWN_NAMES])
_shown_values = attrgetter(*(name for name, _ in _SHOWN_NAMES))
_TIMES = tuple(both for both in _SHOWN_NAMES if both[0].startswith("When"))
_LINKED = tuple((name, rendering.snake(name)) for name in rendering.LINKS)
_STATUS = {str(one): (str(one)[:64], is_open(str(one))) for one in entities.ChatSessionStatus}
_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode
_SESSION = msgspec.json.Decoder(_Carrier)


@lru_cache(maxsize=512)
def _link(body: bytes, key: str) -> Link:
    value = jsontext.parse(body)
    if value is not None and not isinstance(value, dict):
        raise _Odd
    if isinstance(value, dict):
        value = bodies.clean(value)
    shown = rendering.carrier(value) if rendering.names_somebody(value, key) else None
    return Link(
        value[key] if shown is not None else None,
        value,
        msgspec.Raw(dumps(value)),
        msgspec.Raw(sorted_dumps(value)),
        msgspec.Raw(dumps(shown)),
        msgspec.Raw(dumps(shown and rendering.masked(shown))),
    )


def _link_of(name: str, body: bytes) -> Link:
    if name == "_Links":  # addresses with the session's id in them: never the same twice
        return _link.__wrapped__(body, "")
    return _link(body, rendering.LINKS.get(name, ""))


def _is_plain(body: bytes) -> bool:
    """Whether no text in it needs a second look before it can be stored."""
    return b"\\u" not in body or not jsontext.is_suspicious(body)


def session(answer: Answer, *, version: int) -> Session | None:
    """What becomes of the answer to `GET ChatSession/{id}`; None when it is not of the usual shape.

    The row is that of `rows.session_row`, the content that of `rows.content_digest`.
    """
    if not _is_plain(answer.body):
        return None
    try:
        one = _SESSION.decode(answer.body)
        links = {
            name: _link_of(name, bytes(body))
            for name in _LINKS
            if (body := getattr(one, name)) is not _UNSET
        }
    except (ValueError, RecursionError):
        return None  # msgspec's errors are ValueErrors, as are ours
    if one.ChatSessionId != answer.session_id:
        return None
    return _session(one, links, version)


def _session(one: Any, links: Mapping[str, Link], version: int) -> Session:
    times = {name: moment(getattr(one, name)) for name, _ in _TIMES}
    one.SessionKey = _UNSET
    for name, link in links.items():
        if link.carrier is not None:
            setattr(one, name, link.raw)
    raw = _encode(one).decode()
    rendered, masked = _shown(one, links, times)
    row = _row(one, links, times, version, raw, rendered, masked)
    for name, link in links.items():
        if link.carrier is not None:
            setattr(one, name, link.content)
    for name in rows.RESTLESS:
        setattr(one, name, _UNSET)
    content = digest(_encode_sorted(one))
    named = (links.get("User"), links.get("TransferTo"))
    colleagues = tuple(each.carrier for each in named if each and each.carrier and each.id)
    return Session(row, content, colleagues)


def _shown(one: Any, links: Mapping[str, Link], times: Mapping[str, Moment]) -> tuple[str, str]:
    """The carrier as the API answers it, in full and masked."""
    shown = _ShownSession(*_shown_values(one))
    for name, ours in _TIMES:
        if getattr(one, name) is not _UNSET:
            setattr(shown, ours, times[name].shown)
    if one.Status is None:
        shown.status = entities.ChatSessionStatus.read(None)
    here = [(ours, links[name]) for name, ours in _LINKED if name in links]
    for ours, link in here:
        setattr(shown, ours, link.shown)
    rendered = _encode(shown).decode()
    for ours, link in here:
        if link.id:
            setattr(shown, ours, link.masked)
    if shown.customer_host:
        shown.customer_host = None
    if shown.customer_email:
        shown.customer_email = rendering.masked_email(shown.customer_email)
    if shown.customer_phone:
        shown.customer_phone = rendering.masked_phone(shown.customer_phone)
    return rendered, _encode(shown).decode()


def _row(
    one: Any,
    links: Mapping[str, Link],
    times: Mapping[str, Moment],
    version: int,
    raw: str,
    rendered: str,
    masked: str,
) -> Row:
    status = _STATUS.get(one.Status) or _STATUS[entities.ChatSessionStatus.read(None)]
    ids = {name: link.id for name, link in links.items()}
    return (
        one.ChatSessionId,
        one.TopicId or None,
        *(ids.get(name) for name in _LINK_COLUMNS),
        *status,
        times["WhenRequested"].stored,
        times["WhenStarted"].stored,
        times["WhenEnded"].stored,
        times["WhenIdle"].stored,
        (one.CustomerName or "")[:255],
        (one.CustomerEmail or "")[:255],
        (one.CustomerPhone or "")[:64],
        (one.CustomerCompanyName or "")[:255],
        text.plain(one.FirstMessage) if one.FirstMessage else "",
        text.plain(one.LastMessage) if one.LastMessage else "",
        one.Rating or 0,
        one.AlertLevel or 0,
        one.InitialQueuePos or 0,
        bool(one.ChatbotIsActive),
        None,
        version,
        raw,
        rendered,
        masked,
    )


_LINK_COLUMNS = ("User", "TransferTo", "Person", "Contact", "Project", "Sale", "Ticket")


# --- Messages ------------------------------------------------------------------------------------


def _message_fields() -> list[tuple[str, Any, Any]]:
    """The properties of a message by the contract (E.2), all of them required."""
    types: dict[str, Any] = {"ChatMessageId": _Id, "ChatSessionId": _Id, "ReadByCustomer": _Int32}
    for name, words in (
        ("Type", entities.ChatMessageType),
        ("SpecialType", entities.ChatMessageSpecialType),
    ):
        types[name] = Literal[tuple(str(one) for one in words)]
    plans = plan_of(entities.ChatMessage)
    return [(plan.carried, types.get(plan.carried, str), msgspec.field()) for plan in plans]


# No cycles can begin in it, so the collector need not look.
_Message: Any = msgspec.defstruct(
    "_Message", _message_fields(), forbid_unknown_fields=True, gc=False
)
_values = attrgetter(*(name for name, _, _ in _message_fields()))


class _ShownMessage(msgspec.Struct, gc=False):
    """The same as the API answers it."""

    id: int
    chat_session_id: int
    type: str
    message: str
    author: str
    read_by_customer: int
    special_type: str
    special_param: str
    posted_at: str | None


_MESSAGES = msgspec.json.Decoder(list[_Message])


def messages(answer: Answer) -> list[Row] | None:
    """The rows of the answer to `GET …/Messages`, each id once; None when one of them is not of the
    usual shape. They are those of `rows.message_row`."""
    if not _is_plain(answer.body):
        return None
    try:
        found = _MESSAGES.decode(answer.body)
    except (ValueError, RecursionError):
        return None
    session_id = answer.session_id
    made: dict[int, Row] = {}
    for one in found:
        pk, said_in, kind, said, author, read, special, param, posted = _values(one)
        if said_in != session_id:
            return None
        stored, shown = usual(posted) or moment(posted)
        rendered = _encode(
            _ShownMessage(pk, said_in, kind, said, author, read, special, param, shown)
        ).decode()
        made[pk] = (
            *(pk, session_id, kind, author[:255], read, special, param[:1024]),
            *(stored, 0, None, said, rendered),
        )
    return list(made.values())
