"""Who may do what: every role and scope on every route, for what is theirs and what is not.

What is not theirs looks exactly like what is not there: same status, headers and body.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chatops.actions import policy, tokens
from chatops.actions.callers import SCOPES, Role, caller_of
from chatops.actions.models import TrailEntry
from chatops.actions.policy import Right
from chatops.api import schema as openapi
from chatops.api.broadcast import Line
from chatops.api.listeners import Audience
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from chatops.remote import linking
from tests.api.conftest import Answer, Bulk, MakeProgram, Mirrored, Program, indexed, say
from tests.conftest import MakePerson, Person

ABSENT = 999_999
MESSAGE = {"message": "Hello"}
PATCH = {"customer_email": "new@example.net"}
#: Every route about a session: method, rest of the path, body.
ROUTES: dict[str, tuple[str, str, Any]] = {
    "get": ("GET", "", None),
    "head": ("HEAD", "", None),
    "options": ("OPTIONS", "", None),
    "patch": ("PATCH", "", PATCH),
    "messages": ("GET", "messages/", None),
    "send": ("POST", "messages/", MESSAGE),
    "transcript": ("GET", "transcript/", None),
    "refresh": ("POST", "refresh/", None),
    "accept": ("POST", "accept-transfer/", None),
    "reject": ("POST", "reject-transfer/", None),
    "pick up": ("POST", "pick-up/", None),
    "transfer": ("POST", "transfer/", {"to": "ola"}),
    "reset": ("POST", "reset/", None),
    "end": ("POST", "end/", None),
    "delete": ("DELETE", "", None),
}
#: What is asked of one action of somebody: method, rest of the path, body.
ACTION_ROUTES: dict[str, tuple[str, str, Any]] = {
    "action": ("GET", "", None),
    "close": ("POST", "close/", {"verdict": "done"}),
    "second attempt": ("POST", "second-attempt/", {"may_happen_twice": True}),
}
#: Lists: path, the right that opens it.
LISTS = {
    "sessions/": Right.READ,
    "messages/": Right.TRANSCRIPT,
    "topics/": Right.READ,
    "agents/": Right.READ,
    "actions/": Right.READ,
    "changes/": Right.FEED,
    "mirror/": Right.READ,
    "sessions/export/": Right.EXPORT,
    "subscriptions/": Right.FEED,
}
#: The right that a route needs of somebody who sees the session.
NEEDS = {
    "get": Right.READ,
    "head": Right.READ,
    "options": Right.READ,
    "patch": Right.PATCH,
    "messages": Right.TRANSCRIPT,
    "send": Right.SEND,
    "transcript": Right.TRANSCRIPT,
    "refresh": Right.READ,
    "accept": Right.ACT,
    "reject": Right.ACT,
    "pick up": Right.ACT,
    "transfer": Right.TRANSFER,
    "reset": Right.RESET,
    "end": Right.SEND,
    "delete": Right.RESET,
}
ROLES = ("agent", "lead", "auditor", "operator", "nobody")
#: Straight from the matrix: what a role may do on a session of its own team or topics.
MAY = {
    "agent": set(ROUTES) - {"reset", "delete"},
    "lead": set(ROUTES),
    "auditor": {"get", "head", "options", "messages", "transcript", "refresh"},
    "operator": {"get", "head", "options", "refresh"},
    "nobody": set(),
}
#: Roles that see sessions of every topic.
SEES_ALL = {"auditor", "operator"}


@dataclass
class Scene:
    """One session of mia's, and one that is none of hers: ola's, in a topic she is not in."""

    own: int
    other: int


@pytest.fixture
def scene(superoffice: StandIn, mirrored: Mirrored, settings: Settings) -> Scene:
    settings.ALLOW_END_CHAT = True
    settings.ALLOW_DELETE = True
    own = superoffice.chat(user="mia", topic=7, messages=["Hi"], email="c@example.net")
    other = superoffice.chat(user="ola", topic=9, messages=["Hi"], email="d@example.net")
    mirrored(own.id, other.id)
    indexed()
    return Scene(own.id, other.id)


@pytest.fixture
def as_role(person: MakePerson, at_console: Callable[[Person], Program]) -> Callable[..., Program]:
    """Somebody at the console with one role. The lead is one of topics 7 to 9 in the stand-in."""

    def make(role: str) -> Program:
        name = "kari" if role == "lead" else "mia" if role == "agent" else role
        roles = [] if role == "nobody" else [role]
        return at_console(person(name, *roles, link=role in {"agent", "lead"}))

    return make


def ask(caller: Program, route: str, session: int) -> Answer:
    method, rest, body = ROUTES[route]
    changes = method in {"POST", "PATCH", "DELETE"}
    more = {"Idempotency_Key": f"{route}-{session}"} if changes else {}
    return caller.call(method, f"sessions/{session}/{rest}", body, **more)


def allowed(answer: Answer) -> bool:
    """Whether policy let it pass; the chat may still not be in a state for it."""
    return answer.status in {200, 202, 409, 503}


def test_no_route_is_left_out() -> None:
    """Subscriptions belong to one token each: tests/api/test_subscriptions.py."""
    swept = {
        (method, f"/api/v1/{about}/{rest}")
        for routes, about in (
            (ROUTES, "sessions/{session_id}"),
            (ACTION_ROUTES, "actions/{action_id}"),
        )
        for method, rest, _body in routes.values()
    } | {("GET", f"/api/v1/{path}") for path in LISTS}
    every = {
        (method.upper(), path)
        for path, methods in json.loads(openapi.PLACE.read_text())["paths"].items()
        for method in methods
        if "/subscriptions/" not in path
    }
    # The stream has tests of its own; picking up the next and starting a chat name no session.
    elsewhere = {
        ("GET", "/api/v1/changes/stream/"),
        ("POST", "/api/v1/sessions/pick-up-next/"),
        ("POST", "/api/v1/sessions/"),
    }
    assert every - elsewhere <= swept


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_the_matrix_says_and_nothing_else(
    scene: Scene, as_role: Callable[..., Program], role: str, route: str
) -> None:
    caller = as_role(role)
    own = ask(caller, route, scene.own)
    if role == "nobody":
        assert own.status == 404
    elif route in MAY[role]:
        assert allowed(own), own.response.content
    else:
        assert (own.status, own.code) == (403, "forbidden")


@pytest.mark.parametrize("role", ROLES)
def test_agents_and_leads_start_chats_in_their_topics(
    scene: Scene, as_role: Callable[..., Program], role: str
) -> None:
    answer = as_role(role).post("sessions/", {"topic": 7})
    assert answer.status == (200 if role in {"agent", "lead"} else 403)


def test_a_token_starts_chats_in_its_topics_and_with_its_scope(
    scene: Scene, program: MakeProgram, mia: Person
) -> None:
    limited = program(mia, "read", "act", topics=[8])
    assert limited.post("sessions/", {"topic": 8}).status == 200
    other, absent = (limited.post("sessions/", {"topic": one}) for one in (7, 999))
    assert other.status == absent.status == 422
    assert program(mia, "read").post("sessions/", {"topic": 8}).status == 403


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("role", ["agent", "nobody"])
def test_not_yours_looks_exactly_like_not_there(
    scene: Scene, as_role: Callable[..., Program], role: str, route: str
) -> None:
    caller = as_role(role)
    other, absent = (ask(caller, route, one) for one in (scene.other, ABSENT))
    assert other.status == absent.status == 404
    assert seen(other, scene.other) == seen(absent, ABSENT)


def seen(answer: Answer, session: int) -> tuple[dict[str, str], str]:
    """Everything the caller sees, without the id they sent and what differs in any two answers."""
    left_out = {"X-Request-Id", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Content-Length"}
    headers = {k: v for k, v in answer.response.items() if k not in left_out}
    text = answer.response.content.decode().replace(str(session), "ID")
    body = json.loads(text) | {"request_id": ""} if text else {}
    return headers, json.dumps(body)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_may_do_what_its_scope_says(
    scene: Scene, mia: Person, program: MakeProgram, scope: str, route: str
) -> None:
    answer = ask(program(mia, "read", scope), route, scene.own)
    if policy.SCOPE_OF_RIGHT[NEEDS[route]] in {"read", scope}:
        assert allowed(answer), answer.response.content
    else:
        assert (answer.status, answer.code) == (403, "forbidden")


@pytest.mark.parametrize("route", ROUTES)
def test_a_token_without_read_sees_no_session(
    scene: Scene, mia: Person, program: MakeProgram, route: str
) -> None:
    caller = program(mia, *(set(SCOPES) - {"read"}))
    own, absent = ask(caller, route, scene.own), ask(caller, route, ABSENT)
    assert own.status == absent.status == 404
    assert seen(own, scene.own) == seen(absent, ABSENT)


@pytest.mark.parametrize("route", ROUTES)
def test_a_token_sees_only_its_topics(
    scene: Scene, kari: Person, program: MakeProgram, route: str
) -> None:
    caller = program(kari, topics=[7])
    assert ask(caller, route, scene.own).status != 404
    other, absent = ask(caller, route, scene.other), ask(caller, route, ABSENT)
    assert other.status == absent.status == 404
    assert seen(other, scene.other) == seen(absent, ABSENT)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_the_lists_it_has_a_right_to(
    scene: Scene, as_role: Callable[..., Program], role: str, path: str
) -> None:
    needed = LISTS[path]
    answer = as_role(role).get(path)
    held = () if role == "nobody" else policy.RIGHTS_OF_ROLE[Role(role)]
    assert answer.status == (200 if needed in held else 403)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_opens_the_lists_of_its_scope(
    mia: Person, program: MakeProgram, scope: str, path: str
) -> None:
    opened = {"read": {"sessions/", "topics/", "agents/", "actions/", "mirror/"}}
    opened |= {"feed": {"changes/", "subscriptions/"}, "metrics": {"mirror/"}}
    opened |= {"export": {"sessions/export/"}}
    answer = program(mia, scope).get(path)
    assert answer.status == (200 if path in opened.get(scope, set()) else 403)


@pytest.mark.parametrize("query", ["", "?search=Hi", "?search=example.net", "?topic=9", "?user=18"])
def test_lists_filters_and_searches_show_an_agent_nothing_of_others(
    scene: Scene, as_role: Callable[..., Program], query: str
) -> None:
    caller = as_role("agent")
    assert scene.other not in caller.get(f"sessions/{query}").ids()


def told(caller: Program, session: int) -> set[str]:
    """Where a program comes across a session in lists, searches, exports and the feed."""
    rows = {
        "list": caller.get("sessions/").ids(),
        "topic": caller.get("sessions/?topic=7,8,9").ids(),
        "search": caller.get("sessions/?search=example").ids(),
        "messages": [one["session_id"] for one in caller.get("messages/").json["results"]],
        "said": [one["session_id"] for one in caller.get("messages/?search=Hi").json["results"]],
        "feed": [one["session_id"] for one in caller.get("changes/?after=0").json["results"]],
        "export": _exported(caller, "sessions/export/?as=jsonl"),
        "searched export": _exported(caller, "sessions/export/?as=jsonl&search=example"),
    }
    return {name for name, ids in rows.items() if session in ids}


def _exported(caller: Program, path: str) -> list[int]:
    return [json.loads(line)["id"] for line in caller.get(path).content.splitlines()]


EVERYWHERE = {"list", "topic", "search", "messages", "said", "feed", "export", "searched export"}


def test_a_program_reaches_no_further_than_the_topics_of_its_owner(
    scene: Scene, mia: Person, person: MakePerson, program: MakeProgram
) -> None:
    """Mia answers in topics 7 and 8, and the other chat is in 9."""
    mias = program(mia, *SCOPES)
    assert told(mias, scene.own) == EVERYWHERE
    assert told(mias, scene.other) == set()
    # Naming a topic does not open it.
    assert told(program(mia, *SCOPES, topics=[9]), scene.other) == set()
    # What an auditor sees anyway is everything; a topic still limits.
    auditor = person("auditor", "auditor", link=False)
    assert told(program(auditor, *SCOPES), scene.other) == EVERYWHERE
    assert told(program(auditor, *SCOPES, topics=[7]), scene.other) == set()
    # An account of a program's own has no topics, and what the operator gave.
    assert told(program(person("crm", "agent", link=False), *SCOPES), scene.other) == EVERYWHERE


@pytest.mark.django_db(transaction=True)  # a stream asks on connections of its own
def test_a_stream_reaches_as_far_as_the_feed(
    scene: Scene, mia: Person, program: MakeProgram
) -> None:
    lines = [Line(1, scene.own, b""), Line(2, scene.other, b""), Line(3, None, b"")]
    for topics, heard in (((), [1, 3]), ((9,), [3]), ((7,), [1, 3])):
        token = program(mia, "feed", topics=topics).token
        audience = Audience(caller_of(mia.user, token=token, source="api"))
        assert [line.number for line in audience.hears(lines)] == heard


def test_what_is_offered_to_the_owner_is_within_reach(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, program: MakeProgram
) -> None:
    offered = superoffice.chat(user="ola", topic=9, offered_to="mia")
    mirrored(offered.id)
    assert program(mia).get(f"sessions/{offered.id}/").status == 200


def test_a_role_that_is_taken_away_takes_the_programs_along(
    scene: Scene, mia: Person, program: MakeProgram
) -> None:
    mias = program(mia, *SCOPES)
    mia.user.groups.clear()
    assert told(mias, scene.own) == set()
    assert mias.get(f"sessions/{scene.own}/").status == 404


def test_unlinking_an_account_opens_nothing(
    scene: Scene, mia: Person, program: MakeProgram
) -> None:
    mias = program(mia, *SCOPES)
    linking.unlink(mia.user)
    assert told(mias, scene.other) == set()
    assert mias.token
    _, plain = tokens.rotate(mias.token)
    rotated = Program(mias.client, {"Authorization": f"Bearer {plain}"})
    assert scene.other not in rotated.get("sessions/").ids()


def test_what_may_not_be_seen_cannot_be_searched_for(
    somebody: Person, program: MakeProgram, bulk: Bulk
) -> None:
    """Else "is there anything?" would tell an address letter by letter."""
    bulk([1], CustomerEmail="ola@example.net", FirstMessage="a secret")
    say(1, {10: "a secret"})
    assert program(somebody, "read").get("sessions/?search=ola@exam").ids() == []
    assert program(somebody, "read").get("sessions/?search=secret").ids() == []
    assert program(somebody, "read", "personal").get("sessions/?search=ola@exam").ids() == [1]
    assert program(somebody, "read", "transcripts").get("sessions/?search=secret").ids() == [1]


def test_personal_data_is_masked_without_the_right(
    somebody: Person, program: MakeProgram, bulk: Bulk
) -> None:
    bulk([1], CustomerPhone="+47 55501234")
    for path in ("sessions/1/", "sessions/1/?fields=customer_email,customer_phone,customer_host"):
        found = program(somebody, "read").get(path).json
        assert found["customer_email"] == "c•••@example.net"
        assert found["customer_phone"] == "•••34"
        assert found["customer_host"] is None
    listed = program(somebody, "read").get("sessions/?expand=carrier").json["results"][0]
    assert listed["carrier"] is None
    full = program(somebody, "read", "personal").get("sessions/1/").json
    assert full["customer_email"] == "c1@example.net"


def test_texts_are_left_out_without_the_right(
    somebody: Person, program: MakeProgram, bulk: Bulk
) -> None:
    bulk([1])
    found = program(somebody, "read", "personal").get("sessions/1/?expand=messages").json
    assert (found["first_message"], found["last_message"], found["messages"]) == (None, None, None)
    assert program(somebody, "read", "transcripts").get("sessions/1/").json["last_message"] == "Bye"


def test_an_operator_sees_what_was_asked_for_but_no_text(
    superoffice: StandIn, scene: Scene, api: Program, as_role: Callable[..., Program]
) -> None:
    sent = api.post(f"sessions/{scene.own}/messages/", {"message": "between us"}).json
    edited = api.patch(f"sessions/{scene.own}/", PATCH).json
    operator = as_role("operator")
    for one in (sent, edited):
        answer = operator.get(f"actions/{one['id']}/")
        assert answer.status == 200
        assert answer.json["evidence"]["asked"] is None
        text = answer.response.content.decode()
        assert "between us" not in text
        assert "new@example.net" not in text
        listed = operator.get("actions/").response.content.decode()
        assert "between us" not in listed


def test_reading_what_was_said_leaves_one_line_in_the_trail(
    scene: Scene, as_role: Callable[..., Program]
) -> None:
    auditor = as_role("auditor")
    for _ in range(2):
        auditor.get(f"sessions/{scene.own}/messages/")
        auditor.get(f"sessions/{scene.own}/transcript/")
        auditor.get(f"sessions/{scene.own}/?expand=messages")
    views = TrailEntry.objects.filter(what="transcript_viewed", session_id=scene.own)
    assert [one.actor.get_username() for one in views if one.actor] == ["auditor"]


@pytest.mark.parametrize("route", ACTION_ROUTES)
def test_somebody_elses_action_is_not_there(
    superoffice: StandIn,
    scene: Scene,
    api: Program,
    ola: Person,
    program: MakeProgram,
    at_console: Callable[[Person], Program],
    route: str,
) -> None:
    made = api.post(f"sessions/{scene.own}/messages/", MESSAGE).json["id"]
    method, rest, body = ACTION_ROUTES[route]
    for caller in (program(ola), program(ola, "read"), at_console(ola)):
        other, absent = (
            caller.call(method, f"actions/{one}/{rest}", body, Idempotency_Key=f"{one}")
            for one in (made, ABSENT)
        )
        assert other.status == absent.status == 404
        assert seen(other, made) == seen(absent, ABSENT)
        assert caller.get("actions/").ids() == []


@pytest.mark.parametrize(
    "roles", [("agent",), ("lead",), ("auditor", "agent"), ("operator", "lead")]
)
def test_a_whole_list_is_decided_as_each_of_its_rows(
    scene: Scene, person: MakePerson, bulk: Bulk, roles: tuple[str, ...]
) -> None:
    bulk([1, 2], User={"AssociateId": 19}, TopicId=7)
    bulk([3], Status="InQueue", TopicId=8)
    bulk([4], Status="CustomerLast", User={"AssociateId": 19}, TopicId=44)
    caller = caller_of(person("kari", *roles).user, source="api")
    rows = {row.pk: row for row in ChatSession.objects.all()}
    visible = set(policy.visible_sessions(caller).values_list("pk", flat=True))
    for right in Right:
        one_by_one = {pk for pk in visible if policy.may(caller, right, rows[pk])}
        together = set(policy.sessions_with(caller, right).values_list("pk", flat=True))
        assert together == one_by_one, right
        assert policy.granted(caller, right, visible) == one_by_one
