"""What `serve` holds of the machine's memory while people and programs use it for a long time."""

import http.client
import itertools
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from bench import filling
from bench.calling import Caller
from bench.data import WORDS, visits
from bench.measures.limits import at_most
from bench.served import Served, serving
from bench.timing import Result

SESSIONS = {"small": 2_000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
MINUTES = {"small": 1, "10k": 5, "100k": 15, "1m": 60}
READERS, STREAMS = 4, 50
#: Seconds between requests, between those that cost the most, and between changes of the mirror.
PAUSE, COSTLY_PAUSE, NEWS_EVERY = 0.1, 15.0, 1.0
SAMPLE_EVERY = 5.0
PROGRAMS = (
    "sessions/?page_size=50",
    "sessions/?page_size=500&ordering=id",
    "sessions/?page_size=50&status=Closed&topic=7",
    "sessions/{one}/",
    "sessions/{one}/messages/",
    f"messages/?search={WORDS[40]}",
    f"sessions/?search={WORDS[900]}",
    "changes/?after=0&limit=500",
)
PEOPLE = ("", "sessions/", "sessions/{one}/", f"sessions/?search={WORDS[300]}", "actions/")
#: What is asked for now and then, and costs the most: the numbers of a year, a file of a month.
NUMBERS = "/admin/numbers/?since=2024-01-01&until=2024-12-31"
FILE = (
    "/api/v1/sessions/export/?requested_after=2024-03-01T00:00Z&requested_before=2024-04-01T00:00Z"
)

Headers = dict[str, str]


def measure(size: str, repeats: int) -> list[Result]:
    """Megabytes at the most, and by how much the last quarter is above the second."""
    count, seconds = SESSIONS[size], MINUTES[size] * 60
    filling.fill_to(count, indexed=True)
    program = {"Authorization": f"Bearer {Caller().token}"}
    with serving() as served, _busy(served, program, _person()) as asked:
        held = list(_samples(served, seconds))
        requests = asked()
    quarter = len(held) // 4
    second, last = (
        statistics.median(one) for one in (held[quarter : 2 * quarter], held[-quarter:])
    )
    what = f"memory of serve, {MINUTES[size]} min of load, {count:,} sessions"
    more = {"sessions": count, "requests": requests, "streams": STREAMS}
    return [
        at_most(what, max(held), 200, "MB", **more),
        at_most(f"{what}, last quarter above the second", last - second, 10, "MB"),
    ]


def _person() -> Headers:
    who, _ = User.objects.get_or_create(username="boss", is_superuser=True, is_staff=True)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(who)
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}


def _samples(served: Served, seconds: int) -> Iterator[float]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(SAMPLE_EVERY)
        yield served.memory_kb / 1024


@contextmanager
def _busy(served: Served, program: Headers, person: Headers) -> Iterator[Callable[[], int]]:
    """Readers, streams and a writer at work; the requests that were answered so far."""
    stop, answered, failed = threading.Event(), itertools.count(), list[BaseException]()

    def kept(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    work: list[Callable[[], None]] = [lambda: _change(stop)]
    for number in range(READERS):
        paths, headers = (PEOPLE, person) if number % 2 else (PROGRAMS, program)
        base = "/admin/" if number % 2 else "/api/v1/"
        addresses = [base + one for one in paths]
        work.append(partial(_read, served, addresses, headers, PAUSE, number, stop, answered))
    for address, headers in ((NUMBERS, person), (FILE, program)):
        once = headers | {"Connection": "close"}  # the server ends what is idle for so long
        work.append(partial(_read, served, [address], once, COSTLY_PAUSE, 0, stop, answered))
    threads = [threading.Thread(target=kept, args=(one,)) for one in work]
    with _streams(served, program):
        for one in threads:
            one.start()
        try:
            yield lambda: next(answered)
        finally:
            stop.set()
            for one in threads:
                one.join()
    if failed:
        raise RuntimeError("the load broke off") from failed[0]


def _read(
    served: Served,
    addresses: list[str],
    headers: Headers,
    pause: float,
    seed: int,
    stop: threading.Event,
    answered: "itertools.count[int]",
) -> None:
    line = http.client.HTTPConnection("127.0.0.1", served.port, timeout=120)
    for turn, address in enumerate(itertools.cycle(addresses)):
        if stop.wait(pause):
            break
        line.request("GET", address.format(one=1 + (turn * 7 + seed) % 1_000), headers=headers)
        answer = line.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{address}: {answer.status}")
        next(answered)
    line.close()


def _change(stop: threading.Event) -> None:
    """Some chats change, again and again, as a poll brings them."""
    turn = 0
    while not stop.wait(NEWS_EVERY):
        turn += 1
        filling.fill(list(visits(5, changed_every=turn % 2)))


@contextmanager
def _streams(served: Served, headers: Headers) -> Iterator[None]:
    lines = []
    for _ in range(STREAMS):
        line = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        line.request("GET", "/api/v1/changes/stream/", headers=headers)
        if line.getresponse().status != 200:
            raise RuntimeError("a stream was refused")
        lines.append(line)
    yield
    for line in lines:
        line.close()
