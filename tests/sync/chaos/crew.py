"""The processes of a run: a web process for the hints, and workers, of which one after another is
killed and followed by a new one.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from random import Random

from tests.ops.place import MANAGE, Place

CELERY = [sys.executable, "-m", "celery", "-A", "chatops.celery"]


class Crew:
    """`count` workers in the place; on Celery, beat runs twice, by mistake, and is killed too."""

    def __init__(self, place: Place, count: int) -> None:
        self.place, self.kills = place, 0
        broker = place.settings.get("CELERY_BROKER_URL", "")
        if broker:
            port = broker.rpartition(":")[2].partition("/")[0]
            place.start("redis-server", "--port", port, "--save", "", "--dir", str(place.folder))
            beats = [[*CELERY, "beat", "-s", str(place.folder / f"beat{one}")] for one in (1, 2)]
            self.commands = [*([[*CELERY, "worker", "-c", "2"]] * count), *beats]
        else:
            self.commands = [[*MANAGE, "worker"]] * count
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Everybody to work, the door for hints first."""
        port = self.place.settings["PUBLIC_URL"].rpartition(":")[2]
        web = ("serve", "--no-worker", "--bind", f"127.0.0.1:{port}")
        self.place.start(*MANAGE, *web)
        self._processes = [self.place.start(*command) for command in self.commands]

    def lose_one(self, random: Random) -> None:
        """One is killed as the kernel does it, with all its children; another one starts."""
        which = random.randrange(len(self._processes))
        victim = self._processes[which]
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        self.kills += 1
        self._processes[which] = self.place.start(*self.commands[which])

    def has_ended(self) -> list[int]:
        """Exit codes of workers that ended though nobody killed them."""
        return [one.returncode for one in self._processes if one.poll() is not None]

    def wait_for_the_door(self, seconds: float = 40.0) -> None:
        """Until hints can come in."""
        deadline = time.monotonic() + seconds
        url = f"{self.place.settings['PUBLIC_URL']}/healthz"
        while True:
            try:
                with urllib.request.urlopen(url, timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (OSError, urllib.error.URLError):
                assert time.monotonic() < deadline, self.place.log()[-2000:]
            time.sleep(0.1)
