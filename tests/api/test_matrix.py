"""Who may do what: every caller on every operation, for what is theirs, others' and absent.

What is not theirs looks exactly like what is not there: same status, headers and body.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions.callers import SCOPES, Caller, caller_of
from chatops.actions.models import Action
from chatops.demo.adapter import StandIn
from chatops.demo.records import Topic
from chatops.subscriptions import keeping
from tests.api.conftest import MakeProgram, Mirrored, Program, indexed
from tests.api.sweep import ALSO, MATRIX, PASSED, Operation, operations, seen, stream_status
from tests.conftest import MakePerson, Person

ABSENT = 999_999
#: Where neither mia nor kari belongs.
ELSEWHERE = 44
NUMBERS = count()
FOUND = {True: PASSED, False: frozenset({404})}


@dataclass(frozen=True)
class Who:
    """Somebody who calls: by their roles, or with a token by its scopes."""

    program: Program
    person: Person
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    #: Which objects exist for them, by what they are about.
    sees: Mapping[str, str] = field(default_factory=dict)
    #: Sees no chat before an account is linked: is told that instead, of every chat.
    blind: bool = False

    @property
    def caller(self) -> Caller:
        return caller_of(self.person.user, token=self.program.token, source="api")

    def has(self, operation: Operation) -> bool:
        """Whether the matrix gives them this operation on what they see."""
        if (line := operation.line) is None:
            return True
        if self.program.token is None:
            return bool(self.roles & line.roles)
        return line.scopes <= self.scopes or ALSO.get(operation.path) in self.scopes

    def expects(self, operation: Operation, which: str) -> frozenset[int]:
        """The statuses that the matrix wants, about something of their `own`, of `other`s, or
        `absent`."""
        line, about = operation.line, operation.about
        if line and about == "subscription":  # the right comes first: there are none without it
            return frozenset({403}) if not self.has(operation) else FOUND[which == "own"]
        if line and line.acts and self.blind and about != "action":
            return frozenset({409} if about or self.has(operation) else {403})
        if line and about and which not in self.sees.get(about, ""):
            return FOUND[False]
        if not self.has(operation):
            return frozenset({403})
        if operation.repeats and not self.blind and "session" not in self.sees:
            return FOUND[False]
        if operation.names_a_topic and "topic" not in self.sees:
            return frozenset({422})
        return FOUND[True]


#: What exists for whom.
OWN = {"session": "own", "action": "own", "topic": "own"}
ALL = {"session": "own other", "action": "own other", "topic": "own other"}
#: A program sees what it asked for itself, however far it reaches.
FAR = ALL | {"action": "own"}
BLIND = {"action": "own"}
ROLES = {"agent": OWN, "lead": OWN, "auditor": ALL, "operator": ALL, "nobody": {}}
TOKENS = ("without read", "of one topic", "of an auditor", "of an operator", "of nobody", "blind")
CALLERS = (*ROLES, *(f"{scope} token" for scope in SCOPES), *(f"token {one}" for one in TOKENS))

MakeWho = Callable[[str], Who]


@pytest.fixture
def who(
    superoffice: StandIn,
    person: MakePerson,
    program: MakeProgram,
    at_console: Callable[[Person], Program],
) -> MakeWho:
    """Makes one of CALLERS. Kari leads topics 7 to 9, mia answers in 7 and 8."""

    def at_work(role: str) -> Person:
        name = {"agent": "mia", "lead": "kari"}.get(role, role)
        return person(name, *({role} - {"nobody"}), link=role in {"agent", "lead"})

    def token(owner: Person, scopes: set[str], sees: Mapping[str, str], **more: Any) -> Who:
        made = program(owner, *scopes, topics=more.pop("topics", ()))
        return Who(made, owner, scopes=frozenset(scopes), sees=sees, **more)

    def make(name: str) -> Who:
        if name in ROLES:
            somebody = at_work(name)
            return Who(at_console(somebody), somebody, frozenset({name}), sees=ROLES[name])
        every = set(SCOPES)
        if name == "token without read":
            return token(at_work("agent"), every - {"read"}, BLIND | {"topic": "own"})
        if name == "token of one topic":
            return token(at_work("lead"), every, OWN, topics=[7])
        if name == "token of an auditor":
            return token(at_work("auditor"), every, FAR)
        if name == "token of an operator":
            facts = token(at_work("operator"), every, FAR)
            return replace(facts, scopes=frozenset(every - {"transcripts", "personal"}))
        if name == "token of nobody":
            return token(at_work("nobody"), every, {})
        if name == "token blind":
            return token(person("new", "agent", link=False), every, BLIND, blind=True)
        return token(at_work("agent"), {"read", name.removesuffix(" token")}, OWN)

    return make


@dataclass
class Scene:
    """Objects that are somebody's own, others', or absent."""

    superoffice: StandIn
    mirrored: Mirrored
    others: Person
    other_chat: int

    def one(self, operation: Operation, which: str, who: Who) -> int | None:
        """The id of what the operation is about; a fresh one of their own, as it may change it."""
        if not operation.about:
            return None
        if which == "absent":
            return ABSENT
        make = {
            "session": self._session,
            "action": self._action,
            "subscription": self._subscription,
        }
        return make[operation.about](which, who)

    def _session(self, which: str, who: Who) -> int:
        if which == "other":
            return self.other_chat
        chat = self.superoffice.chat(user="mia", topic=7, messages=["Hi"], email="c@example.net")
        self.mirrored(chat.id)
        return chat.id

    def _action(self, which: str, who: Who) -> int:
        """One that needs a person. To a lead, an auditor and an operator, others' are shown."""
        mine = who.caller if which == "own" else self.others.caller()
        return Action.objects.create(
            verb="reject_transfer",
            state="needs_person",
            session_id=self._session(which, who),
            lane="changes",
            baseline={"highest": 0},
            requested_by=mine.user,
            token=mine.token,
            caller=mine.name,
            route="reject",
            key=uuid4().hex,
            content=str(next(NUMBERS)),
            source="api",
            expires_at=timezone.now(),
        ).pk

    def _subscription(self, which: str, who: Who) -> int:
        mine = who.caller if which == "own" else self.others.caller()
        return keeping.create("http://127.0.0.1:9/", caller=mine)[0].pk


@pytest.fixture
def scene(
    superoffice: StandIn, mirrored: Mirrored, person: MakePerson, settings: Settings
) -> Scene:
    settings.ALLOW_END_CHAT = True
    settings.ALLOW_DELETE = True
    settings.SUBSCRIPTION_ALLOWED_HOSTS = ["127.0.0.1"]
    settings.SUBSCRIPTIONS_MAX = 1_000
    superoffice.office.topics[ELSEWHERE] = Topic(ELSEWHERE, "Elsewhere", "", "")
    ola = person("ola", "agent")
    other = superoffice.chat(user="ola", topic=ELSEWHERE, messages=["Hi"], email="d@example.net")
    mirrored(other.id)
    indexed()
    return Scene(superoffice, mirrored, ola, other.id)


def swept() -> list[Operation]:
    """The stream is asked over ASGI, below."""
    return [one for one in operations() if one.path != "changes/stream/"]


def test_every_operation_has_its_line_in_the_matrix() -> None:
    routed = {str(one) for one in operations() if one.method not in {"HEAD", "OPTIONS"}}
    assert routed == set(MATRIX)


@pytest.mark.parametrize("name", CALLERS)
def test_every_operation_answers_as_the_matrix_says(scene: Scene, who: MakeWho, name: str) -> None:
    caller, wrong = who(name), []
    for operation in swept():
        for which in ("own", "other", "absent") if operation.about else ("list",):
            one = scene.one(operation, which, caller)
            answer, expected = operation.ask(caller.program, one), caller.expects(operation, which)
            if answer.status not in expected:
                wrong.append(f"{operation} {which}: {answer.status}, not {sorted(expected)}")
            elif answer.status == 403 and operation.method != "HEAD":
                assert answer.code == "forbidden"
    assert wrong == []


#: What may be wrong with a request beside the object that it is about.
MANNERS: dict[str, dict[str, Any]] = {
    "as it should be": {},
    "an old view": {"If_Match": '"1"'},
    "one of several views": {"If_Match": '"1", "2"'},
    "a held version": {"If_None_Match": "*"},
    "no key": {"Idempotency_Key": ""},
    "a body that does not fit": {"body": {"odd": 1}},
    "no JSON": {"body": b"{"},
    "another content type": {"body": b"x", "content_type": "text/plain"},
    "an unknown parameter": {"query": "?odd=1"},
}
BLINDED = (
    "agent",
    "nobody",
    "read token",
    "token without read",
    "token of one topic",
    "token blind",
)


@pytest.mark.parametrize("name", BLINDED)
def test_not_yours_looks_exactly_like_not_there(scene: Scene, who: MakeWho, name: str) -> None:
    caller, wrong, compared = who(name), [], 0
    for operation in (one for one in swept() if one.about):
        other = scene.one(operation, "other", caller)
        assert other is not None
        for manner, how in MANNERS.items():
            theirs, absent = (
                seen(operation.ask(caller.program, one, **how), one) for one in (other, ABSENT)
            )
            compared += 1
            if theirs != absent:
                wrong.append(f"{operation}, {manner}: {theirs[0]} and {absent[0]}")
    assert wrong == []
    assert compared > 300


@pytest.mark.django_db(transaction=True)  # it asks on connections of its own
@pytest.mark.parametrize("name", ["lead", "feed token", "read token", "token of an auditor"])
def test_the_stream_opens_as_the_matrix_says(superoffice: StandIn, who: MakeWho, name: str) -> None:
    caller = who(name)
    # A person's session is for the console's own stream.
    refused = 403 if caller.program.token else 401
    assert stream_status(caller.program) == (200 if "feed" in caller.scopes else refused)
