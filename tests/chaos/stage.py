"""What a run stands on: a folder, a database of its own, and a stand-in SuperOffice process."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

#: Short waits, so that what takes minutes in real life takes seconds here.
SETTINGS = {
    "DEBUG": "0",
    "SECRET_KEY": "chaos",
    "FIELD_KEYS": "dGhlIGNoYW9zIHJ1bidzIG93biBrZXksIG5vdCBhIHM=",
    "SUPEROFFICE_AUTH": "basic",
    "SUPEROFFICE_USER": "integration",
    "SUPEROFFICE_PASSWORD": "integration-demo",
    "REMOTE_CALLS_PER_SECOND": "0",
    "REMOTE_READ_TOTAL_SECONDS": "2",
    "REMOTE_WRITE_TOTAL_SECONDS": "2",
    "REMOTE_BACKOFF_SECONDS": "0.02",
    # Half of all calls fail here; that is no reason to stop calling.
    "BREAKER_FAILURES": "1000000000",
    "ACTION_ASKS_AFTER_SECONDS": "6",
    "ACTION_LANE_WAIT_SECONDS": "3",
    "ALLOW_END_CHAT": "1",
    "LOG_LEVEL": "CRITICAL",
    "LOG_LEVEL_REMOTE": "CRITICAL",
}


class Office:
    """The stand-in in a process of its own, through its control door."""

    def __init__(self, url: str) -> None:
        #: Up to and including `/api`.
        self.url = url

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        """What the control door answers. Raises HTTPError for what it does not know."""
        request = urllib.request.Request(
            f"{self.url.removesuffix('/api')}/_standin/{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def entries(self, kind: str, *, after: int = 0) -> list[dict[str, Any]]:
        """A page of the journal, oldest first; empty when there is no more."""
        page: list[dict[str, Any]] = self.control("GET", f"journal?after={after}&kind={kind}")[
            "entries"
        ]
        return page

    def effects(self) -> list[dict[str, Any]]:
        """Everything that happened, oldest first."""
        found: list[dict[str, Any]] = []
        while page := self.entries("effect", after=found[-1]["number"] if found else 0):
            found += page
        return found


@contextmanager
def office(folder: Path) -> Iterator[Office]:
    """A stand-in that dies with us."""
    command = [sys.executable, "manage.py", "standin", "--port", "0", "--scene", "empty"]
    with (folder / "standin.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--exit-with-stdin"],
            cwd=ROOT,
            env={**os.environ, **SETTINGS, "DATABASE_URL": f"sqlite:///{folder}/unused.sqlite3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            assert "http" in line, f"the stand-in did not start: {line!r}"
            yield Office(line.split()[-1])
        finally:
            process.kill()
            process.communicate()


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """The address of an empty database: beside the one of DATABASE_URL, or a file."""
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        yield f"sqlite:///{folder}/chaos.sqlite3"
        return
    import psycopg

    name = f"chaos_{os.getpid()}"
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{given.rsplit('/', 1)[0]}/{name}"
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
