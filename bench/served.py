"""`serve` as an operator starts it, on the benchmark's database."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, connections

ROOT = Path(__file__).resolve().parent.parent
#: Seconds within which it must answer.
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Served:
    """A running `serve`."""

    pid: int
    port: int
    started_in: float

    @property
    def memory_kb(self) -> int:
        """What it holds of the machine's memory, children included."""
        return sum(_resident(pid) for pid in [self.pid, *_children(self.pid)])


def processor_seconds(pid: int) -> float:
    """What a process has had of the processor so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(child) for child in task.read_text().split()]
    return found


def database_url() -> str:
    """Where the benchmark's own database is."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['NAME']}"
    who = known["USER"] + (f":{known['PASSWORD']}" if known["PASSWORD"] else "")
    return f"postgres://{who}@{known['HOST']}:{known['PORT'] or 5432}/{known['NAME']}"


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(port: int = 0, /, **settings: str) -> Iterator[Served]:
    """Starts it without a worker, on a free port unless given; waits until it answers; ends it."""
    port = port or free_port()
    started = time.perf_counter()
    with _running("serve", "--no-worker", "--bind", f"127.0.0.1:{port}", **settings) as process:
        _wait(process, port)
        if settings.get("WEB_PROCESSES", "1") != "1":
            _wait_for_the_second(process, port)
        yield Served(process.pid, port, time.perf_counter() - started)


@contextmanager
def working(**settings: str) -> Iterator[int]:
    """A worker in a process of its own; its id."""
    with _running("worker", **settings) as process:
        yield process.pid


@contextmanager
def _running(*command: str, **settings: str) -> "Iterator[subprocess.Popen[bytes]]":
    connections.close_all()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url(), **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for_the_second(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Of two processes: what is answered while the first one sleeps, the second one answers.

    The first one is woken between looks: it may have been stopped before it started the second.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        process.send_signal(signal.SIGSTOP)
        try:
            if _answers(port, within=0.5):
                return
        finally:
            process.send_signal(signal.SIGCONT)
        time.sleep(0.2)
    raise RuntimeError("serve's second process did not start")


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if _answers(port, within=5):
            return
        time.sleep(0.02)
    raise RuntimeError("serve did not start")


def _answers(port: int, *, within: float) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=within):
            return True
    except OSError:
        return False
