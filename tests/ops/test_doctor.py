"""The doctor: one look at everything, and for each thing that is wrong what to do."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.sync import trust
from chatops.sync.models import Cursor
from tests.conftest import Person


def doctor(*arguments: str) -> tuple[str, int]:
    """What it printed, and its exit code."""
    out = io.StringIO()
    try:
        call_command("doctor", *arguments, stdout=out, no_color=True)
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


def read_once() -> None:
    call_command("worker", "--once", stdout=io.StringIO())


def test_the_doctor_finds_a_healthy_place_healthy(mia: Person, superoffice: StandIn) -> None:
    superoffice.chat()
    read_once()
    findings = json.loads(doctor("--json")[0])
    levels = {one["name"]: one["level"] for one in findings}
    expected = {"settings", "database", "reachable", "sign-in", "clock", "patch", "lag", "actions"}
    assert expected <= set(levels)
    assert set(levels.values()) == {"ok"}, findings


def test_the_doctor_says_what_to_do_and_fails(
    superoffice: StandIn, db: None, settings: Settings
) -> None:
    settings.SUPEROFFICE_PASSWORD = "not-this-one"
    text, code = doctor()
    assert code == 1
    assert "fail  sign-in        Our sign-in is not accepted. SuperOffice refused (401)" in text
    assert "→ Check SUPEROFFICE_USER, SUPEROFFICE_PASSWORD." in text
    assert "not-this-one" not in text
    superoffice.down()
    text, code = doctor()
    assert code == 1
    assert "fail  reachable      SuperOffice cannot be reached. Nobody listens there." in text
    assert text.splitlines()[-1].endswith("wrong.")


def test_the_doctor_tells_why_there_is_no_connection(
    superoffice: StandIn, db: None, settings: Settings
) -> None:
    settings.SUPEROFFICE_API_URL = "https://crm.nowhere.invalid/SuperOffice/api"
    text, _ = doctor()
    assert "The host's name is not known." in text
    assert "→ Check its spelling in SUPEROFFICE_API_URL" in text


def test_a_server_that_tells_nothing_about_itself_is_reachable_all_the_same(
    mia: Person, superoffice: StandIn
) -> None:
    superoffice.chat()
    read_once()
    for path in ("/api/?$", "/api/v1/?$"):
        superoffice.fault("status", path=path, status=404)
    text, code = doctor()
    assert code == 0
    assert "SuperOffice answers (which version, it does not say)" in text
    assert "This server does not say what it can do" in text


def test_a_server_without_patch_is_told_with_what_it_means(
    mia: Person, superoffice: StandIn
) -> None:
    superoffice.options(patch_supported=False)
    text, _ = doctor()
    assert "warn  patch          This server does not list PATCH for chat sessions" in text
    assert "Chats are shown and not edited" in text


@pytest.mark.parametrize(("skew", "said"), [(600, "behind"), (-600, "ahead of")])
def test_a_clock_of_ours_that_is_off_is_told_either_way(
    mia: Person, superoffice: StandIn, skew: int, said: str
) -> None:
    superoffice.chat()
    read_once()
    superoffice.control("POST", "clock", skew=skew)
    text, code = doctor()
    assert code == 1
    assert f"s {said} SuperOffice's." in text
    assert "→ Set it by NTP" in text


def test_a_clock_a_minute_off_is_no_news(mia: Person, superoffice: StandIn) -> None:
    superoffice.chat()
    read_once()
    superoffice.control("POST", "clock", skew=-60)
    assert "ok    clock" in doctor()[0]


def test_a_webhook_that_superoffice_switched_off_is_told(
    mia: Person, superoffice: StandIn, settings: Settings
) -> None:
    settings.PUBLIC_URL, settings.WEBHOOK_SECRETS = "https://chatops.example.test", ["a secret"]
    assert "no webhook is registered" in doctor()[0]
    now = timezone.now()
    Cursor.objects.create(name=trust.HOOK, value=7, error="TooManyErrors", ran_at=now)
    text, _ = doctor()
    assert "warn  hook           Our webhook is TooManyErrors." in text
    assert "check PUBLIC_URL" in text


def test_no_chat_to_be_seen_is_told_with_the_likely_reason(
    mia: Person, superoffice: StandIn
) -> None:
    text, code = doctor()
    assert code == 0
    assert "warn  reads          SuperOffice lists no chat session at all." in text
    assert "no role on a topic" in text


def test_a_stale_mirror_is_told_with_its_age(mia: Person, superoffice: StandIn) -> None:
    superoffice.chat()
    read_once()
    long_ago = timezone.now() - timedelta(hours=1)
    Cursor.objects.update(ok_at=long_ago, leased_until=None)
    text, code = doctor()
    assert code == 1
    assert "fail  lag            The mirror is 36" in text
    assert "→ Start the worker" in text
