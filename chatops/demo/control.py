"""The control door `/_standin/…`: for tests and the demo, never part of the contract.

Loopback only. JSON in, JSON out; mistakes are 400 with `error`. What each path does is in `PATHS`.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from chatops.demo import customers, rules
from chatops.demo.errors import Answer
from chatops.demo.faults import Rule
from chatops.demo.office import Options
from chatops.demo.records import Associate, Membership, Session, Topic
from chatops.demo.wire import WireRequest, WireResponse, json_response

if TYPE_CHECKING:
    from chatops.demo.door import Door

JSONDict = dict[str, Any]
PREFIX = "/_standin/"
JOURNAL_PAGE = 10_000


def handle(door: "Door", request: WireRequest) -> WireResponse:
    """Do what the path says; the journal does not note it."""
    if not ipaddress.ip_address(request.peer).is_loopback:
        return json_response({"error": "loopback only"}, 403)
    path = request.path[len(PREFIX) :].strip("/")
    door_here = find(request.method, path)
    if door_here is None:
        return json_response({"error": f"no such door: {request.method} {path}"}, 404)
    function, arguments = door_here
    try:
        body = request.json() if request.body else {}
        with door.office.lock:
            return json_response(function(door, body, request, *arguments))
    except Answer as refusal:
        return json_response({"error": refusal.message}, refusal.status)
    except (KeyError, TypeError, ValueError) as error:  # the test's own mistake
        return json_response({"error": f"{type(error).__name__}: {error}"}, 400)


def find(method: str, path: str) -> tuple[Callable[..., Any], tuple[str, ...]] | None:
    """The function of the path, and what the path says."""
    for (verb, pattern), function in PATHS.items():
        found = re.fullmatch(pattern, path)
        if found and verb == method:
            return function, found.groups()
    return None


def chat(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """A new session. All optional: `topic`, `customer`, `email`, `phone`, `company`, `status`,
    `user` and `transfer_to` (user name or associate id), `messages` (texts of the customer, or
    objects with `text`, `by`, `type`, `special`, `param`), `fields` (of the record, as they are).
    """
    office = door.office
    session = customers.arrive(
        office,
        int(body.get("topic", 7)),
        str(body.get("customer", "Test Customer")),
        email=str(body.get("email", "test@customer.example")),
        phone=str(body.get("phone", "")),
        company=str(body.get("company", "")),
    )
    if body.get("user"):
        session.user, session.started = office.associate(body["user"]).id, office.now()
        session.status, session.rank = "CustomerLast", rules.free_rank(office, session)
    for line in body.get("messages", []):
        say_line(door, session, line)
    if body.get("transfer_to"):
        session.transfer_to = office.associate(body["transfer_to"]).id
    if body.get("status"):
        session.status = str(body["status"])
    known = {f.name for f in fields(Session)} - {"id", "messages"}
    for name, value in body.get("fields", {}).items():
        if name not in known:
            raise ValueError(f"a session has no field {name}")
        setattr(session, name, value)
    office.version += 1
    return office.raw(session)


def say_line(door: "Door", session: Session, line: Any) -> None:
    """A text of the customer, or a message by anybody."""
    if isinstance(line, str):
        customers.say(door.office, session, line)
        return
    by = door.office.associate(line["by"]) if line.get("by") else None
    rules.post(
        door.office,
        session,
        line.get("type", "ToCustomer" if by else "ToUser"),
        line["text"],
        author=line.get("author", by.full_name if by else session.name),
        by=by,
        kind=line.get("special", "None"),
        param=line.get("param", ""),
    )


def say(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """The customer of `session` writes `text`."""
    message = customers.say(door.office, door.office.session(body["session"]), body["text"])
    return {"id": message.id}


def post(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """A message by anybody in `session`, as in `chat`."""
    session = door.office.session(body["session"])
    say_line(door, session, body)
    return {"id": session.messages[-1].id}


def offer(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """The owner (or `by`) of `session` asks `to` to take over."""
    office = door.office
    session = office.session(body["session"])
    owner = office.associate(body.get("by") or session.user or 0)
    if not rules.transfer_to(office, session, owner, office.associate(body["to"])):
        raise ValueError("nothing happened: the session is not theirs, or not open")
    return office.raw(session)


def end(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """`session` ends, by `by` or by its customer."""
    office = door.office
    session = office.session(body["session"])
    by = office.associate(body["by"]) if body.get("by") else None
    rules.end(office, session, by, marker="ClosedByUser" if by else "ClosedByCustomer")
    return office.raw(session)


def rate(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """The customer of `session` gives `stars`."""
    customers.rate(door.office, door.office.session(body["session"]), int(body["stars"]))
    return {}


def poll(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """The widget of `session` asks again: read flags flip, `WhenFetched` moves."""
    customers.poll(door.office, door.office.session(body["session"]))
    return {}


def read_session(door: "Door", _: JSONDict, __: WireRequest, number: str) -> JSONDict:
    """The record, with its messages."""
    return door.office.raw(door.office.session(int(number)))


def change_session(door: "Door", body: JSONDict, _: WireRequest, number: str) -> JSONDict:
    """Set fields of the record, as somebody else at SuperOffice would."""
    session = door.office.session(int(number))
    known = {f.name for f in fields(Session)} - {"id", "messages"}
    if not set(body) <= known:
        raise ValueError(f"unknown: {sorted(set(body) - known)}")
    for name, value in body.items():
        if name != "status":
            setattr(session, name, value)
    if "status" in body:
        rules.change_status(door.office, session, body["status"], by=0)
    door.office.effect("change", session.id, "control", fields=sorted(body))
    return door.office.raw(session)


def delete_session(door: "Door", _: JSONDict, __: WireRequest, number: str) -> JSONDict:
    """Gone without a word, as the nightly clean-up does it."""
    door.office.remove(door.office.session(int(number)))
    door.office.effect("delete", int(number), "control")
    return {}


def person(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """A new colleague `user` who can respond on `topics` (all, unless said); the password is the
    user name and `-demo`. For somebody who is there: `present` and `deleted`.
    """
    office, user = door.office, str(body["user"])
    found = next((p for p in office.people.values() if p.user == user), None)
    if found is None:
        number = max(office.people) + 1
        name = str(body.get("name", user.title()))
        found = Associate(
            number,
            number - 8,
            user,
            f"{user}-demo",
            user[:3].upper(),
            name,
            f"{user}@fjordfjell.example",
        )
        office.people[number] = found
        for topic in body.get("topics", list(office.topics)):
            office.topic(topic).members[number] = Membership(
                number, can_manage=bool(body.get("manager")), can_listen=bool(body.get("manager"))
            )
    found.present = bool(body.get("present", found.present))
    found.deleted = bool(body.get("deleted", found.deleted))
    office.version += 1
    return asdict(found)


def people(door: "Door", _: JSONDict, __: WireRequest) -> list[JSONDict]:
    """Everybody, with passwords: it is a demo."""
    return [asdict(p) for p in door.office.people.values()]


def topic(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """A new channel `name` with its `welcome`; nobody is on it yet."""
    office = door.office
    number = max(office.topics) + 1
    name = str(body.get("name", f"Topic {number}"))
    made = Topic(number, name, str(body.get("description", "")), str(body.get("welcome", "")))
    office.topics[number] = made
    return asdict(made)


def journal(door: "Door", _: JSONDict, request: WireRequest) -> JSONDict:
    """Entries after number `after`, oldest first, at most `limit`; `kind` picks one kind."""
    after = int(request.params.get("after", "0"))
    kind = request.params.get("kind", "")
    rows = door.office.journal
    skip = max(0, after - (rows[0]["number"] - 1)) if rows else 0
    picked = (row for row in islice(rows, skip, None) if kind in ("", row["kind"]))
    entries = list(islice(picked, int(request.params.get("limit", JOURNAL_PAGE))))
    return {"entries": entries, "last": door.office.journal_number}


def faults(door: "Door", _: JSONDict, __: WireRequest) -> JSONDict:
    """The rules in force and how often each was seen and hit."""
    return {"latency_ms": door.faults.latency_ms, "rules": [asdict(r) for r in door.faults.rules]}


def set_faults(door: "Door", body: JSONDict, request: WireRequest) -> JSONDict:
    """Replace all: `rules`, `latency_ms`, `seed`."""
    rules_ = [Rule.from_json(rule) for rule in body.get("rules", [])]
    door.faults.rules, door.faults.latency_ms = rules_, float(body.get("latency_ms", 0))
    if "seed" in body:
        door.faults.random.seed(body["seed"])
    return faults(door, {}, request)


def add_fault(door: "Door", body: JSONDict, request: WireRequest) -> JSONDict:
    """Add one rule."""
    door.faults.rules = [*door.faults.rules, Rule.from_json(body)]
    return faults(door, {}, request)


def options(door: "Door", _: JSONDict, __: WireRequest) -> JSONDict:
    """The office's switches."""
    return asdict(door.office.options)


def set_options(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """Change some switches."""
    door.office.options = replace(door.office.options, **body)
    return asdict(door.office.options)


def clock(door: "Door", body: JSONDict, request: WireRequest) -> JSONDict:
    """The office's time; POST `skew` in seconds."""
    if request.method == "POST":
        door.office.options.clock_skew = float(body["skew"])
    return {"now": door.office.now().isoformat(), "skew": door.office.options.clock_skew}


def move(door: "Door", body: JSONDict, request: WireRequest) -> JSONDict:
    """The tenant moves to `host` (`name:port`): every other host answers 421."""
    door.tenant.move(str(body["host"]))
    return {"host": door.tenant.host}


def revoke(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """Everything that was given out to `user` (or all) dies; passwords stay."""
    door.identity.revoke(str(body.get("user", "")))
    return {}


def credentials(door: "Door", body: JSONDict, _: WireRequest) -> JSONDict:
    """One of everything for `user`."""
    user = door.office.associate(body["user"]).user
    cookie, xsrf = door.identity.new_cookie(user)
    return {
        "ticket": door.identity.new_ticket(user, needs_app_token=bool(body.get("online"))),
        "access_token": door.identity.new_access_token(user),
        "refresh_token": door.identity.new_refresh_token(user),
        "cookie": cookie,
        "xsrf": xsrf,
    }


def app(door: "Door", _: JSONDict, __: WireRequest) -> JSONDict:
    """The registered app: what an operator would have from the developer portal."""
    return {
        **door.sign_in.registered(),
        "private_key": door.sign_in.keys.app_pem(),
        "refreshes": door.identity.refreshes,
    }


def health(door: "Door", _: JSONDict, __: WireRequest) -> JSONDict:
    """Counts: cheap, for waiting until it is up."""
    return {
        "sessions": len(door.office.sessions),
        "journal": door.office.journal_number,
        "switches": sorted(f.name for f in fields(Options)),
    }


PATHS: dict[tuple[str, str], Callable[..., Any]] = {
    ("POST", "chat"): chat,
    ("POST", "say"): say,
    ("POST", "post"): post,
    ("POST", "offer"): offer,
    ("POST", "end"): end,
    ("POST", "rate"): rate,
    ("POST", "poll"): poll,
    ("GET", r"session/(\d+)"): read_session,
    ("PATCH", r"session/(\d+)"): change_session,
    ("DELETE", r"session/(\d+)"): delete_session,
    ("GET", "people"): people,
    ("POST", "person"): person,
    ("POST", "topic"): topic,
    ("GET", "journal"): journal,
    ("GET", "faults"): faults,
    ("PUT", "faults"): set_faults,
    ("POST", "faults"): add_fault,
    ("GET", "options"): options,
    ("PUT", "options"): set_options,
    ("GET", "clock"): clock,
    ("POST", "clock"): clock,
    ("POST", "move"): move,
    ("POST", "revoke"): revoke,
    ("POST", "credentials"): credentials,
    ("GET", "app"): app,
    ("GET", "health"): health,
}
