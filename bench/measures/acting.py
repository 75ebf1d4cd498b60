"""An agent's message through the API, with a remote that takes 20 ms for every call.

Yardsticks: the same remote calls made directly on a kept-alive connection; and, with sixteen
callers, a plain reverse proxy in front of the remote that forwards the one call that sends. Sixteen
callers meet two processes (`WEB_PROCESSES=2`), on as many cores; what a bare program reaches that
makes the same calls for them is the most that anybody could.
"""

import http.client
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import requests
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import override_settings

from bench import filling
from bench.remote import Remote, remote
from bench.served import ROOT, Served, free_port, serving
from bench.timing import Result, compared, in_turns
from chatops.actions import tokens
from chatops.mirror import ingest, people
from chatops.remote import linking, wiring

LATENCY_MS = 20
CALLERS = 16
ACTIONS = {"small": 160, "10k": 160, "100k": 160, "1m": 160}
SERVICE = {"SUPEROFFICE_USER": "integration", "SUPEROFFICE_PASSWORD": "integration-demo"}
MESSAGE = {"Type": "ToCustomer", "Message": "Hello", "Author": "Mia Berg", "SpecialType": "None"}


def _session(**headers: str) -> requests.Session:
    one = requests.Session()
    one.trust_env = False
    one.headers.update(headers)
    return one


def _direct(url: str) -> requests.Session:
    one = _session(**{"SO-TimeZone": "UTC, includeTZOffset", "Accept": "application/json"})
    one.auth = ("mia", "mia-demo")
    return one


def _prepare(far: Remote) -> str:
    """Mia, linked, with a token; her chats in the mirror. The token."""
    user, _ = User.objects.get_or_create(username="mia")
    user.groups.set(Group.objects.filter(name="agent"))
    linking.link(user, "basic", {"user": "mia", "password": "mia-demo"})
    client = wiring.service_client()
    people.store_topic(client.topics.get(7).raw)
    people.store_members(7, [one.raw for one in client.topics.members(7)])
    for one in far.chats:
        reading = ingest.next_reading()
        ingest.store_sessions([ingest.Answer(one, client.sessions.get_raw(one))], reading=reading)
    _, token = tokens.issue(owner=user, label="bench", scopes=("read", "send"))
    return token


def _act(http: requests.Session, served: Served, chat: int) -> None:
    answer = http.post(
        f"http://127.0.0.1:{served.port}/api/v1/sessions/{chat}/messages/",
        json={"message": "Hello"},
        headers={"Idempotency-Key": uuid4().hex},
        timeout=30,
    )
    if answer.status_code != 200 or answer.json()["state"] != "done":
        raise RuntimeError(f"{answer.status_code} {answer.text[:300]}")


def _forward(
    http: requests.Session, base: str, calls: Sequence[tuple[str, str]], chat: int
) -> None:
    for method, path in calls:
        body = MESSAGE if method == "POST" else None
        answer = http.request(method, base + path.format(chat=chat), json=body, timeout=30)
        answer.raise_for_status()


def _calls_of(far: Remote, act: Callable[[], None], chat: int) -> list[tuple[str, str]]:
    """The remote calls that one action makes, as method and path."""
    act()
    far.requests()
    act()
    return [
        (row["method"], str(row["path"]).removeprefix("/api").replace(str(chat), "{chat}"))
        for row in far.requests()
    ]


def _at_once(chats: Sequence[int], times: int, one: Callable[[int], None]) -> Callable[[], None]:
    """Sixteen callers, each with a chat of its own."""

    def run() -> None:
        with ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(one, [chats[number % CALLERS] for number in range(times)]))

    return run


class _Ways:
    """How a message gets to the remote; a kept-alive connection for each thread and way."""

    def __init__(self, far: Remote, token: str, proxy: str) -> None:
        self._far, self._token, self._proxy = far, token, proxy
        self._local: Any = threading.local()
        #: What one action asks of the remote, and the one call of these that sends.
        self.calls: list[tuple[str, str]] = []
        self.send: list[tuple[str, str]] = []

    def _mine(self, kind: str, make: Callable[[], requests.Session]) -> requests.Session:
        if not hasattr(self._local, kind):
            setattr(self._local, kind, make())
        found: requests.Session = getattr(self._local, kind)
        return found

    def through(self, served: Served) -> Callable[[int], None]:
        """Ours, by this `serve`."""

        def act(chat: int) -> None:
            http = self._mine("ours", lambda: _session(Authorization=f"Bearer {self._token}"))
            _act(http, served, chat)

        return act

    def learn(self, served: Served, chat: int) -> None:
        """See which calls an action makes."""
        act = self.through(served)
        self.calls = _calls_of(self._far, lambda: act(chat), chat)
        self.send = [(method, path) for method, path in self.calls if method == "POST"]

    def direct(self, chat: int) -> None:
        """The same calls, straight to the remote."""
        http = self._mine("direct", lambda: _direct(self._far.url))
        _forward(http, self._far.url, self.calls, chat)

    def proxied(self, chat: int) -> None:
        """The one call that sends, through the proxy."""
        http = self._mine("proxied", lambda: _direct(self._proxy))
        _forward(http, self._proxy, self.send, chat)


@override_settings(REMOTE_CALLS_PER_SECOND=0, SUPEROFFICE_AUTH="basic", **SERVICE)
def measure(size: str, repeats: int) -> list[Result]:
    """Milliseconds of one action, and actions per second of sixteen callers."""
    filling.empty()
    with remote(CALLERS, LATENCY_MS) as far, override_settings(SUPEROFFICE_API_URL=far.url):
        token, known = _prepare(far), _settings(far)
        with (
            serving(**known) as single,
            serving(**known, WEB_PROCESSES="2") as double,
            _proxy(far.url) as proxy,
        ):
            ways = _Ways(far, token, proxy)
            ways.learn(single, far.chats[0])
            alone = _alone(ways, single, far.chats[0], repeats)
            many = in_turns(
                {
                    name: _at_once(far.chats, ACTIONS[size], way)
                    for name, way in {
                        "double": ways.through(double),
                        "single": ways.through(single),
                        "direct": ways.direct,
                        "proxied": ways.proxied,
                    }.items()
                },
                repeats=repeats,
            )
    return [alone, *_beside_the_proxy(many, ways, ACTIONS[size])]


def _settings(far: Remote) -> dict[str, str]:
    return {
        "SUPEROFFICE_API_URL": far.url,
        "SUPEROFFICE_AUTH": "basic",
        "SUPEROFFICE_TIMEZONE": "UTC",
        # As in earnest: with DEBUG, Django writes down and formats every statement.
        "DEBUG": "0",
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
        **SERVICE,
    }


def _alone(ways: _Ways, served: Served, chat: int, repeats: int) -> Result:
    """One caller, one action after the other."""

    def ten(one: Callable[[int], None]) -> Callable[[], None]:
        def run() -> None:
            for _ in range(10):
                one(chat)

        return run

    taken = in_turns(
        {"ours": ten(ways.through(served)), "direct": ten(ways.direct)}, repeats=repeats
    )
    return compared(
        "an action, remote in 20 ms",
        f"the same {len(ways.calls)} remote calls made directly",
        [one / 10 for one in taken["ours"]],
        [one / 10 for one in taken["direct"]],
        reach=1 / 1.25,
    )


def _beside_the_proxy(many: Mapping[str, list[float]], ways: _Ways, times: int) -> list[Result]:
    """Sixteen callers, each way beside the proxy."""
    proxy = "a plain reverse proxy"
    calls = [" ".join(one) for one in ways.calls]
    return [
        compared(
            "actions of 16 callers, two processes",
            proxy,
            many["double"],
            many["proxied"],
            amount=times,
            reach=0.4,
            calls=calls,
        ),
        compared(
            "actions of 16 callers, one process",
            proxy,
            many["single"],
            many["proxied"],
            amount=times,
        ),
        compared(
            f"the same {len(calls)} remote calls made directly, 16 callers",
            proxy,
            many["direct"],
            many["proxied"],
            amount=times,
        ),
    ]


class _proxy:  # noqa: N801 used as a function
    """`python -m bench.proxy`, running."""

    def __init__(self, target: str) -> None:
        self.target, self.port = target, free_port()

    def __enter__(self) -> str:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.proxy", str(self.port), self.target], cwd=ROOT
        )
        for _ in range(200):
            try:
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=1).connect()
            except OSError:
                threading.Event().wait(0.05)
            else:
                break
        return f"http://127.0.0.1:{self.port}/api"

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)
