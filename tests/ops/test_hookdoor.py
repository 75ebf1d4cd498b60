"""The door for webhooks as `serve` runs it: in groups, each hint once, whatever comes beside it."""

import json
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from chatops.superoffice.webhooks import signature
from tests.ops.place import Place, Response, Site, free_port

SECRET = "blåbær"
DOOR = "/hooks/superoffice/"
ROWS = """
from chatops.sync.models import WebhookDelivery
out = list(WebhookDelivery.objects.order_by("pk").values_list("session_id", "repeats"))
"""


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    return make_place(STANDIN_PORT=str(free_port()), WEBHOOK_SECRETS=f"newest,{SECRET}")


@pytest.fixture
def site(place: Place) -> Site:
    return place.serve("--no-worker")


def hint(number: int, **more: object) -> bytes:
    event = {"EventId": f"event-{number}", "Event": "chatsession.changed", "PrimaryKey": number}
    return json.dumps({**event, **more}).encode()


def deliver(site: Site, body: bytes, sign: str | None = None) -> Response:
    given = signature(body, SECRET) if sign is None else sign
    return site.call("POST", DOOR, body, X_SuperOffice_Signature=given)


def test_many_at_once_are_each_stored_once(place: Place, site: Site) -> None:
    bodies = [hint(number % 40 + 1) for number in range(120)]
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda body: deliver(site, body), bodies))
    assert {(one.status, one.body) for one in answers} == {(200, b"")}
    rows = place.do(ROWS)
    assert sorted(session for session, _ in rows) == list(range(1, 41))
    assert {repeats for _, repeats in rows} == {2}


def test_signed_nonsense_keeps_no_other_hint_out(place: Place, site: Site) -> None:
    odd = [
        b"",
        b"\xff\xfe",
        b"[" * 5000,
        b'{"EventId": "\\ud83d", "Event": "\\u0000chatsession.changed", "PrimaryKey": 7}',
        hint(3, EventId="x" * 70_000),
        hint(2**40),
    ]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda body: deliver(site, body), [*odd, *map(hint, range(9))]))
    assert {one.status for one in answers} == {200}
    assert {session for session, _ in place.do(ROWS)} >= set(range(1, 9))


def test_a_forgery_is_a_problem_and_leaves_nothing(place: Place, site: Site) -> None:
    for sign in ("", "AAAA", "æøå".encode().decode("latin1"), signature(hint(2), SECRET)):
        answer = deliver(site, hint(1), sign)
        assert answer.status == 401
        assert answer.json["detail"] == "The signature is missing or wrong."
        assert answer.json["request_id"] == answer.headers["x-request-id"]
    assert place.do(ROWS) == []


def test_too_large_and_not_posted_are_told_apart(site: Site) -> None:
    assert deliver(site, b"x" * 2_000_000, "AAAA").status == 413
    refused = site.get(DOOR)
    assert (refused.status, refused.headers["allow"]) == (405, "POST")


@pytest.mark.sqlite
@pytest.mark.skipif(connection.vendor != "sqlite", reason="how SQLite lets writers wait")
def test_what_cannot_be_stored_is_503_in_time_and_comes_again(place: Place, site: Site) -> None:
    assert deliver(site, hint(1)).status == 200
    held = sqlite3.connect(place.database_url.removeprefix("sqlite:///"), isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda one: deliver(site, hint(one)), range(2, 6)))
    assert time.monotonic() - began < 4.0
    assert {(one.status, one.json["code"]) for one in answers} == {(503, "not_stored")}
    held.execute("ROLLBACK")
    held.close()
    assert deliver(site, hint(2)).status == 200
    assert {session for session, _ in place.do(ROWS)} == {1, 2}
