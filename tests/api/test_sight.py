"""What a caller comes across in lists, searches, exports and the feed: masked, without texts."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pytest_django.fixtures import Settings

from chatops.actions import policy, tokens
from chatops.actions.callers import SCOPES, caller_of
from chatops.actions.models import TrailEntry
from chatops.actions.policy import Right
from chatops.api.broadcast import Line
from chatops.api.listeners import Audience
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from chatops.remote import linking
from tests.api.conftest import Bulk, MakeProgram, Mirrored, Program, indexed, say
from tests.conftest import MakePerson, Person

PATCH = {"customer_email": "new@example.net"}


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


@pytest.mark.parametrize("query", ["", "?search=Hi", "?search=example.net", "?topic=9", "?user=18"])
def test_lists_filters_and_searches_show_an_agent_nothing_of_others(
    scene: Scene, as_role: Callable[..., Program], query: str
) -> None:
    caller = as_role("agent")
    assert scene.other not in caller.get(f"sessions/{query}").ids()


def told(caller: Program, session: int) -> set[str]:
    """Where a program comes across a session in lists, searches, exports and the feed."""

    def about(path: str) -> list[int]:
        return [one["session_id"] for one in caller.get(path).json.get("results", ())]

    rows = {
        "list": caller.get("sessions/").ids(),
        "topic": caller.get("sessions/?topic=7,8,9").ids(),
        "search": caller.get("sessions/?search=example").ids(),
        "messages": about("messages/"),
        "said": about("messages/?search=Hi"),
        "feed": about("changes/?after=0"),
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


def test_a_program_sees_no_more_than_its_owner(
    scene: Scene, person: MakePerson, program: MakeProgram
) -> None:
    """An agent without a linked account is shown no chat at the console, whatever topics are named;
    to an operator, facts are shown and no text."""
    for topics in ((), (7,)):
        unlinked = program(person(f"new{topics}", "agent", link=False), *SCOPES, topics=topics)
        assert told(unlinked, scene.own) == set()
    operators = program(person("oscar", "operator", link=False), *SCOPES)
    assert {"list", "topic", "feed", "export"} <= told(operators, scene.other)
    assert operators.get("messages/").status == 403
    shown = operators.get(f"sessions/{scene.other}/").json
    assert (shown["last_message"], shown["customer_email"]) == (None, "d•••@example.net")
    exported = operators.get("sessions/export/?as=jsonl").content.decode()
    assert "Hi" not in exported
    assert "d@example.net" not in exported
    # Whoever is shown less by one role is not shown more by another.
    both = program(person("both", "operator", "agent", link=False), *SCOPES)
    assert told(both, scene.own) == set()


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
