"""A place of its own for a running chatops: folder, database, and processes that end with it."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = [sys.executable, str(ROOT / "manage.py")]
#: A process beside what is tested: runs the code that comes in, a JSON text a line.
HAND = """
import io, json, sys, time, traceback, django
django.setup()
from contextlib import redirect_stdout
from django.core.management import call_command
from django.db import connections
for line in sys.stdin:
    names = {"time": time, "out": None}
    try:
        asked = json.loads(line)
        if isinstance(asked, list):
            with redirect_stdout(io.StringIO()) as said:
                call_command(*asked)
            names["out"] = said.getvalue()
        else:
            exec(asked, names)
        answer = {"out": names["out"]}
    except Exception:
        answer = {"failed": traceback.format_exc()}
    connections.close_all()
    print(json.dumps(answer), flush=True)
"""
#: From the machine a test runs on, what a place must not see.
OURS = ("SUPEROFFICE_", "STANDIN_", "DATABASE_URL", "VAR_DIR", "CELERY_", "DJANGO_", "DEBUG")


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def eventually(true: Callable[[], Any], *, within: float = 60, every: float = 0.05) -> Any:
    """Wait until something is so, and return what it is. Fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := true()):
        assert time.monotonic() < deadline, f"not so after {within} s"
        time.sleep(every)
    return found


@dataclass
class Place:
    folder: Path
    database_url: str
    settings: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _hand: "subprocess.Popen[str] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        own = {
            "DATABASE_URL": self.database_url,
            "VAR_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "chatops.settings",
            "PYTHONPATH": str(ROOT),
        }
        return {**kept, **own, **self.settings}

    def manage(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            [*MANAGE, *arguments],
            env=self.environment, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip

    def do(self, code: str) -> Any:
        """Run code beside what is running, as another process would; what it assigned to `out`."""
        return self._ask(code)

    def command(self, *arguments: str) -> str:
        """Run a command that is only a step on the way; what it printed."""
        return str(self._ask([*arguments]))

    def _ask(self, what: str | list[str]) -> Any:
        if self._hand is None:
            self._hand = subprocess.Popen(
                [sys.executable, "-c", HAND],
                env=self.environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True,
            )  # fmt: skip
        assert self._hand.stdin
        assert self._hand.stdout
        print(json.dumps(what), file=self._hand.stdin, flush=True)
        answer = json.loads(self._hand.stdout.readline())
        assert "failed" not in answer, answer["failed"]
        return answer["out"]

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        """Start a process; its output is in `log()`."""
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def log(self) -> str:
        return (self.folder / "log.txt").read_text()

    def serve(self, *arguments: str) -> "Site":
        """`serve` on a free port, answering."""
        port = free_port()
        process = self.start(*MANAGE, "serve", "--bind", f"127.0.0.1:{port}", *arguments)
        return Site(process, f"http://127.0.0.1:{port}").answering(self)

    def end(self) -> None:
        if self._hand is not None:
            self._hand.communicate()
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Site:
    """A running `serve`, as a client sees it."""

    process: "subprocess.Popen[bytes]"
    url: str

    def get(self, path: str, **headers: str) -> Response:
        return self.call("GET", path, None, **headers)

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return Response(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.code, dict(error.headers), error.read())

    def answering(self, place: Place) -> "Site":
        def answers() -> bool:
            assert self.process.poll() is None, place.log()
            with contextlib.suppress(OSError):
                return self.get("/healthz").status == 200
            return False

        eventually(answers)
        return self

    def end(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to end; seconds it took."""
        before = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(timeout=40)
        return time.monotonic() - before

    def children(self) -> list[int]:
        # The kernel lists them by the thread that started them.
        listed = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(one) for file in listed for one in file.read_text().split()]

    @contextlib.contextmanager
    def stream(self, path: str, **headers: str) -> Iterator["Events"]:
        """An open stream; its events come in on a thread."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=60)
        connection.request("GET", path, headers=named)
        line = connection.sock
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        try:
            yield Events(answer)
        finally:
            # Closing alone would wait for the thread that reads.
            line.shutdown(socket.SHUT_RDWR)
            connection.close()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@dataclass
class Event:
    at: float
    fields: dict[str, str]

    @property
    def number(self) -> int:
        return int(self.fields["id"])

    @property
    def kind(self) -> str:
        return self.fields["event"]

    @property
    def data(self) -> Any:
        return json.loads(self.fields["data"])


class Events:
    """What came over a stream so far, with the time at which it came."""

    def __init__(self, answer: Any) -> None:
        self.all: list[Event] = []
        #: Kinds of events without a number.
        self.signs: list[str] = []
        self.retry = ""
        self.ended = threading.Event()
        self._answer = answer
        threading.Thread(target=self._read, daemon=True).start()
        eventually(lambda: self.retry or self.ended.is_set(), every=0.005)

    def _read(self) -> None:
        fields: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError, AttributeError):
            for raw in self._answer:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name == "retry":
                    self.retry = value
                elif name:
                    fields[name] = value
                elif "id" in fields:
                    self.all.append(Event(time.time(), fields))
                    fields = {}
                elif fields:
                    self.signs.append(fields["event"])
                    fields = {}
        self.ended.set()

    def wait_for(self, count: int) -> list[Event]:
        eventually(lambda: len(self.all) >= count, every=0.005)
        return self.all
