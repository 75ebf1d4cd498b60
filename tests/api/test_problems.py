"""Errors are problem documents with a stable code, whether a view or Django makes them."""

from collections.abc import Callable

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from chatops.actions import tokens
from chatops.actions.models import ApiToken
from chatops.api import problems
from tests.api.conftest import Answer, MakeProgram, Program
from tests.conftest import Person

MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


def test_without_a_token_the_way_to_send_one_is_told(db: None) -> None:
    answer = Program(Client()).get("sessions/")
    assert (answer.status, answer.code) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="chatops"'
    assert set(answer.json) == MEMBERS
    assert answer.json["request_id"] == answer["X-Request-Id"]


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "bearer cho_x", "Bearer a b"])
def test_a_token_nobody_knows_is_401(db: None, header: str) -> None:
    answer = Program(Client(), {"Authorization": header}).get("sessions/")
    assert (answer.status, answer.code) == (401, "token_invalid")
    assert "WWW-Authenticate" in answer.response


def test_a_revoked_expired_or_orphaned_token_is_refused_at_the_next_request(
    mia: Person, program: MakeProgram
) -> None:
    for end in (
        lambda token: tokens.revoke(token, by=None),
        lambda token: ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now()),
        lambda token: type(mia.user).objects.filter(pk=mia.user.pk).update(is_active=False),
    ):
        caller = program(mia)
        assert caller.get("sessions/").status == 200
        end(caller.token)
        assert caller.get("sessions/").status == 401


@pytest.mark.parametrize("header", ["Basic bWlhOm1pYQ==", "x", "Bearer", "Bearer x", ""])
def test_an_authorization_that_is_no_token_is_not_made_up_for_by_a_session(
    mia: Person, at_console: Callable[[Person], Program], header: str
) -> None:
    there = at_console(mia)
    assert there.get("topics/").status == 200
    answer = there.get("topics/", Authorization=header)
    assert (answer.status, answer.code) == (401, "token_invalid")


def test_a_person_at_the_console_needs_the_csrf_token_to_change_anything(
    mia: Person, at_console: Callable[[Person], Program]
) -> None:
    caller = at_console(mia)
    caller.client.handler.enforce_csrf_checks = True
    assert caller.get("sessions/").status == 200
    refused = caller.post("sessions/1/pick-up/")
    assert (refused.status, refused.code) == (403, "forbidden")
    caller.client.cookies["csrftoken"] = "x" * 32
    assert caller.post("sessions/1/pick-up/", X_CSRFToken="x" * 32).status == 404


def test_a_path_or_method_that_is_not_there_is_a_problem_too(api: Program) -> None:
    for method, path, status, code in [
        ("GET", "nothing/", 404, "not_found"),
        ("PUT", "sessions/1/", 405, "method_not_allowed"),
        ("PUT", "sessions/", 405, "method_not_allowed"),
        ("GET", "sessions/1/pick-up/", 405, "method_not_allowed"),
    ]:
        answer = api.call(method, path)
        assert (answer.status, answer.code) == (status, code)
        if status == 405:
            assert answer["Allow"]
            assert method not in answer["Allow"]


def test_only_json_is_spoken(api: Program) -> None:
    answer = api.get("sessions/", Accept="text/html")
    assert (answer.status, answer.code) == (406, "not_acceptable")
    assert api.get("sessions/", Accept="text/html, */*;q=0.1").status == 200


def test_our_own_failure_is_told_without_a_traceback(
    api: Program, settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    request = RequestFactory().get("/api/v1/sessions/")
    own = problems.handler(ZeroDivisionError("secret detail"), {"request": request})
    assert own.status_code == 500
    assert own.data["code"] == "internal_error"
    assert "secret" not in str(own.data)
    assert "ZeroDivisionError" in caplog.text
    for answer in (problems.server_error(request), problems.not_found(request, Exception())):
        assert Answer(answer).code in {"internal_error", "not_found"}


def test_people_get_pages_and_programs_get_problems(db: None) -> None:
    page = Client().get("/nothing/")
    assert (page.status_code, page["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert Answer(Client().get("/api/nothing/")).code == "not_found"


def test_the_request_id_of_the_caller_is_kept(api: Program) -> None:
    answer = api.get("nothing/", X_Request_Id="my-request-1")
    assert answer.json["request_id"] == answer["X-Request-Id"] == "my-request-1"
