"""Every way a call can go wrong, as rules that are switched on and off: for tests.

A rule says which calls (`method`, `path` as a regular expression, `user`), how often (`times`,
`probability`, after `after_n` calls), and what happens (`kind`, see `KINDS`).
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any
from urllib.parse import quote

from chatops.demo.office import Office
from chatops.demo.wire import WireRequest, WireResponse, dump, html_response, json_response

PAGE = "<html><head><title>Service</title></head><body><h1>Service Unavailable</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Hidden:
    """Rows that are committed but not visible yet: named ones, or the `count` highest."""

    ids: frozenset[int]
    count: int

    def of(self, office: Office, path: str) -> frozenset[int]:
        """The ids to hide on this path: message ids in a conversation, else session ids."""
        found = re.match(r"ChatSession/(\d+)/Messages", path, re.IGNORECASE)
        if self.ids or not self.count:
            return self.ids
        if found and int(found[1]) in office.sessions:
            rows = office.sessions[int(found[1])].messages
            return frozenset(sorted(m.id for m in rows)[-self.count :])
        return frozenset(office.ids_above(0)[-self.count :])


@dataclass(slots=True)
class Rule:
    """One fault. Times in seconds, sizes in bytes."""

    kind: str
    method: str = ""
    path: str = ""  # searched in the path, without case
    user: str = ""
    times: int | None = None  # how many calls it befalls, None for all
    probability: float = 1.0
    after_n: int = 0  # so many matching calls pass first
    seconds: float = 0.0
    hold: float = 0.0  # of `late`
    status: int = 503
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    apply: bool = True  # whether the call takes effect, where the kind leaves it open
    form: str = "null"  # of `null`: `null`, `204` or `empty`
    size: int = 80 * 1024 * 1024  # of `huge`
    ids: list[int] = field(default_factory=list)  # of `hide_ids`
    count: int = 1  # of `hide_ids` without ids: the highest ones
    seen: int = 0
    hit: int = 0

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Rule":
        """From the control door's JSON. Raises ValueError for an unknown kind or name."""
        flat = {**data.get("match", {}), **{k: v for k, v in data.items() if k != "match"}}
        known = {f.name for f in fields(cls)}
        if flat.get("kind") not in KINDS or not set(flat) <= known:
            raise ValueError(f"unknown fault: {sorted(set(flat) - known) or flat.get('kind')}")
        return cls(**flat)

    def fits(self, request: WireRequest, user: str) -> bool:
        """Whether the rule is about this call."""
        return (
            (not self.method or self.method.upper() == request.method)
            and (not self.user or self.user == user)
            and (not self.path or re.search(self.path, request.path, re.IGNORECASE) is not None)
        )


class Faults:
    """The rules in force; the first that fits and has calls left befalls a call."""

    def __init__(self, *, seed: int) -> None:
        self.rules: list[Rule] = []
        self.latency_ms = 0.0
        self.random = Random(seed)
        self._lock = threading.Lock()

    def choose(self, request: WireRequest, user: str) -> Rule | None:
        """The rule that befalls this call, counted."""
        if not self.rules:
            return None
        with self._lock:
            for rule in self.rules:
                if not rule.fits(request, user):
                    continue
                rule.seen += 1
                spent = rule.times is not None and rule.hit >= rule.times
                if spent or rule.seen <= rule.after_n or self.random.random() >= rule.probability:
                    continue
                rule.hit += 1
                return rule
        return None


Apply = Callable[[Hidden | None], WireResponse]
Unchanged = Callable[[], WireResponse]
Play = Callable[[Rule, WireRequest, Apply, Unchanged], WireResponse]


def play(
    faults: Faults, rule: Rule | None, request: WireRequest, apply: Apply, unchanged: Unchanged
) -> WireResponse:
    """The answer under the rule; `apply` is the call itself. Sleeps where the rule says so."""
    if faults.latency_ms:
        time.sleep(faults.latency_ms / 1000)
    if rule is None:
        return apply(None)
    return KINDS[rule.kind](rule, request, apply, unchanged)


def drop_before(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """The connection closes, nothing was applied."""
    return WireResponse(0, drop=True)


def drop_after(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """Applied, then the connection closes."""
    apply(None)
    return WireResponse(0, drop=True)


def late(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """The connection closes after `hold` seconds; the call takes effect `seconds` from now."""
    timer = threading.Timer(rule.seconds, apply, (None,))
    timer.daemon = True
    timer.start()
    time.sleep(rule.hold)
    return WireResponse(0, drop=True)


def status(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """Any status, nothing applied."""
    return stated(rule)


def status_after(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """Applied, then any status."""
    apply(None)
    return stated(rule)


def stated(rule: Rule) -> WireResponse:
    """The rule's own status, headers and body; J.1's error object unless it brings a body."""
    error = {
        "Error": True,
        "ErrorType": "SoServerException",
        "ErrorMessage": "The request failed",
        "ErrorSource": "SuperOffice",
    }
    body = dump(error) if rule.body is None else rule.body.encode()
    return WireResponse(rule.status, body, {"Content-Type": "application/json", **rule.headers})


def echo(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """Any status, nothing applied; its words, type and Location repeat what the caller sent."""
    names = ("authorization", "so-apptoken", "cookie", "x-xsrf-token")
    sent = [value for name in names if (value := request.header(name))]
    said = " ".join([*sent, request.body.decode("utf-8", "replace")])
    error = {"ErrorType": said, "ErrorMessage": f"Not with {said}", "error_description": said}
    elsewhere = f"https://elsewhere.example/?said={quote(said)}"
    headers = {"Content-Type": "application/json", "Location": elsewhere, **rule.headers}
    return WireResponse(rule.status, dump(error), headers)


def no_effect(rule: Rule, request: WireRequest, apply: Apply, same: Unchanged) -> WireResponse:
    """200 with the session as it was."""
    return same()


def null(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """`null`, 204, or 200 without a body."""
    if rule.apply:
        apply(None)
    if rule.form == "204":
        return WireResponse(204)
    return json_response(None) if rule.form == "null" else WireResponse(200)


def html(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """200 with a page instead of JSON."""
    if rule.apply:
        apply(None)
    return html_response(rule.body or PAGE)


def cut(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """Applied; the answer ends in the middle."""
    response = apply(None)
    response.cut = len(response.body) // 2
    return response


def stall(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """Applied (before the pause, or with `apply` false after it); the answer comes late."""
    response = apply(None) if rule.apply else None
    time.sleep(rule.seconds)
    return response or apply(None)


def slow(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """Only slow."""
    time.sleep(rule.seconds)
    return apply(None)


def blank(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """Lists are empty, with 200."""
    response = apply(None)
    if request.method != "GET" or response.status != 200:
        return response
    if response.body.startswith(b"["):
        return json_response([])
    if response.body.startswith(b'{"odata.metadata"'):
        return json_response({"odata.metadata": "", "odata.nextLink": None, "value": []})
    return response


def all404(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """404 for what exists."""
    rule.status = 404
    return stated(rule)


def huge(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """A JSON text larger than any cap."""
    return WireResponse(200, b'"' + b"x" * rule.size + b'"', {"Content-Type": "application/json"})


def hide_ids(rule: Rule, request: WireRequest, apply: Apply, _: Unchanged) -> WireResponse:
    """Ids are given out but not visible yet."""
    return apply(Hidden(frozenset(rule.ids), rule.count))


KINDS: dict[str, Play] = {
    f.__name__: f
    for f in (
        drop_before,
        drop_after,
        late,
        status,
        status_after,
        echo,
        no_effect,
        null,
        html,
        cut,
        stall,
        slow,
        blank,
        all404,
        huge,
        hide_ids,
    )
}
