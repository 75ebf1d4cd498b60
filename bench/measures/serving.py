"""Start-up, memory, and the way from a commit to a thousand open streams."""

import asyncio
import resource
import statistics
import subprocess
import sys
import time
import urllib.request

from django.db import transaction

from bench import filling
from bench.calling import Caller
from bench.data import visits
from bench.measures.limits import at_most
from bench.served import ROOT, Served, serving
from bench.timing import Result, compared, in_turns
from chatops.mirror import feed
from chatops.mirror.models import Change

STREAMS = {"small": 1_000, "10k": 1_000, "100k": 1_000, "1m": 1_000}
COMMITS = 20


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _open(port: int, token: str, after: int) -> Stream:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET /api/v1/changes/stream/?after={after} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n".encode()
    )
    status = await reader.readline()
    if b" 200 " not in status:
        raise RuntimeError(f"stream refused: {status!r}")
    return reader, writer  # without its writer a stream is closed


async def _until(reader: asyncio.StreamReader, number: int) -> float:
    """When this change came."""
    wanted = f"id: {number}".encode()
    while line := await reader.readline():
        if line.rstrip() == wanted:
            return time.perf_counter()
    raise RuntimeError("the stream ended")


def _commit(one: int) -> tuple[int, float]:
    with transaction.atomic():
        number = feed.append([feed.News(Change.Kind.SESSION, one, one)])
    return number, time.perf_counter()


async def _latencies(served: Served, token: str, streams: int) -> tuple[list[float], float]:
    """Seconds from commit to each stream, and kilobytes that a stream costs."""
    before = served.memory_kb
    after = await asyncio.to_thread(lambda: feed.position().last)
    readers: list[Stream] = []
    for start in range(0, streams, 50):
        count = min(50, streams - start)
        readers += await asyncio.gather(*(_open(served.port, token, after) for _ in range(count)))
    await asyncio.sleep(1)
    each = (served.memory_kb - before) / streams
    taken: list[float] = []
    for one in range(COMMITS):
        waiting = [asyncio.create_task(_until(reader, after + one + 1)) for reader, _ in readers]
        await asyncio.sleep(0.1)
        _, committed = await asyncio.to_thread(_commit, one + 1)
        taken += [at - committed for at in await asyncio.wait_for(asyncio.gather(*waiting), 60)]
    return taken, each


def measure(size: str, repeats: int) -> list[Result]:
    """Against limits, because there is nothing of the kind to stand beside."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    filling.empty()
    filling.fill(list(visits(2_000)))
    caller = Caller()
    with serving() as served:
        started, idle = served.started_in, served.memory_kb
        taken, each = asyncio.run(_latencies(served, caller.token, STREAMS[size]))
        _read_lists(served, caller.token)
        busy = served.memory_kb
    p95 = statistics.quantiles(taken, n=20)[-1] * 1000
    code = "import django; django.setup()"
    bare = in_turns(
        {"bare": lambda: subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)},
        repeats=repeats,
    )["bare"]
    streams = f"{STREAMS[size]:,} open streams"
    return [
        at_most("commit to browser, p95", p95, 300, "ms", streams=STREAMS[size]),
        at_most(
            f"commit to browser, median, {streams}", statistics.median(taken) * 1000, 300, "ms"
        ),
        at_most("memory of a stream", each, 60, "kB"),
        at_most("memory of serve, idle", idle / 1024, 200, "MB"),
        at_most("memory of serve, after streams and 500 lists", busy / 1024, 200, "MB"),
        compared("start of serve", "loading Django and the project", [started] * len(bare), bare),
    ]


def _read_lists(served: Served, token: str) -> None:
    address = f"http://127.0.0.1:{served.port}/api/v1/sessions/?page_size=50"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
    for _ in range(500):
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()
