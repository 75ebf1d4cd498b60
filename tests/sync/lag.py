"""How soon the mirror shows what happened: `python -m tests.sync.lag`, with hints and without.

With a tenant's intervals, not the demo's. Measured from the moment at which a message was posted by
the stand-in's own clock to the moment at which its row can be read; new texts in open sessions.
"""

import os
import sys
import time
from argparse import ArgumentParser
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos import stage
from tests.ops.place import MANAGE, Place, Site, free_port

TENANT = {
    "SYNC_NEW_SECONDS": "30",
    "SYNC_OPEN_SECONDS": "10",
    "SYNC_ENDED_SECONDS": "600",
    "SYNC_PEOPLE_SECONDS": "300",
    "SYNC_SWEEP_SECONDS": "86400",
    "SYNC_COMPLETE_SECONDS": "300",
    "REMOTE_CALLS_PER_SECOND": "8",
    "BREAKER_FAILURES": "5",
    "WEBHOOK_SECRETS": "only measured with",
    "LOG_LEVEL": "WARNING",
}
OPEN_CHATS = 10


def measured(place: Place, office: stage.Office, *, messages: int, every: float) -> list[float]:
    """Seconds from said to visible, of so many messages, one `every` so many seconds."""
    from chatops.mirror.models import ChatMessage

    chats = [office.control("POST", "chat", user="mia")["id"] for _ in range(OPEN_CHATS)]
    last = office.control("GET", "health")["journal"]
    waiting: set[int] = set()
    visible: dict[int, float] = {}
    said, next_at = 0, time.monotonic() + 5
    deadline = next_at + messages * every + 60
    while (said < messages or waiting) and time.monotonic() < deadline:
        if said < messages and time.monotonic() >= next_at:
            chat = chats[said % len(chats)]
            made = office.control("POST", "say", session=chat, text=f"Line {said}")
            waiting.add(made["id"])
            said, next_at = said + 1, next_at + every
        here = set(ChatMessage.objects.filter(pk__in=waiting).values_list("pk", flat=True))
        visible.update(dict.fromkeys(here, time.time()))
        waiting -= here
        time.sleep(0.02)
    assert not waiting, f"{len(waiting)} messages never became visible: {place.log()[-2000:]}"
    entries = office.control("GET", f"journal?after={last}&kind=effect")["entries"]
    posted = {
        one["payload"]["message"]: datetime.fromisoformat(one["at"]).timestamp()
        for one in entries
        if one["verb"] == "message"
    }
    return sorted(at - posted[pk] for pk, at in visible.items())


def told(name: str, lags: list[float]) -> str:
    """The line of a measurement."""
    half, most = lags[len(lags) // 2], lags[int(len(lags) * 0.95)]
    return (
        f"{name}: median {half:.2f} s, p95 {most:.2f} s, worst {lags[-1]:.2f} s "
        f"of {len(lags)} messages\n"
    )


def main() -> int:
    """Measure without a webhook, then register one and measure again."""
    parser = ArgumentParser(prog="lag", description=__doc__)
    parser.add_argument("--messages", type=int, default=60)
    parser.add_argument("--every", type=float, default=0.7, help="seconds between messages")
    asked = parser.parse_args()
    with (
        TemporaryDirectory(prefix="lag-") as name,
        stage.database(Path(name)) as database,
        stage.office(Path(name)) as office,
    ):
        web = free_port()
        own = {"SUPEROFFICE_API_URL": office.url, "PUBLIC_URL": f"http://127.0.0.1:{web}"}
        place = Place(Path(name), database, {**stage.SETTINGS, **TENANT, **own})
        os.environ.update(place.environment)
        import django
        import django.db

        django.setup()
        measure = partial(measured, place, office, messages=asked.messages, every=asked.every)
        try:
            place.command("migrate", "-v0")
            bind = ("serve", "--no-worker", "--bind", f"127.0.0.1:{web}")
            Site(place.start(*MANAGE, *bind), own["PUBLIC_URL"]).answering(place)
            place.start(*MANAGE, "worker")
            sys.stdout.write(told("without hints", measure()))
            place.command("webhook", "register")
            sys.stdout.write(told("with hints", measure()))
        finally:
            place.end()
            django.db.connections.close_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
