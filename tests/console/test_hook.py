"""Operators look after our webhook from the mirror's page."""

import pytest
from django.utils.html import escape
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.sync import hooks
from tests.console.conftest import AtConsole

pytestmark = pytest.mark.django_db


def test_without_an_outside_address_it_is_told_what_is_missing(operator: AtConsole) -> None:
    operator.client.post("/admin/mirror/hook/register/")
    missing = escape(hooks.NotConfigured.detail.split(".")[0])
    assert missing in operator.page("mirror/")


def test_a_webhook_is_removed_from_the_page(
    superoffice: StandIn, operator: AtConsole, settings: Settings
) -> None:
    settings.PUBLIC_URL, settings.WEBHOOK_SECRETS = "http://127.0.0.1:1", ["a-secret-of-ours-16"]
    answer = operator.client.post("/admin/mirror/hook/remove/")
    assert answer.status_code == 303
    assert "Done." in operator.page("mirror/")


def test_agents_and_unknown_deeds_are_refused(operator: AtConsole, mia_there: AtConsole) -> None:
    assert mia_there.client.post("/admin/mirror/hook/register/").status_code == 403
    assert mia_there.client.post("/admin/mirror/inbox/again/").status_code == 403
    assert operator.client.post("/admin/mirror/hook/explode/").status_code == 404
    assert operator.client.get("/admin/mirror/hook/register/").status_code == 405
