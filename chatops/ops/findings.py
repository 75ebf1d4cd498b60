"""What `doctor` says: a fact, whether it is all right, and what to do when it is not."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `do` is empty when there is nothing to do."""

    name: str
    level: Level
    says: str
    do: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def ok(name: str, says: str) -> Finding:
    return Finding(name, Level.OK, says)


def warn(name: str, says: str, do: str) -> Finding:
    return Finding(name, Level.WARN, says, do)


def fail(name: str, says: str, do: str) -> Finding:
    return Finding(name, Level.FAIL, says, do)
