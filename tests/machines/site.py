"""An installation on many machines: web processes, workers and their database, all real."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.ops.place import MANAGE, Place, Site, free_port
from tests.sync.chaos.stage import settings_for

CELERY = [sys.executable, "-m", "celery", "-A", "chatops.celery"]
WORKER = [*MANAGE, "worker"]
#: Seconds after which the work of a worker that died is free.
LEASE = 3.0

TAKE_STOCK = """
from chatops.actions.models import Action
from chatops.mirror.models import Change
from chatops.remote import wiring
from chatops.sync import health, reconcile
report = reconcile.reconcile(wiring.service_client(), dry_run=True)
out = {
    "differed": report.differed + report.missing + report.unread,
    "sessions": report.sessions,
    "proved": health.report()["ranges"]["equal"],
    "numbers": list(Change.objects.order_by("number").values_list("number", flat=True)),
    "actions": dict(Action.objects.values_list("key", "state")),
}
"""
HOLDER = """
from chatops.sync.models import Cursor
row = Cursor.objects.filter(name="{name}").first()
out = [row.leased_by, row.ok_at.timestamp() if row.ok_at else 0.0] if row else ["", 0.0]
"""


@dataclass
class Installation:
    """Two web processes and some workers on one database. `webs` answer, `workers` work."""

    place: Place
    webs: list[Site] = field(default_factory=list)
    workers: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    token: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, database: str, remote: str, *, celery: bool) -> "Installation":
        """Tables, a person who is linked, and her program's token; nothing runs yet."""
        settings = settings_for(remote, web=free_port(), sweep=2.0)
        settings["SYNC_LEASE_SECONDS"] = str(LEASE)
        place = Place(folder, database, settings)
        if celery:
            port = free_port()
            settings["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{port}/0"
            place.start("redis-server", "--port", str(port), "--save", "", "--dir", str(folder))
        place.command("migrate", "-v0")
        place.command("person", "add", "mia", "--role", "agent")
        place.do(
            "from django.contrib.auth.models import User\n"
            "from chatops.remote import linking\n"
            "mia = User.objects.get(username='mia')\n"
            "linking.link(mia, 'basic', {'user': 'mia', 'password': 'mia-demo'})"
        )
        scopes = ("read", "transcripts", "send", "act", "feed")
        made = place.command(
            "token", "create", "--person", "mia", "--label", "machines", "--scope", *scopes
        )
        return cls(place, token={"Authorization": f"Bearer {made.strip()}"})

    def start_webs(self) -> None:
        """Two of them; hints come to the first."""
        port = self.place.settings["PUBLIC_URL"].rpartition(":")[2]
        bind = ("serve", "--no-worker", "--bind", f"127.0.0.1:{port}")
        process = self.place.start(*MANAGE, *bind)
        other = self.place.serve("--no-worker")
        first = Site(process, self.place.settings["PUBLIC_URL"]).answering(self.place)
        self.webs = [first, other]
        self.place.command("webhook", "register")

    def start_workers(self, commands: Sequence[Sequence[str]]) -> None:
        """One more process, with its children, for each command."""
        self.workers += [self.place.start(*command) for command in commands]

    def lose(self, worker: "subprocess.Popen[bytes]") -> None:
        """Kill it and its children as the kernel does; nothing takes its place."""
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self.workers.remove(worker)

    def lose_web(self, which: int) -> None:
        """Kill a web process in the middle of whatever it does."""
        site = self.webs.pop(which)
        os.killpg(site.process.pid, signal.SIGKILL)
        site.process.wait()

    def at_work_on(self, job: str) -> "subprocess.Popen[bytes] | None":
        """The worker that holds the job's lease now."""
        holder, _ = self.place.do(HOLDER.format(name=job))
        pids = {int(part) for part in holder.split("-") if part.isdigit()}
        for worker in self.workers:
            # A worker leads a session of its own, with the children that Celery forks in it.
            if any(_session_of(pid) == worker.pid for pid in pids):
                return worker
        return None

    def done_at(self, job: str) -> float:
        """When the job last went well, as a time stamp."""
        return float(self.place.do(HOLDER.format(name=job))[1])

    def send(self, session_id: int, text: str) -> str:
        """Mia writes; the key of her wish. Whoever answers, the wish is repeated until one does."""
        key = uuid4().hex
        body = f'{{"message": "{text}"}}'.encode()
        headers = {**self.token, "Content_Type": "application/json", "Idempotency_Key": key}
        deadline = time.monotonic() + 20
        for site in cycle(self.webs):
            try:
                answer = site.call(
                    "POST", f"/api/v1/sessions/{session_id}/messages/", body, **headers
                )
                if answer.status < 300:
                    break
                told = f"{answer.status} {answer.body[:500]!r}"
            except OSError as error:  # that one is gone, or going
                told = repr(error)
            assert time.monotonic() < deadline, told
            time.sleep(0.2)
        return key

    def stock(self) -> dict[str, Any]:
        """What the database says, compared with SuperOffice now."""
        found: dict[str, Any] = self.place.do(TAKE_STOCK)
        return found


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0
