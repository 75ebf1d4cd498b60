"""A SuperOffice of its own process: `python -m bench.remote CHATS LATENCY_MS`.

Prints its address and the ids of chats that mia handles, and ends with its stdin. For each line
that comes it prints the requests since the one before.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.served import ROOT

JSONDict = dict[str, Any]


class Remote:
    """The stand-in as its caller sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        told = self._line()
        self.url: str = told["url"]
        self.chats: list[int] = told["chats"]

    def _line(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def requests(self) -> list[JSONDict]:
        """What was asked since this was called last."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: list[JSONDict] = self._line()
        return found


@contextmanager
def remote(chats: int, latency_ms: float) -> Iterator[Remote]:
    """Starts it, and ends it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.remote", str(chats), str(latency_ms)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Remote(process)
    finally:
        process.communicate(timeout=10)


def main() -> None:
    from chatops.demo.adapter import StandIn

    count, latency_ms = int(sys.argv[1]), float(sys.argv[2])
    with StandIn(scene="empty", seed=1) as office:
        chats = [office.chat(user="mia", messages=["Hello?"]).id for _ in range(count)]
        office.door.faults.latency_ms = latency_ms
        sys.stdout.write(json.dumps({"url": office.url, "chats": chats}) + "\n")
        sys.stdout.flush()
        seen = 0
        for _ in sys.stdin:
            rows = office.journal(after=seen, kind="request")
            seen = max([seen, *(row["number"] for row in rows)])
            sys.stdout.write(json.dumps(rows, default=str) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
