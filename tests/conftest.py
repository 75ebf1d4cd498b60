"""What tests share: a SuperOffice to speak to, and people who work with it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import hypothesis
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from chatops.actions import trail
from chatops.actions.callers import Caller, caller_of
from chatops.actions.models import TrailEntry
from chatops.actions.perform import Wish
from chatops.demo.adapter import StandIn
from chatops.remote import linking
from chatops.remote.models import Agent
from tests.missing import pytest_collection_modifyitems, pytest_runtest_makereport

# The hooks are found here by their names.
__all__ = ["pytest_collection_modifyitems", "pytest_runtest_makereport"]


# The first draw of any text builds tables for seconds on a small machine, and a busy one is slow at
# everything; neither is a finding.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")


@pytest.fixture(autouse=True)
def the_trail_can_be_emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test that commits, its rows are deleted one table after the other, and the trail
    lets no line go that none is written about."""
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (
        marker is not None and marker.kwargs.get("transaction")
    )
    if commits:
        request.getfixturevalue("transactional_db")
    yield
    if commits and TrailEntry.objects.exists():
        trail.cut(2**62, lines=0)
        # The line that lets the others go is the last to go itself, wherever it lies: a server that
        # is just done with a request may have written one after it.
        leave = TrailEntry.objects.filter(what=trail.CUT).latest("pk")
        TrailEntry.objects.exclude(pk=leave.pk).delete()
        leave.delete()


@pytest.fixture(autouse=True)
def nobodys_language_or_zone_stays() -> Iterator[None]:
    """Pages are shown in their reader's, which stays switched on in the thread that made them."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def every_thread_gives_its_connection_back(request: pytest.FixtureRequest) -> Iterator[None]:
    """A connection of the pool that a thread of a test takes along stays open for ever, and the
    database cannot be dropped in the end: then it is the last test that fails, not that one."""
    yield
    if connection.vendor != "postgresql" or "_django_db_helper" not in request.fixturenames:
        return
    until = time.monotonic() + 5  # a server that is just done with a request may hold one yet
    while _lent() and time.monotonic() < until:
        time.sleep(0.02)
    assert _lent() == 0, "a thread of this test ended with a database connection in its hands"


def _lent() -> int:
    """How many connections of the pool are with threads other than this one."""
    told = connection.pool.get_stats()  # type: ignore[attr-defined]  # the stubs do not know it
    lent: int = told.get("pool_size", 0) - told.get("pool_available", 0)
    return lent - (connection.connection is not None)


@pytest.fixture
def superoffice(settings: Settings) -> Iterator[StandIn]:
    """The stand-in SuperOffice over real HTTP, empty, and the settings that point at it."""
    with StandIn(scene="empty", seed=1) as office:
        settings.SUPEROFFICE_API_URL = office.url
        settings.SUPEROFFICE_TENANT = ""
        settings.SUPEROFFICE_AUTH = "basic"
        settings.SUPEROFFICE_USER = "integration"
        settings.SUPEROFFICE_PASSWORD = "integration-demo"
        settings.REMOTE_CALLS_PER_SECOND = 0
        settings.REMOTE_BACKOFF_SECONDS = 0.02
        yield office


@dataclass
class Person:
    """Somebody with a Django user, and an own SuperOffice account where they were linked."""

    user: User

    @property
    def agent(self) -> Agent:
        return Agent.objects.select_related("credential").get(user=self.user)

    @property
    def associate_id(self) -> int:
        return self.agent.associate_id

    def caller(self, source: str = "console") -> Caller:
        return caller_of(User.objects.get(pk=self.user.pk), source=source)

    def wish(self, key: str | None = None, **seen: object) -> Wish:
        """A wish of theirs, under a key of its own unless one is given."""
        return Wish(self.caller(), key or uuid4().hex, route="test", **seen)  # type: ignore[arg-type]


MakePerson = Callable[..., Person]


@pytest.fixture
def person(db: None, settings: Settings) -> MakePerson:
    """Makes a Django user with roles; `link` also links the stand-in's account of that name."""
    # A password that takes half a second to check protects nobody here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

    def make(name: str, *roles: str, link: bool = True) -> Person:
        user = User.objects.create_user(name, password=f"{name}-demo", is_staff=True)
        user.groups.set(Group.objects.filter(name__in=roles))
        if link:
            linking.link(user, "basic", {"user": name, "password": f"{name}-demo"})
        return Person(user)

    return make


@pytest.fixture
def mia(superoffice: StandIn, person: MakePerson) -> Person:
    return person("mia", "agent")


@pytest.fixture
def ola(superoffice: StandIn, person: MakePerson) -> Person:
    return person("ola", "agent")


@pytest.fixture
def kari(superoffice: StandIn, person: MakePerson) -> Person:
    return person("kari", "lead")
