"""The door for SuperOffice's webhooks: signed is 200 whatever it says, forged leaves a count."""

import json
import sqlite3
import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from chatops.api import hooks
from chatops.superoffice.webhooks import signature
from chatops.sync.models import WebhookDelivery

SECRET = "chatops-demo-secret"
EVENT = {
    "EventId": "5b1d6a0e-2f4c-4a8e-9b57-0c6f3d2e1a90",
    "Event": "chatsession.changed",
    "Entity": "chatsession",
    "PrimaryKey": 48213,
    "FieldValues": {"customerAlias": "Ola Testmann"},
}


@pytest.fixture(autouse=True)
def _secrets(settings: Settings, db: None) -> None:
    settings.WEBHOOK_SECRETS = ["newest", SECRET]


def deliver(body: bytes, sign: str | None = SECRET, **headers: str) -> Any:
    given = {"X-SuperOffice-Signature": signature(body, sign)} if sign else {}
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    url = "/hooks/superoffice/"
    return client.post(url, body, "application/json", headers={**given, **headers})


def refused() -> float:
    [metric] = hooks.REFUSED.collect()
    return metric.samples[0].value


def test_a_signed_delivery_is_stored_once_and_answered_200() -> None:
    body = json.dumps(EVENT).encode()
    answers = [deliver(body) for _ in range(3)]
    assert [(one.status_code, one.content) for one in answers] == [(200, b"")] * 3
    row = WebhookDelivery.objects.get()
    assert (row.session_id, row.event, row.repeats) == (48213, "chatsession.changed", 2)
    assert not any("Testmann" in str(value) for value in vars(row).values())


@pytest.mark.parametrize("secret", ["newest", SECRET])
def test_any_of_our_secrets_signs(secret: str) -> None:
    assert deliver(json.dumps(EVENT).encode(), secret).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({"Event": "test", "Entity": "test", "PrimaryKey": 0}).encode(),
        json.dumps({"Event": "contact.deleted", "PrimaryKey": 5}).encode(),
        json.dumps(EVENT | {"PrimaryKey": "abc", "EventId": "x" * 5000}).encode(),
        json.dumps(EVENT | {"PrimaryKey": 10**30}).encode(),
        json.dumps(EVENT | {"EventId": "a\x00b", "Event": "chatsession.\ud800"}).encode(),
    ],
)
def test_signed_nonsense_is_200_and_makes_nobody_read_anything(body: bytes) -> None:
    assert deliver(body).status_code == 200


@pytest.mark.parametrize("forged", [None, "another secret", ""])
def test_a_forged_delivery_leaves_nothing_but_a_count(forged: str | None) -> None:
    before = refused()
    answer = deliver(json.dumps(EVENT).encode(), forged)
    assert answer.status_code == 401
    assert json.loads(answer.content)["code"] == "not_authenticated"
    assert refused() == before + 1
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("header", ["ü" * 44, "=" * 5000, "\udcff"])
def test_an_odd_signature_is_401_as_well(header: str) -> None:
    body = json.dumps(EVENT).encode()
    assert deliver(body, None, **{"X-SuperOffice-Signature": header}).status_code == 401


def test_one_changed_byte_is_a_forgery() -> None:
    body = json.dumps(EVENT).encode()
    headers = {"X-SuperOffice-Signature": signature(body, SECRET)}
    assert deliver(body + b" ", None, **headers).status_code == 401


def test_without_a_secret_nothing_is_signed(settings: Settings) -> None:
    settings.WEBHOOK_SECRETS = []
    assert deliver(json.dumps(EVENT).encode(), "").status_code == 401


def test_a_huge_delivery_is_413(settings: Settings) -> None:
    assert deliver(b" " * (settings.API_BODY_CAP_BYTES + 1)).status_code == 413


def test_only_posts_come_in() -> None:
    answer = Client().get("/hooks/superoffice/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.django_db(transaction=True)
def test_what_we_cannot_store_is_503_so_that_it_comes_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sync_webhookdelivery RENAME TO away")
    try:
        answer = deliver(json.dumps(EVENT).encode())
        assert (answer.status_code, json.loads(answer.content)["code"]) == (503, "not_stored")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO sync_webhookdelivery")


@pytest.mark.sqlite
@pytest.mark.skipif(connection.vendor != "sqlite", reason="how SQLite lets writers wait")
@pytest.mark.django_db(transaction=True)
def test_while_another_holds_the_database_it_is_503_within_three_seconds() -> None:
    body = json.dumps(EVENT).encode()
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        assert deliver(body).status_code == 503
        assert time.monotonic() - started < 3
        other.execute("ROLLBACK")
    finally:
        other.close()
    assert deliver(body).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone()[0] >= 5000  # everybody else waits as long as before
