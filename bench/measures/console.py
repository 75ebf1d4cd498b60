"""The list of sessions as people see it: the whole page, against its limit.

In processor time where the database is part of the process, as `growth` is and for its reason.
"""

import statistics
import time

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from bench import filling
from bench.measures.limits import at_most
from bench.measures.reading import SESSIONS
from bench.timing import Result

LIMIT = 150
PAGES = {
    "console list": "",
    "console list, open": "?show=open",
    "console list, one topic": "?topic=7",
    "console list, one agent": "?agent=7",
}
TURNS = 9


def measure(size: str, repeats: int) -> list[Result]:
    """Milliseconds on the server for each page, signed in as somebody who sees every session."""
    filling.fill_to(SESSIONS[size])
    who, _ = User.objects.get_or_create(username="boss", is_superuser=True, is_staff=True)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(who)
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    results = []
    for name, query in PAGES.items():
        taken = []
        for _ in range(repeats * TURNS):
            start = clock()
            answer = client.get(f"/admin/sessions/{query}")
            taken.append(clock() - start)
            if answer.status_code != 200:
                raise RuntimeError(f"{name}: {answer.status_code}")
        milliseconds = statistics.median(taken) * 1000
        results.append(at_most(name, milliseconds, LIMIT, "ms", sessions=SESSIONS[size]))
    return results
