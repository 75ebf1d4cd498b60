"""The commands, as an operator runs them: what is printed, where, and the exit code."""

import io
import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from chatops.actions import tokens
from chatops.actions.models import ApiToken, TrailEntry
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from chatops.ops.management.commands.backfill import moment
from chatops.remote.models import Agent
from tests.conftest import MakePerson


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets what comes on standard input."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_person_is_added_with_a_password_that_works(db: None) -> None:
    said = run("person", "add", "eva", "--role", "lead")
    password = said.partition("Password: ")[2].strip()
    user = User.objects.get(username="eva")
    assert user.check_password(password)
    assert user.is_staff
    assert [one.name for one in user.groups.all()] == ["lead"]
    assert TrailEntry.objects.filter(what="person_added").count() == 1


def test_a_password_from_standard_input_is_checked_and_not_printed(db: None, typed: Any) -> None:
    typed("a-good-long-word-9\n")
    assert "a-good-long-word-9" not in run(
        "person", "add", "eva", "--role=agent", "--password-stdin"
    )
    typed("12345\n")
    with pytest.raises(CommandError, match="too short"):
        run("person", "add", "per", "--role", "agent", "--password-stdin")
    assert not User.objects.filter(username="per").exists()


def test_somebody_who_is_there_keeps_the_password(db: None) -> None:
    password = run("person", "add", "eva", "--role", "agent").partition("Password: ")[2].strip()
    assert "Password" not in run("person", "add", "eva", "--role", "lead")
    assert User.objects.get(username="eva").check_password(password)


def test_an_account_is_linked_listed_and_unlinked(
    superoffice: StandIn, person: MakePerson, typed: Any
) -> None:
    person("mia", "agent", link=False)
    typed("mia-demo\n")
    assert "Mia Berg (associate 17)" in run(
        "person", "link", "mia", "--scheme", "basic", "--secret-stdin"
    )
    assert "mia: agent; Mia Berg (associate 17)" in run("person", "list")
    run("person", "unlink", "mia")
    assert not Agent.objects.exists()


def test_a_wrong_secret_links_nothing(superoffice: StandIn, person: MakePerson, typed: Any) -> None:
    person("mia", "agent", link=False)
    typed("wrong\n")
    with pytest.raises(CommandError, match="did not accept"):
        run("person", "link", "mia", "--scheme", "basic", "--secret-stdin")
    assert not Agent.objects.exists()


def test_a_new_token_is_alone_on_standard_output(person: MakePerson) -> None:
    person("mia", "agent", link=False)
    said = run("token", "create", "--person", "mia", "--label", "x", "--scope", "read", "act")
    found = tokens.find(said.removesuffix("\n"))
    assert found
    assert found.scopes == ["act", "read"]


@pytest.mark.parametrize(
    ("role", "scope", "why"),
    [
        ("agent", "read", "no linked SuperOffice account"),
        ("operator", "transcripts", "neither texts nor addresses"),
        ("operator", "read", ""),
        ("auditor", "transcripts", ""),
    ],
)
def test_a_new_token_that_opens_less_than_its_scopes_says_so(
    person: MakePerson, capsys: pytest.CaptureFixture[str], role: str, scope: str, why: str
) -> None:
    person("mia", role, link=False)
    run("token", "create", "--person", "mia", "--label", "x", "--scope", scope)
    noted = capsys.readouterr().err.splitlines()
    assert len(noted) == (2 if why else 1)
    assert why in noted[-1]


def test_a_token_is_rotated_and_revoked(person: MakePerson) -> None:
    mia = person("mia", "agent", link=False)
    old, plain = tokens.issue(owner=mia.user, label="x", scopes=["read"])
    fresh = run("token", "rotate", str(old.pk)).strip()
    assert tokens.find(plain) is None
    assert plain not in run("token", "list")
    run("token", "revoke", str(ApiToken.objects.latest("pk").pk))
    assert tokens.find(fresh) is None
    with pytest.raises(CommandError, match="no living token"):
        run("token", "revoke", str(old.pk))


def test_a_backfill_says_what_it_did_and_a_second_one_that_nothing_changed(
    superoffice: StandIn, db: None
) -> None:
    superoffice.chat(messages=["Hi"])
    assert run("backfill", "--no-progress").startswith("1 sessions read: sessions 1 new")
    assert run("backfill", "--no-progress") == "1 sessions read; nothing had changed.\n"


def test_a_backfill_without_superoffice_says_so_and_fails(superoffice: StandIn, db: None) -> None:
    superoffice.down()
    with pytest.raises(CommandError, match=r"SuperOffice: .* goes on from here"):
        run("backfill", "--no-progress")


def test_a_date_without_a_zone_is_utc() -> None:
    assert moment("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    assert moment("2026-01-31T01:00+01:00") == datetime(2026, 1, 31, tzinfo=UTC)


def test_a_comparison_repairs_reports_and_tells_by_its_exit_code(
    superoffice: StandIn, db: None
) -> None:
    chat = superoffice.chat(messages=["Hi"])
    run("backfill", "--no-progress")
    superoffice.control("PATCH", f"session/{chat.id}", email="new@example.com")
    with pytest.raises(CommandError, match="not proved equal"):
        run("reconcile", "--dry-run", "--no-progress")
    assert ChatSession.objects.get(pk=chat.id).customer_email != "new@example.com"
    report = json.loads(run("reconcile", "--json"))
    assert (report["is_equal"], report["repaired"]) == (True, 1)
    assert ChatSession.objects.get(pk=chat.id).customer_email == "new@example.com"


def test_one_round_of_the_worker_does_every_task(superoffice: StandIn, db: None) -> None:
    superoffice.chat()
    said = run("worker", "--once")
    assert "settle: done" in said
    assert "failed" not in said
    assert ChatSession.objects.count() == 1


def test_a_webhook_without_an_address_is_told_what_is_missing(db: None) -> None:
    with pytest.raises(CommandError, match="PUBLIC_URL and WEBHOOK_SECRETS"):
        run("webhook", "status")
