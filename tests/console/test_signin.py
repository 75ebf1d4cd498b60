"""The door: by password with a limit on guessing, by SuperOffice, and how long it stays open."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions.models import TrailEntry
from chatops.console.models import SignInAttempt
from chatops.demo.adapter import StandIn
from chatops.remote import linking
from chatops.remote.models import Agent
from tests.conftest import MakePerson
from tests.remote.conftest import online

__all__ = ["online"]  # a fixture is found by its name
HOST = {"HTTP_HOST": "127.0.0.1:8600"}


def enter(name: str, password: str, *, client: Client | None = None, address: str = "") -> Any:
    form = {"username": name, "password": password, "next": "/admin/"}
    more: Any = {"REMOTE_ADDR": address or "127.0.0.1"}
    return (client or Client()).post("/admin/login/", form, **more)


def there_and_back(client: Client, path: str, name: str) -> Any:
    """Follow the link to SuperOffice, sign in there as `name`, and come back."""
    begun = client.get(path, **HOST)  # type: ignore[arg-type]  # the host, as WSGI names it
    page, _, query = begun["Location"].partition("?")
    form = {key: values[0] for key, values in parse_qs(query).items()}
    form |= {"user": name, "password": f"{name}-demo"}
    answer = requests.post(page, data=form, allow_redirects=False, timeout=5)
    location = urlsplit(answer.headers["Location"])
    assert location.path == "/admin/signin/back/"
    return client.get(f"{location.path}?{location.query}", **HOST)  # type: ignore[arg-type]


def linked(online: StandIn, person: MakePerson, name: str) -> None:
    user = person(name, "agent", link=False).user
    linking.link(user, "ticket", {"ticket": online.credentials(name)["ticket"]})


def test_whoever_is_linked_enters_by_superoffice(online: StandIn, person: MakePerson) -> None:
    linked(online, person, "mia")
    client = Client()
    assert "Sign in with SuperOffice" in client.get("/admin/login/").content.decode()
    answer = there_and_back(client, "/admin/signin/?next=/admin/sessions/", "mia")
    assert answer["Location"] == "/admin/sessions/"
    assert client.get("/admin/").status_code == 200
    assert TrailEntry.objects.get(what="signed_in").object == "associate:17"


def test_an_address_elsewhere_is_no_way_back(online: StandIn, person: MakePerson) -> None:
    linked(online, person, "mia")
    answer = there_and_back(Client(), "/admin/signin/?next=//evil.example/", "mia")
    assert answer["Location"] == "/admin/"


def test_whoever_is_not_linked_is_told_what_to_do(online: StandIn, person: MakePerson) -> None:
    linked(online, person, "mia")
    client = Client()
    assert there_and_back(client, "/admin/signin/", "ola")["Location"] == "/admin/login/"
    page = client.get("/admin/login/").content.decode()
    assert "Sign in with your password first" in page
    assert client.get("/admin/").status_code == 302


def test_an_account_is_linked_by_signing_in_at_superoffice(
    online: StandIn, person: MakePerson
) -> None:
    client = Client()
    client.force_login(person("mia", "agent", link=False).user)
    page = client.get("/admin/account/").content.decode()
    assert "Sign in at SuperOffice" in page
    assert "so-password" not in page
    there_and_back(client, "/admin/account/signin/", "mia")
    assert "you act as Mia Berg" in client.get("/admin/account/").content.decode()
    assert Agent.objects.get().associate_id == 17


def test_a_way_back_that_was_not_begun_here_links_nothing(
    online: StandIn, person: MakePerson
) -> None:
    client = Client()
    client.force_login(person("mia", "agent", link=False).user)
    client.get("/admin/signin/back/?state=x&code=y")
    assert not Agent.objects.exists()
    answer = client.get("/admin/account/signin/", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer["Location"] == "/admin/account/"


def test_after_ten_failures_even_the_password_has_to_wait(
    superoffice: StandIn, person: MakePerson
) -> None:
    person("mia", "agent", link=False)
    for _ in range(10):
        assert "do not belong together" in enter("mia", "guess").content.decode()
    page = enter("MIA", "mia-demo").content.decode()
    assert "Too many failed sign-ins" in page
    assert "15 minutes" in page
    assert enter("mia", "mia-demo", address="192.0.2.9").status_code == 302
    SignInAttempt.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert enter("mia", "mia-demo").status_code == 302
    assert not SignInAttempt.objects.exists()


def test_one_address_may_not_try_one_account_after_the_other(
    superoffice: StandIn, person: MakePerson
) -> None:
    person("mia", "agent", link=False)
    for number in range(50):
        enter(f"user{number}", "Spring2026")
    assert "Too many" in enter("mia", "mia-demo").content.decode()
    assert not SignInAttempt.objects.filter(account__contains="user").exists()


@pytest.mark.parametrize(
    ("after", "fetch", "stays"),
    [
        (timedelta(minutes=59), False, True),
        (timedelta(minutes=61), False, False),
        (timedelta(minutes=61), True, False),
    ],
)
def test_an_hour_without_anybody_ends_it(
    superoffice: StandIn, person: MakePerson, after: timedelta, fetch: bool, stays: bool
) -> None:
    client = Client()
    client.force_login(person("mia", "agent", link=False).user)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.get("/admin/account/")
        clock.shift(after / 2)
        if fetch:  # the page keeps itself fresh: that is nobody
            client.get("/admin/account/", headers={"X-Fragment": "1"})
        clock.shift(after / 2)
        answer = client.get("/admin/account/")
    assert (answer.status_code == 200) is stays
    if not stays:
        assert "You were away" in client.get("/admin/login/").content.decode()


def test_eight_hours_end_it_whatever_happens(
    superoffice: StandIn, person: MakePerson, settings: Settings
) -> None:
    client = Client()
    client.force_login(person("mia", "agent", link=False).user)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(16):
            assert client.get("/admin/account/").status_code == 200
            clock.shift(timedelta(minutes=30))
        clock.shift(timedelta(minutes=1))
        assert client.get("/admin/account/").status_code == 302
