"""How soon SuperOffice has its 200 for a hint, while it answers nothing itself.

200 hints a second reach a running `serve` at their appointed times, whether or not the ones before
were answered; a worker beside it tries to read what they tell of, from a SuperOffice that has
frozen. A hint's time runs from its appointed moment: one that had to wait is not told as fast.
"""

import asyncio
import json
import statistics
from contextlib import ExitStack

from django.test import override_settings

from bench import filling
from bench.measures.lag import SECRET, SERVICE, TENANT
from bench.measures.limits import at_most
from bench.served import free_port, processor_seconds, serving, working
from bench.timing import Result
from chatops.demo.adapter import StandIn
from chatops.superoffice import webhooks
from chatops.sync.models import WebhookDelivery

PER_SECOND = 200
HINTS = {"small": 4_000, "10k": 6_000, "100k": 6_000, "1m": 6_000}
#: Before counting: the worker has started, met the silence and opened the breaker.
WARMING = 10 * PER_SECOND
CONNECTIONS = 16
SESSIONS = 300
#: Longer than any time-out of ours.
FROZEN = 120.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def measure(size: str, repeats: int) -> list[Result]:
    """Milliseconds from the moment at which a hint is sent to its 200."""
    filling.empty()
    WebhookDelivery.objects.all().delete()
    with StandIn(scene="empty", seed=1) as office, ExitStack() as running:
        chats = [office.chat(user="mia").id for _ in range(SESSIONS)]
        office.fault("stall", seconds=FROZEN, apply=False)
        port = free_port()
        address = {"SUPEROFFICE_API_URL": office.url, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        running.enter_context(override_settings(WEBHOOK_SECRETS=[SECRET], **SERVICE, **address))
        served = running.enter_context(serving(port, **SERVICE, **TENANT, **address))
        worker = running.enter_context(working(**SERVICE, **TENANT, **address))
        requests = [_request(number, chats) for number in range(WARMING + HINTS[size])]
        before = [processor_seconds(pid) for pid in (served.pid, worker)]
        taken = sorted(asyncio.run(_deliver(port, requests))[WARMING:])
        after = [processor_seconds(pid) for pid in (served.pid, worker)]
    stored = WebhookDelivery.objects.count()
    if stored != len(requests):
        raise RuntimeError(f"{stored} of {len(requests)} hints were stored")
    at = statistics.quantiles(taken, n=100)
    told = {"p50": round(at[49], 1), "p95": round(at[94], 1), "worst": round(taken[-1], 1)}
    each = [(two - one) * 1000 / len(requests) for one, two in zip(before, after, strict=True)]
    told |= {"processor_ms": round(each[0], 2), "workers_processor_ms": round(each[1], 2)}
    return [at_most(f"hint answered, {PER_SECOND}/s, remote frozen, p99", at[98], 50, "ms", **told)]


def _request(number: int, chats: list[int]) -> bytes:
    """A delivery as it goes over the wire."""
    event = {
        "EventId": f"hint-{number}",
        "Event": "chatsession.message",
        "Entity": "chatsession",
        "PrimaryKey": chats[number % len(chats)],
        "Changes": ["chatMessage.message"],
    }
    body = json.dumps(event).encode()
    head = (
        "POST /hooks/superoffice/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-SuperOffice-Signature: {webhooks.signature(body, SECRET)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _deliver(port: int, requests: list[bytes]) -> list[float]:
    """Milliseconds of each, in their order."""
    free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    loop = asyncio.get_running_loop()
    began = loop.time() + 0.1

    async def one(number: int) -> float:
        due = began + number / PER_SECOND
        await asyncio.sleep(due - loop.time())
        connection = await free.get()
        if connection[0].at_eof():  # a server closes what was quiet for some seconds
            connection = await asyncio.open_connection("127.0.0.1", port)
        await _answered(connection, requests[number])
        free.put_nowait(connection)
        return (loop.time() - due) * 1000

    return await asyncio.gather(*(one(number) for number in range(len(requests))))


async def _answered(connection: Connection, request: bytes) -> None:
    """Send it, and read its 200 to the end."""
    reader, writer = connection
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 ") or b"content-length: 0\r\n" not in head:
        raise RuntimeError(f"not taken: {head!r}")
