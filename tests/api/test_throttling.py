"""The rate limit: never exceeded, shared by all processes, told in every answer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from chatops.api import throttling
from chatops.api.models import Allowance
from tests.api.conftest import MakeProgram
from tests.api.sweep import stream_status
from tests.conftest import Person

NOW = 1_800_000_000.0


def test_beyond_the_limit_the_answer_is_429_with_when_to_come_back(
    somebody: Person, program: MakeProgram, settings: Settings
) -> None:
    settings.API_RATE_PER_MINUTE = 3
    caller = program(somebody)
    answers = [caller.get("topics/") for _ in range(3)]
    assert [one.status for one in answers] == [200] * 3
    assert [one["X-RateLimit-Remaining"] for one in answers] == ["2", "1", "0"]
    refused = caller.get("topics/")
    assert (refused.status, refused.code) == (429, "rate_limited")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["X-RateLimit-Limit"] == "3"
    # Another token is another caller.
    assert program(somebody).get("topics/").status == 200


@pytest.mark.django_db(transaction=True)  # a stream asks on connections of its own
def test_opening_a_stream_counts_as_a_request(
    somebody: Person, program: MakeProgram, settings: Settings
) -> None:
    settings.API_RATE_PER_MINUTE = 2
    caller = program(somebody, "feed")
    assert [stream_status(caller) for _ in range(3)] == [200, 200, 429]


def take(times: int, limit: int, now: float = NOW) -> int:
    return sum(throttling.take("token:1", limit=limit, now=now).allowed for _ in range(times))


def test_processes_share_one_limit(db: None) -> None:
    """A process that starts anew holds no block, as another one does not."""
    allowed = 0
    for _ in range(30):
        allowed += take(40, limit=1000)
        throttling.forget()
    assert allowed == 1000
    assert Allowance.objects.get().used == 1000


def test_most_requests_write_nothing(db: None) -> None:
    take(1, limit=6000)
    with CaptureQueriesContext(connection) as captured:
        assert take(59, limit=6000) == 59
    assert len(captured) == 0


def test_a_new_minute_is_a_new_allowance(db: None) -> None:
    assert take(20, limit=10) == 10
    assert take(20, limit=10, now=NOW + 60) == 10
    # A clock that is behind does not give back what was used.
    throttling.forget()
    assert take(5, limit=10, now=NOW) == 0
    assert Allowance.objects.count() == 1
