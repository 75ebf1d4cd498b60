"""The full comparison is a nightly one and keeps out of SuperOffice's maintenance; the demo's is
not and does not.
"""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from chatops.superoffice.client import Client
from chatops.sync import jobs, leases, nights
from chatops.sync.jobs import Job, Stop

TENANT, DEMO = 86_400.0, 120.0


@pytest.fixture
def nightly(settings: Settings) -> Settings:
    settings.SYNC_SWEEP_SECONDS, settings.SYNC_SWEEP_HOUR = TENANT, 2
    return settings


@pytest.mark.parametrize(
    ("ended", "begins"),
    [
        ("2026-01-10T02:40", "2026-01-11T02:00"),
        ("2026-01-10T15:00", "2026-01-11T02:00"),
        ("2026-01-10T01:59", "2026-01-10T02:00"),
        ("2026-01-10T02:00", "2026-01-11T02:00"),
    ],
)
def test_it_begins_at_its_hour(nightly: Settings, ended: str, begins: str) -> None:
    now = datetime.fromisoformat(ended).replace(tzinfo=UTC)
    wait = timedelta(seconds=nights.until_next(now))
    assert now + wait == datetime.fromisoformat(begins).replace(tzinfo=UTC)


def test_every_other_night_begins_at_its_hour_too(nightly: Settings) -> None:
    nightly.SYNC_SWEEP_SECONDS = 2 * TENANT
    ended = datetime(2026, 1, 10, 2, 40, tzinfo=UTC)
    assert ended + timedelta(seconds=nights.until_next(ended)) == datetime(
        2026, 1, 12, 2, tzinfo=UTC
    )


@pytest.mark.parametrize(("hour", "rests"), [(23, False), (0, True), (1, True), (2, False)])
def test_it_rests_during_maintenance(nightly: Settings, hour: int, rests: bool) -> None:
    assert nights.is_maintenance(datetime(2026, 1, 10, hour, 30, tzinfo=UTC)) is rests


def test_a_short_interval_is_kept_at_all_hours(settings: Settings) -> None:
    settings.SYNC_SWEEP_SECONDS = DEMO
    midnight = datetime(2026, 1, 10, 0, 30, tzinfo=UTC)
    assert nights.until_next(midnight) == DEMO
    assert not nights.is_maintenance(midnight)


@pytest.mark.django_db
def test_a_task_that_rests_is_not_begun_and_stops_when_its_rest_comes(client: Client) -> None:
    resting, begun, stopped = [True], [0], [False]

    def work(_: Client, stop: Stop) -> None:
        begun[0] += 1
        resting[0] = True
        stopped[0] = stop()

    job = Job("resting", lambda: 60.0, work, rests=lambda: resting[0])
    assert jobs.run(job, lambda: client, holder="me") is None
    assert begun == [0]
    resting[0] = False
    assert jobs.run(job, lambda: client, holder="me") is True
    assert (begun, stopped) == ([1], [True])
    resting[0] = True
    assert jobs.run(job, lambda: client, holder="me", now_due=True) is True
    assert stopped == [False]


@pytest.mark.django_db
def test_what_is_due_at_its_hour_is_taken_then(nightly: Settings, client: Client) -> None:
    assert leases.claim("sweep", holder="me", every=nights.until_next())
    leases.succeeded("sweep", holder="me", every=nights.until_next())
    assert not leases.claim("sweep", holder="me", every=nights.until_next())
