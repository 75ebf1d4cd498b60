"""What SuperOffice answered, as carriers that can be stored: checked, and less what is secret."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from chatops.superoffice import entities, jsontext

JSONDict = dict[str, Any]
#: Ids are int32 in the contract (E); nothing else names a row.
IDS = range(1, 2**31)


class Answer(NamedTuple):
    """What SuperOffice answered about one session: the body of the session or of its messages."""

    session_id: int
    body: bytes


class NotACarrier(ValueError):
    """The answer is not the object or list that the contract says. Nothing of it is stored."""

    def __init__(self, message: str, session_id: int | None = None) -> None:
        super().__init__(message)
        #: The session that was asked about, so that a batch can go on without it.
        self.session_id = session_id


def is_id(value: object) -> bool:
    """Whether a JSON value names an object: an int32 above 0 (`true` is no number)."""
    return type(value) is int and value in IDS


def session_of(answer: Answer) -> JSONDict:
    """The ChatSessionEntity carrier in the answer to `GET ChatSession/{id}` (contract, E.1).

    Raises NotACarrier when it is not that session.
    """
    data = _parsed(answer)
    if not isinstance(data, dict) or data.get("ChatSessionId") != answer.session_id:
        raise NotACarrier(
            f"The answer about session {answer.session_id} is not that session.", answer.session_id
        )
    return clean(data, answer.session_id)


def session_carrier(data: Mapping[str, Any]) -> JSONDict:
    """A session that came in a list or as the answer to an action. Raises NotACarrier."""
    if not is_id(data.get("ChatSessionId")):
        raise NotACarrier("A session has no id.")
    return clean(data, data["ChatSessionId"])


def messages_of(answer: Answer) -> list[JSONDict]:
    """The ChatMessage carriers in the answer to `GET …/Messages` (contract, E.2), each id once.

    Raises NotACarrier when it is not a list of that session's messages.
    """
    data = _parsed(answer)
    if not isinstance(data, list):
        raise NotACarrier(
            f"The messages of session {answer.session_id} are not a list.", answer.session_id
        )
    found: dict[int, JSONDict] = {}
    for one in data:
        if not isinstance(one, dict) or not is_id(one.get("ChatMessageId")):
            raise NotACarrier(
                f"A message of session {answer.session_id} has no id.", answer.session_id
            )
        # A carrier that names no session is one of the session that was asked about.
        if (one.get("ChatSessionId") or answer.session_id) != answer.session_id:
            raise NotACarrier(
                f"A message of another session than {answer.session_id}.", answer.session_id
            )
        one["ChatSessionId"] = answer.session_id
        found[one["ChatMessageId"]] = clean(one, answer.session_id)
    return list(found.values())


def message_carrier(data: Mapping[str, Any]) -> JSONDict:
    """A message that came as the answer to a send. Raises NotACarrier."""
    if not (is_id(data.get("ChatMessageId")) and is_id(data.get("ChatSessionId"))):
        raise NotACarrier("A message has no id, or names no session.")
    return clean(data, data["ChatSessionId"])


def _parsed(answer: Answer) -> Any:
    try:
        return jsontext.parse(answer.body)
    except ValueError as error:
        raise NotACarrier(
            f"The answer about session {answer.session_id} is not JSON.", answer.session_id
        ) from error


def clean(data: Mapping[str, Any], session_id: int | None = None) -> JSONDict:
    """A carrier less NEVER_STORED. Raises NotACarrier for one that is larger than any is."""
    if len(data) > MOST_FIELDS:
        raise NotACarrier("A carrier is larger than any carrier is.", session_id)
    nested = _nested(data.values())
    if not nested and type(data) is dict and _NEVER_STORED.isdisjoint(data):
        return data  # as nearly every message: nothing to take out, nothing to copy
    if nested and _depth(nested) > DEEPEST:
        raise NotACarrier("A carrier is deeper than any carrier is.", session_id)
    return _stripped(data)


def _stripped(data: Mapping[str, Any]) -> JSONDict:
    """A copy without NEVER_STORED at any depth; what holds nothing of it is not copied again."""
    return {
        name: value if type(value) in _SCALARS else _inside(value)
        for name, value in data.items()
        if name not in _NEVER_STORED
    }


def _inside(value: Any) -> Any:
    if isinstance(value, list):
        return [one if type(one) in _SCALARS else _inside(one) for one in value]
    if type(value) is dict and _SCALARS.issuperset(map(type, value.values())):
        return value if _NEVER_STORED.isdisjoint(value) else _stripped(value)
    return _stripped(value)


_NEVER_STORED = frozenset(entities.NEVER_STORED)
_SCALARS = frozenset({str, int, float, bool, type(None)})


def _nested(values: Iterable[object]) -> list[Any]:
    """The objects and lists among these values."""
    if _SCALARS.issuperset(map(type, values)):
        return []
    return [one for one in values if isinstance(one, dict | list)]


#: No carrier of the contract nests deeper than five; far below where Python's stack ends.
DEEPEST = 64
#: No carrier of the contract has fifty.
MOST_FIELDS = 2000


def _depth(level: list[Any]) -> int:
    """How deep objects and lists stand in each other; looks no further than it must."""
    depth = 1
    while level and depth <= DEEPEST:
        level = [
            inside
            for one in level
            for inside in _nested(one.values() if isinstance(one, dict) else one)
        ]
        depth += 1
    return depth
