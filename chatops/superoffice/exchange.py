"""One request and what came of it: for the log, for metrics, and for the gate."""

import logging
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

logger = logging.getLogger(__name__)

_DIGITS = re.compile(r"-?\d+\Z", re.ASCII)
#: Segments after which a name stands in the path: a user name, a tenant, a user again.
_BEFORE_A_NAME = frozenset({"TransferTo", "UserAgent", "state"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """Facts about one attempt: no ids, names, texts or secrets."""

    method: str
    #: The path with ids and names as `{id}`, without the query.
    path_pattern: str
    #: None when no status line came.
    status: int | None
    #: Milliseconds from before connecting until the body was read.
    ms: float
    #: 1 for the first try.
    attempt: int
    #: Class name of the error the attempt ended with.
    error: str | None = None
    #: Seconds that the answer asked us to wait.
    retry_after: float | None = None
    write: bool = False


class Rank(IntEnum):
    """Who goes first where calls are rationed: the higher."""

    #: Backfills and comparisons: as much as is left over.
    WHOLE = 0
    #: What is looked at again and again.
    POLL = 1
    #: What SuperOffice has just told us of.
    HINT = 2
    #: Somebody waits for the answer.
    PERSON = 3
    #: What became of something that was just sent.
    PROOF = 4


class Gate(Protocol):
    """What stands between us and SuperOffice: a limiter and a breaker that processes share."""

    def before(self, *, write: bool, rank: Rank) -> None:
        """Called before every attempt; may wait, or raise a NotSent.

        `write`: the request may change something. `rank`: how it stands to other calls.
        """
        ...

    def after(self, exchange: Exchange) -> None:
        """Called after every attempt that `before` let pass."""
        ...


def pattern(path: str) -> str:
    """The path without what belongs to one object: `ChatSession/48213` is `ChatSession/{id}`."""
    out: list[str] = []
    for segment in path.partition("?")[0].split("/"):
        named = bool(out) and out[-1] in _BEFORE_A_NAME
        out.append("{id}" if segment and (named or _DIGITS.match(segment)) else segment)
    return "/".join(out)


def log(exchange: Exchange) -> None:
    """One line per attempt."""
    level = logging.INFO if exchange.error is None else logging.WARNING
    if logger.isEnabledFor(level):
        # Not `asdict`, which copies deeply: that took a tenth of a call's processor time.
        facts = {name: getattr(exchange, name) for name in Exchange.__slots__}
        logger.log(level, "superoffice request", extra=facts)
