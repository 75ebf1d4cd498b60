"""Exports: what is listed, as a file; masked, harmless in a spreadsheet, and logged."""

import csv
import io
import json
from math import ceil
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chatops.actions.callers import caller_of
from chatops.actions.models import TrailEntry
from chatops.mirror import text_index
from chatops.mirror.models import ChatSession
from chatops.notebook import notes
from chatops.reports import export, seen
from chatops.reports.cells import cell
from tests.reports.conftest import KARI, MIA, SignIn, carrier, store


def exported(client: Client, kind: str, query: str = "", reason: str = "") -> bytes:
    form = {"as": kind, "query": query, "reason": reason}
    response: Any = client.post("/admin/sessions/export/", form)
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_file_holds_the_rows_that_the_list_shows(past: object, signed_in: SignIn) -> None:
    client = signed_in("lead", KARI)
    rows = table(exported(client, "csv", "outcome=abandoned&topic=7&older=30"))
    wanted = ChatSession.objects.filter(status="ClosedFromQueue", topic_id=7).order_by("-pk")
    assert [int(row["id"]) for row in rows] == [one.pk for one in wanted]
    assert {row["topic"] for row in rows} == {"Support"}


def test_a_lead_exports_the_team_unmasked_for_a_reason_and_an_auditor_all_masked(
    past: object, signed_in: SignIn
) -> None:
    lead = signed_in("lead", KARI)
    of_lead = table(exported(lead, "csv", reason="complaint"))
    assert {row["topic_id"] for row in of_lead} == {"7", "8"}
    assert of_lead[0]["customer_phone"] == "'+47 555 01 234"
    over = [row for row in table(exported(lead, "csv")) if row["ended_at"]]
    assert {row["customer_email"] for row in over} == {"c•••@example.net"}
    of_auditor = table(exported(signed_in("auditor"), "csv"))
    assert {row["topic_id"] for row in of_auditor} == {"7", "8", "9"}
    assert {row["customer_email"] for row in of_auditor} == {"c•••@example.net"}


@pytest.mark.parametrize(("role", "associate"), [("agent", MIA), ("operator", None)])
def test_others_export_nothing(
    past: object, signed_in: SignIn, role: str, associate: int | None
) -> None:
    client = signed_in(role, associate)
    assert client.post("/admin/sessions/export/", {"as": "csv"}).status_code == 403
    assert "Export" not in client.get("/admin/sessions/").content.decode()


def test_an_export_is_a_form_and_no_link(past: object, signed_in: SignIn) -> None:
    client = signed_in("lead", KARI)
    assert client.get("/admin/sessions/export/?as=csv").status_code == 405
    assert client.post("/admin/sessions/export/", {"as": "exe"}).status_code == 404


def test_json_lines_are_the_sessions_of_the_api_with_our_notes(
    past: object, signed_in: SignIn
) -> None:
    client = signed_in("lead", KARI, name="kari")
    kari = caller_of(User.objects.get(username="kari"), source="console")
    one = ChatSession.objects.filter(topic_id=7).order_by("-pk")[0]
    notes.write(kari, one.pk, "Be\ngenerous")
    notes.put_tag(kari, one.pk, "VIP")
    lines = [json.loads(line) for line in exported(client, "jsonl", reason="access").splitlines()]
    assert len(lines) == ChatSession.objects.filter(topic_id__in=(7, 8)).count()
    found = next(line for line in lines if line["id"] == one.pk)
    assert found.items() >= (json.loads(one.rendered) | {"tags": ["VIP"]}).items()
    assert found["notes"][0]["text"] == "Be\ngenerous"
    assert not [line for line in lines if "session_key" in line]


def test_what_was_searched_for_is_exported_and_nothing_else(
    past: object, signed_in: SignIn
) -> None:
    chosen = ChatSession.objects.filter(topic_id=7).order_by("pk")[:1].get()
    store(carrier(chosen.pk, chosen.requested_at, TopicId=7, CustomerCompanyName="Nordlys"))
    while text_index.index_due():
        pass
    client = signed_in("lead", KARI)
    for query in ("search=nordlys", f"search={chosen.pk}"):
        assert [row["id"] for row in table(exported(client, "csv", query))] == [str(chosen.pk)]


def test_the_trail_says_who_exported_what_and_how_much_but_not_the_words_searched(
    past: object, signed_in: SignIn
) -> None:
    exported(signed_in("lead", KARI), "csv", "topic=7&search=Customer+Zebrafinch")
    started = TrailEntry.objects.get(what="export_started")
    assert started.detail == {"topic": "7", "search": "…"}
    assert TrailEntry.objects.get(what="export_ended").detail == {"rows": 0, "complete": True}


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_a_reader_who_goes_away_is_logged_once_with_what_was_sent(
    past: object, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    monkeypatch.setattr(seen, "CHUNK", 10)
    signed_in("auditor", name="audrey")
    caller = caller_of(User.objects.get(username="audrey"), source="console")
    parts = export.export(caller, ChatSession.objects.all(), "jsonl", told={})
    for _ in range(taken):
        next(parts)
    parts.close()
    parts.close()
    ended = TrailEntry.objects.get(what="export_ended")
    assert ended.detail == {"rows": 10 * taken, "complete": False}


def test_chunks_join_without_gap_or_double(
    past: object, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "CHUNK", 7)
    rows = table(exported(signed_in("auditor"), "csv"))
    assert [int(row["id"]) for row in rows] == list(range(60, 0, -1))


@pytest.mark.parametrize("text", ["x;=1+1", "x; @SUM(A1)", "x\t+1", "x\n=1", "x;-1+1"])
def test_no_part_of_a_text_becomes_one_where_cells_end_otherwise(text: str) -> None:
    for apart in (";", "\t"):
        for row in csv.reader(io.StringIO(cell(text)), delimiter=apart):
            assert not [one for one in row if one.strip().startswith(("=", "+", "-", "@"))], row


def test_a_file_looks_for_its_sessions_once_and_reads_each_row_once(
    past: object, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for anew for each chunk, a month among a million chats took three minutes."""
    monkeypatch.setattr(seen, "CHUNK", 7)
    client = signed_in("lead", KARI)
    with CaptureQueriesContext(connection) as captured:
        count = len(table(exported(client, "csv", "since=2020-01-01&until=2035-01-01")))
    asked = [one["sql"] for one in captured if 'FROM "mirror_chatsession"' in one["sql"]]
    looked = [one for one in asked if '"rendered"' not in one and '"requested_at" >=' in one]
    read = [one for one in asked if '"rendered"' in one]
    assert (len(looked), len(read)) == (1, ceil(count / 7))
    assert not [one for one in looked + read if one.count('FROM "mirror_chatsession"') > 1]


def test_a_winking_customer_is_left_alone() -> None:
    assert cell("See you ;-)") == "See you ;-)"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "=cmd|'/C calc'!A0"],
)
def test_no_text_becomes_a_formula(text: str, office: None, signed_in: SignIn) -> None:
    assert cell(text).startswith("'")
    store(carrier(1, timezone.now(), CustomerName=text, FirstMessage=text))
    row = table(exported(signed_in("auditor"), "csv"))[0]
    assert row["customer_name"].startswith("'")
    assert len(row) == len(export.COLUMNS)


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert [cell(one) for one in (-5, 0, 1.5, None, True, False, "", "a\0b")] == [
        "-5",
        "0",
        "1.5",
        "",
        "yes",
        "no",
        "",
        "ab",
    ]
