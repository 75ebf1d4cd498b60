"""Alive, ready, and the figures: who may ask, and what is said."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from chatops.actions import tokens
from chatops.ops import health
from chatops.sync.models import Cursor
from tests.conftest import MakePerson


@pytest.fixture
def oscar(person: MakePerson) -> Client:
    client = Client()
    client.force_login(person("oscar", "operator", link=False).user)
    return client


def figures(client: Client, **headers: str) -> dict[str, float]:
    text = client.get("/metrics", headers=headers).content.decode()
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_alive_asks_nobody(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


def test_ready_when_the_database_answers_with_every_table(client: Client, db: None) -> None:
    assert client.get("/readyz").content == b"ready\n"


def test_not_ready_without_a_migration(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health._Migrated, "known", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sync'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert b"migrate" in answer.content


def test_metrics_are_for_operators_and_for_tokens_with_that_right(
    client: Client, oscar: Client, person: MakePerson, settings: Settings
) -> None:
    mia = person("mia", "agent", link=False)
    _, good = tokens.issue(owner=mia.user, label="x", scopes=["metrics"])
    _, other = tokens.issue(owner=mia.user, label="x", scopes=["read"])
    settings.METRICS_TOKEN = "the-metrics-token"

    def bearer(value: str) -> int:
        headers = {"Authorization": f"Bearer {value}"}
        return client.get("/metrics", headers=headers).status_code

    assert oscar.get("/metrics").status_code == 200
    assert [bearer(one) for one in ("the-metrics-token", good)] == [200, 200]
    assert [bearer(one) for one in (other, "unknown", "æ")] == [403, 401, 401]
    assert client.get("/metrics").status_code == 401
    client.force_login(mia.user)
    assert client.get("/metrics").status_code == 403


def test_an_empty_metrics_token_opens_nothing(client: Client, db: None, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


def test_the_figures_follow_the_rows(oscar: Client) -> None:
    before = figures(oscar)
    assert before["chatops_mirror_stale"] == 1
    assert "chatops_mirror_age_seconds" not in before
    now = timezone.now()
    Cursor.objects.create(name="open", ran_at=now, ok_at=now - timedelta(seconds=7))
    after = figures(oscar)
    assert after["chatops_mirror_stale"] == 0
    assert 7 <= after["chatops_mirror_age_seconds"] < 12
    assert after['chatops_actions_open{state="unknown"}'] == 0
    assert {"chatops_feed_head", "chatops_breaker_open", "chatops_oldest_unknown_seconds"} <= set(
        after
    )
