"""Credentials: contract B."""

import base64
import time
from typing import Any

import pytest
import requests

from chatops.demo.adapter import StandIn


def ask(office: StandIn, **headers: str) -> requests.Response:
    """`currentPrincipal` with these headers; underscores stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{office.url}/v1/User/currentPrincipal"
    return requests.get(url, headers={"Accept": "application/json", **named}, timeout=5)


def basic(user: str, password: str) -> str:
    """The header's value."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_every_scheme_says_who_it_is(office: StandIn) -> None:
    given = office.credentials("mia")
    cookie = f"SoSession={given['cookie']}; XSRF-TOKEN={given['xsrf']}"
    answers = [
        ask(office, Authorization=basic("mia", "mia-demo")),
        ask(office, Authorization=basic(given["ticket"], "")),
        ask(office, Authorization=f"SOTICKET {given['ticket']}"),
        ask(office, Authorization=f"Bearer {given['access_token']}"),
        ask(office, Cookie=cookie, X_XSRF_TOKEN=given["xsrf"]),
    ]
    assert [answer.json()["AssociateId"] for answer in answers] == [17] * 5
    assert answers[0].json()["EjUserId"] == 9


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": basic("mia", "wrong")},
        {"Authorization": basic("nobody", "nobody-demo")},
        {"Authorization": "Basic ###"},
        {"Authorization": "SOTicket 7T:made-up"},
        {"Authorization": "Bearer 8A:made-up"},
        {"Cookie": "SoSession=made-up; XSRF-TOKEN=x", "X_XSRF_TOKEN": "x"},
    ],
)
def test_bad_credentials_are_401_with_the_error_object(
    office: StandIn, headers: dict[str, str]
) -> None:
    answer = ask(office, **headers)
    assert answer.status_code == 401
    assert answer.json()["Error"] is True
    assert "WWW-Authenticate" in answer.headers


def test_some_401_are_pages(office: StandIn) -> None:
    answer = ask(office, Authorization="Negotiate abc")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_cookie_without_its_xsrf_value_is_nothing(office: StandIn) -> None:
    given = office.credentials("mia")
    cookie = f"SoSession={given['cookie']}; XSRF-TOKEN={given['xsrf']}"
    assert ask(office, Cookie=cookie).status_code == 401
    assert ask(office, Cookie=cookie, X_XSRF_TOKEN="other").status_code == 401


def test_an_online_ticket_needs_the_app_token(office: StandIn) -> None:
    ticket = office.credentials("mia", online=True)["ticket"]
    secret: str = office.control("GET", "app")["client_secret"]
    assert ask(office, Authorization=f"SOTicket {ticket}").status_code == 401
    answer = ask(office, Authorization=f"SOTicket {ticket}", SO_AppToken=secret)
    assert answer.json()["UserName"] == "mia"


def test_a_ticket_slides_and_then_dies(office: StandIn) -> None:
    office.options(ticket_life=0.4)
    header = f"SOTicket {office.credentials('mia')['ticket']}"
    for _ in range(3):
        time.sleep(0.2)
        assert ask(office, Authorization=header).status_code == 200
    time.sleep(0.5)
    assert ask(office, Authorization=header).status_code == 401


@pytest.mark.parametrize("status", [401, 403])
def test_an_expired_access_token_is_told_either_way(office: StandIn, status: int) -> None:
    office.options(token_life=0.0, expired_status=status)
    token = office.credentials("mia")["access_token"]
    time.sleep(0.01)
    assert ask(office, Authorization=f"Bearer {token}").status_code == status


def test_revoking_kills_what_was_given_out_to_that_person_only(office: StandIn) -> None:
    mia, ola = office.credentials("mia"), office.credentials("ola")
    office.control("POST", "revoke", user="mia")
    assert ask(office, Authorization=f"Bearer {mia['access_token']}").status_code == 401
    assert ask(office, Authorization=f"SOTicket {mia['ticket']}").status_code == 401
    assert ask(office, Authorization=f"Bearer {ola['access_token']}").status_code == 200


def test_a_retired_colleague_cannot_sign_in(office: StandIn) -> None:
    office.add_person("ola", deleted=True)
    assert ask(office, Authorization=basic("ola", "ola-demo")).status_code == 401


def test_the_version_document_needs_no_sign_in_but_the_right_accept(office: StandIn) -> None:
    document: Any = requests.get(
        office.url, headers={"Accept": "application/json"}, timeout=5
    ).json()
    page = requests.get(office.url, headers={"Accept": "text/html"}, timeout=5)
    assert document["ServicesCurrent"] == "Services88"
    assert document["v1"].endswith("/api/v1")
    assert page.text.startswith("<html>")
