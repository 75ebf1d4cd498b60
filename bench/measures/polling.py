"""Reading sessions from the remote and putting them into the mirror.

Yardstick: a bare thread pool that reads the same addresses with as many threads, and throws away
what it reads.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from django.conf import settings
from django.test import override_settings

from bench import filling
from bench.remote import remote
from bench.timing import Result, compared, in_turns
from chatops.remote import wiring
from chatops.sync import reading

SERVICE = {"SUPEROFFICE_USER": "integration", "SUPEROFFICE_PASSWORD": "integration-demo"}
LATENCY_MS = 5
CHATS = {"small": 100, "10k": 300, "100k": 500, "1m": 500}


@override_settings(REMOTE_CALLS_PER_SECOND=0, SUPEROFFICE_AUTH="basic", **SERVICE)
def measure(size: str, repeats: int) -> list[Result]:
    """Reads per second: a session and its messages are two."""
    filling.empty()
    count = CHATS[size]
    with remote(count, LATENCY_MS) as far, override_settings(SUPEROFFICE_API_URL=far.url):
        client = wiring.service_client()
        local = threading.local()
        used: list[float] = []

        def ours() -> None:
            before = time.process_time()
            batch = reading.read(client, [reading.Wish(one) for one in far.chats])
            if batch.failed or batch.stopped:
                raise RuntimeError(f"{batch.stopped or batch.failed}")
            reading.store(batch)
            used.append(time.process_time() - before)

        def read(chat: int) -> None:
            if not hasattr(local, "http"):
                local.http = requests.Session()
                local.http.trust_env = False
                local.http.auth = tuple(SERVICE.values())
            for path in ("", "/Messages"):
                address = f"{far.url}/v1/ChatSession/{chat}{path}"
                local.http.get(address, timeout=30).raise_for_status()

        def bare() -> None:
            with ThreadPoolExecutor(settings.SYNC_THREADS) as pool:
                list(pool.map(read, far.chats))

        ours()  # the first load; a poll mostly finds what it knows
        taken = in_turns({"ours": ours, "bare": bare}, repeats=repeats)
    cpu = 1000 * min(used) / (2 * count)
    return [
        compared(
            "polling, remote in 5 ms",
            "a bare thread pool",
            taken["ours"],
            taken["bare"],
            amount=2 * count,
            reach=0.9,
            cpu_seconds_per_1000_reads=round(cpu, 3),
        )
    ]
