"""What stands in place of a page: in our hand, in the reader's language, and with a way on."""

import pytest
from django.test import Client, RequestFactory
from django.utils import translation

from chatops.api import problems
from tests.conftest import Person
from tests.console.conftest import AtConsole, SignIn


def test_our_own_failure_names_what_the_log_has_and_asks_no_database() -> None:
    request = RequestFactory().get("/admin/")
    request.request_id = "seen-in-the-log-1"  # type: ignore[attr-defined]  # as the middleware does
    answer = problems.server_error(request)
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something went wrong here" in page
    assert "seen-in-the-log-1" in page
    assert 'href="/admin/"' in page


def test_it_is_told_in_norwegian() -> None:
    with translation.override("nb"):
        page = problems.server_error(RequestFactory().get("/admin/")).content.decode()
    assert "Noe gikk galt her" in page
    assert 'lang="nb"' in page


@pytest.mark.django_db
def test_a_page_that_was_open_too_long_says_that_nothing_was_sent(mia: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(mia.user)
    answer = client.post("/admin/logout/")
    assert answer.status_code == 403
    assert "Nothing was sent." in answer.content.decode()


def test_what_a_role_may_not_do_has_a_way_on(mia: Person, sign_in: SignIn) -> None:
    answer = sign_in(mia).get("actions/trailentry/")
    assert answer.status_code == 403
    assert "Not allowed" in answer.content.decode()


def test_what_is_not_there_has_a_way_on(auditor: AtConsole) -> None:
    answer = auditor.get("sessions/999/")
    assert answer.status_code == 404
    assert "To the queue" in answer.content.decode()
