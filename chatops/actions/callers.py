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


@dataclass(frozen=True, slots=True)
class Caller:
    """Everything that decides what a request may see and do."""

    user: User
    token: ApiToken | None
    agent: Agent | None
    roles: frozenset[Role]
    source: str
    request_id: str = ""

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


def caller_of(
    user: User, *, token: ApiToken | None = None, source: str, request_id: str = ""
) -> Caller:
    """The caller behind a request. `source` is `console`, `api` or `ops`.

    A superuser, the emergency role, has every role. A token has none: its scopes decide.
    """
    if token is not None:
        agent = getattr(token.owner, "agent", None)
        return Caller(user, token, agent, frozenset(), source, request_id)
    if user.is_superuser:
        roles = frozenset(Role)
    else:
        names = set(user.groups.values_list("name", flat=True))
        roles = frozenset(role for role in Role if role in names)
    agent = Agent.objects.select_related("credential").filter(user=user).first()
    return Caller(user, token, agent, roles, source, request_id)
