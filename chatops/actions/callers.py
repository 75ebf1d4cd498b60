"""Who asks: a person in the console, or a program with its token."""

from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import User

from chatops.actions.models import ApiToken
from chatops.remote.models import Agent


class Role(StrEnum):
    """A Django group of that name."""

    AGENT = "agent"
    LEAD = "lead"
    AUDITOR = "auditor"
    OPERATOR = "operator"


SCOPES = (
    "read",
    "transcripts",
    "personal",
    "send",
    "act",
    "patch",
    "reset",
    "export",
    "feed",
    "metrics",
)


#: Roles that are shown the sessions of every topic, and those that are shown their own.
SEES_ALL = frozenset({Role.AUDITOR, Role.OPERATOR})
SEES_OWN = frozenset({Role.AGENT, Role.LEAD})


class Span(StrEnum):
    """How far somebody's roles let them see."""

    NOTHING = "nothing"
    #: Every session, and none of its texts.
    FACTS = "facts"
    #: By their SuperOffice account: without one, nothing.
    OWN = "own"
    EVERYTHING = "everything"


#: What somebody with several roles may hand to a program: the first that they have.
SPAN_OF_ROLES: tuple[tuple[frozenset[Role], Span], ...] = (
    (frozenset({Role.AUDITOR}), Span.EVERYTHING),
    (SEES_OWN, Span.OWN),
    (frozenset({Role.OPERATOR}), Span.FACTS),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Everything that decides what a request may see and do."""

    user: User
    token: ApiToken | None
    agent: Agent | None
    roles: frozenset[Role]
    source: str
    request_id: str = ""
    #: Of the person, or of the token's owner.
    span: Span = Span.NOTHING

    @property
    def name(self) -> str:
        """`user:3` or `token:7`: with route and key, the identity of a wish."""
        return f"token:{self.token.pk}" if self.token else f"user:{self.user.pk}"

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.token.scopes) if self.token else frozenset()

    @property
    def topics(self) -> frozenset[int] | None:
        """The topics a token is limited to; None is every topic."""
        return frozenset(self.token.topics) if self.token and self.token.topics else None

    @property
    def associate_id(self) -> int | None:
        return self.agent.associate_id if self.agent else None

    @property
    def is_blind(self) -> bool:
        """Whether they see no chat at all before a SuperOffice account is linked."""
        return self.span is Span.OWN and self.agent is None


def caller_of(
    user: User, *, token: ApiToken | None = None, source: str, request_id: str = ""
) -> Caller:
    """The caller behind a request. `source` is `console`, `api` or `ops`.

    A superuser, the emergency role, has every role. A token has none: its scopes say what it may
    do, and its owner's roles only how far it sees.
    """
    if token is not None:
        agent = getattr(token.owner, "agent", None)
        known = getattr(token, "owner_span", None)  # tokens.find reads it along
        span = Span(known) if known else span_of(roles_of(token.owner))
        return Caller(user, token, agent, frozenset(), source, request_id, span)
    roles = roles_of(user)
    agent = Agent.objects.select_related("credential").filter(user=user).first()
    return Caller(user, token, agent, roles, source, request_id, span_of(roles))


def span_of(roles: frozenset[Role]) -> Span:
    """How far somebody with these roles sees."""
    return next((span for some, span in SPAN_OF_ROLES if roles & some), Span.NOTHING)


def roles_of(user: User) -> frozenset[Role]:
    """The roles somebody has now; a superuser has every one."""
    if user.is_superuser:
        return frozenset(Role)
    names = set(user.groups.values_list("name", flat=True))
    return frozenset(role for role in Role if role in names)
