"""Subscriptions over the API: made, seen, changed and ended by their owner alone."""

from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from chatops.actions.models import TrailEntry
from chatops.subscriptions.models import Subscription
from tests.api.conftest import Bulk, MakeProgram, Program
from tests.conftest import MakePerson, Person
from tests.subscriptions.receiver import Receiver

AtConsole = Callable[[Person], Program]
HERE = "http://127.0.0.1:9/hook"


@pytest.fixture(autouse=True)
def _allowed(settings: Settings) -> None:
    settings.SUBSCRIPTION_ALLOWED_HOSTS = ["127.0.0.1"]


@pytest.fixture
def follower(somebody: Person, program: MakeProgram) -> Program:
    return program(somebody, "feed")


def test_the_secret_is_shown_once(follower: Program) -> None:
    made = follower.post("subscriptions/", {"url": HERE, "label": "CRM", "kinds": ["session"]})
    assert made.status == 201
    secret = made.json["secret"]
    assert secret.startswith("whs_")
    assert made["Location"].endswith(f"/api/v1/subscriptions/{made.json['id']}/")
    found = follower.get(made["Location"])
    shown = {name: value for name, value in made.json.items() if name != "secret"}
    assert found.json == shown
    assert secret not in follower.get("subscriptions/").response.content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM subscriptions_subscription")
        assert secret not in cursor.fetchone()[0]  # encrypted at rest


def test_it_begins_at_the_present_end(follower: Program, bulk: Bulk) -> None:
    bulk(range(1, 4))
    assert follower.post("subscriptions/", {"url": HERE}).json["last"] == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "https://elsewhere.example.com/"}, "url"),
        ({"url": 7}, "url"),
        ({"url": HERE, "kinds": ["weather"]}, "kinds"),
        ({"url": HERE, "kinds": "session"}, "kinds"),
        ({"url": HERE, "topics": [0]}, "topics"),
        ({"url": HERE, "topics": [True]}, "topics"),
        ({"url": HERE, "label": "x" * 101}, "label"),
        ({"url": HERE, "state": "stopped"}, "state"),
        ({"url": HERE, "secret": "mine"}, "secret"),
    ],
)
def test_what_is_odd_is_named(follower: Program, body: object, field: str) -> None:
    answer = follower.post("subscriptions/", body)
    assert (answer.status, answer.code) == (422, "invalid")
    assert answer.json["errors"][0]["field"] == field
    assert not Subscription.objects.exists()


def test_it_can_be_changed_and_ended(follower: Program) -> None:
    path = f"subscriptions/{follower.post('subscriptions/', {'url': HERE}).json['id']}/"
    changed = follower.patch(path, {"state": "stopped", "label": "off", "topics": [8, 7, 8]})
    assert changed.status == 200
    assert (changed.json["state"], changed.json["label"]) == ("stopped", "off")
    assert changed.json["topics"] == [7, 8]
    assert follower.patch(path, {}).status == 422
    assert follower.patch(path, {"url": "http://10.0.0.1/"}).json["errors"][0]["field"] == "url"
    assert follower.call("DELETE", path).status == 204
    assert follower.get(path).status == 404
    told = list(TrailEntry.objects.order_by("id").values_list("what", flat=True))
    assert [one for one in told if one.startswith("subscription")] == [
        "subscription_created",
        "subscription_changed",
        "subscription_deleted",
    ]


def test_a_test_delivery_says_what_came_of_it(follower: Program) -> None:
    with Receiver(statuses=[204, 500]) as receiver:
        one = follower.post("subscriptions/", {"url": receiver.url}).json["id"]
        answer = follower.post(f"subscriptions/{one}/test/").json
        assert (answer["delivered"], answer["status"], answer["error"]) == (True, 204, "")
        assert receiver.taken[0].headers["X-Chatops-Delivery"] == answer["delivery"]
        again = follower.post(f"subscriptions/{one}/test/").json
        assert (again["delivered"], again["error"]) == (False, "HTTP 500.")


def test_a_new_secret_is_shown_once_as_well(follower: Program) -> None:
    made = follower.post("subscriptions/", {"url": HERE}).json
    path = f"subscriptions/{made['id']}/"
    for body in (None, {}, {"overlap_seconds": 0}, {"overlap_seconds": 60.0}):
        rotated = follower.post(f"{path}rotate-secret/", body)
        assert rotated.status == 200
        assert rotated.json["secret"] not in (made["secret"], "")
        assert rotated.json["secret"] not in follower.get(path).content.decode()
    for wrong in (-1, 604_801, 1.5, True, "60", None):
        answer = follower.post(f"{path}rotate-secret/", {"overlap_seconds": wrong})
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "overlap_seconds")


def test_redelivery_takes_a_number_that_is_kept(follower: Program, bulk: Bulk) -> None:
    bulk(range(1, 4))
    path = f"subscriptions/{follower.post('subscriptions/', {'url': HERE}).json['id']}/redeliver/"
    assert follower.post(path, {"after": 1}).json["last"] == 1
    for wrong in ({"after": 9}, {"after": -1}, {"after": "1"}, {}, {"after": True}):
        answer = follower.post(path, wrong)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "after"), wrong


def test_somebody_elses_is_not_there(
    follower: Program, person: MakePerson, program: MakeProgram
) -> None:
    one = follower.post("subscriptions/", {"url": HERE}).json["id"]
    other = program(person("other", "auditor", link=False), "feed")
    assert other.get("subscriptions/").json["results"] == []
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"state": "stopped"}),
        ("DELETE", "", None),
        ("POST", "test/", None),
        ("POST", "redeliver/", {"after": 0}),
        ("POST", "rotate-secret/", None),
    ):
        theirs = other.call(method, f"subscriptions/{one}/{rest}", body)
        absent = other.call(method, f"subscriptions/99999/{rest}", body)
        assert theirs.status == absent.status == 404
        assert theirs.json["detail"].replace(str(one), "") == absent.json["detail"].replace(
            "99999", ""
        )


def test_the_scope_is_needed(somebody: Person, program: MakeProgram) -> None:
    without = program(somebody, "read", "transcripts", "act")
    for method, rest in (("GET", ""), ("POST", ""), ("GET", "1/"), ("POST", "1/test/")):
        answer = without.call(
            method, f"subscriptions/{rest}", {"url": HERE} if method == "POST" else None
        )
        assert (answer.status, answer.code) == (403, "forbidden")


def test_a_limited_token_stays_within_its_topics(somebody: Person, program: MakeProgram) -> None:
    limited = program(somebody, "feed", topics=[7, 8])
    wide = program(somebody, "feed")
    assert limited.post("subscriptions/", {"url": HERE}).json["topics"] == [7, 8]
    assert limited.post("subscriptions/", {"url": HERE, "topics": [8, 9]}).status == 422
    one = limited.post("subscriptions/", {"url": HERE, "topics": [8]}).json["id"]
    assert limited.patch(f"subscriptions/{one}/", {"topics": []}).status == 422
    everything = wide.post("subscriptions/", {"url": HERE}).json["id"]
    assert limited.get(f"subscriptions/{everything}/").status == 404
    assert wide.get(f"subscriptions/{one}/").status == 200


def test_there_is_a_most_of_them(follower: Program, settings: Settings) -> None:
    settings.SUBSCRIPTIONS_MAX = 2
    statuses = [follower.post("subscriptions/", {"url": HERE}).status for _ in range(3)]
    assert statuses == [201, 201, 409]


def test_people_without_a_token_have_none(kari: Person, at_console: AtConsole) -> None:
    assert at_console(kari).get("subscriptions/").status == 403
