"""What all resources share: sending, and reading carriers out of answers."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, Unpack

from chatops.superoffice import odata
from chatops.superoffice.entities.carrier import Carrier
from chatops.superoffice.errors import UnreadableAnswer
from chatops.superoffice.transport import Options, Transport

C = TypeVar("C", bound=Carrier)


class Resource:
    """One endpoint family."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _send(self, method: str, path: str, **options: Unpack[Options]) -> Any:
        return self._transport.send(method, path, **options)

    def _pages(self, path: str, select: Sequence[str], **options: Any) -> Iterator[list[odata.Row]]:
        return odata.pages(self._transport, path, select=select, **options)


def one(carrier: type[C], answer: Any) -> C:
    """The entity in an answer that must hold one. UnreadableAnswer when it does not."""
    if not isinstance(answer, dict):
        raise UnreadableAnswer(f"SuperOffice's answer holds no {carrier.__name__}.")
    try:
        return carrier.from_json(answer)
    except ValueError as error:  # nested beyond reason
        raise UnreadableAnswer(f"SuperOffice's {carrier.__name__} cannot be read.") from error


def maybe(carrier: type[C], answer: Any) -> C | None:
    """The entity in an answer that may be null."""
    return None if answer is None else one(carrier, answer)


def several(carrier: type[C], answer: Any) -> list[C]:
    """The entities of an array; null is an empty one."""
    if answer is None:
        return []
    if not isinstance(answer, list):
        raise UnreadableAnswer(f"SuperOffice's answer is not a list of {carrier.__name__}.")
    return [one(carrier, item) for item in answer]
