"""Exports over the API: the rows of the list as a file, by scope, harmless, and logged."""

import csv
import io
import json

import pytest
from pytest_django.fixtures import Settings

from chatops.actions.models import TrailEntry
from chatops.reports import seen
from tests.api.conftest import Answer, Bulk, MakeProgram, Program, say
from tests.conftest import Person


@pytest.fixture
def exporter(somebody: Person, program: MakeProgram) -> Program:
    return program(somebody, "export", "transcripts", "personal")


def table(answer: Answer) -> list[dict[str, str]]:
    assert answer.status == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def lines(answer: Answer) -> list[dict[str, object]]:
    assert answer.status == 200
    return [json.loads(line) for line in answer.content.splitlines()]


def test_the_file_holds_what_the_list_holds(
    somebody: Person, program: MakeProgram, exporter: Program, bulk: Bulk
) -> None:
    bulk(range(1, 31))
    reader = program(somebody, "read", "transcripts", "personal")
    for query in ("", "?topic=7&rating=3", "?requested_before=2026-03-02T09:10:00Z", "?topic=9"):
        listed = reader.get(f"sessions/{query}").json["results"]
        found = lines(exporter.get(f"sessions/export/{query or '?'}&as=jsonl"))
        assert [one["id"] for one in found] == [one["id"] for one in listed]
        for row, one in zip(found, listed, strict=True):
            assert row.items() >= {k: v for k, v in one.items() if k != "as_of"}.items()
    rows = table(exporter.get("sessions/export/?rating=3"))
    assert [int(row["id"]) for row in rows] == [27, 21, 15, 9, 3]


def test_it_is_read_in_chunks_that_join_without_gap_or_double(
    exporter: Program, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "CHUNK", 7)
    bulk(range(1, 41))
    rows = table(exporter.get("sessions/export/"))
    assert [int(row["id"]) for row in rows] == list(range(40, 0, -1))


def test_the_scope_export_is_enough_and_the_others_unmask(
    somebody: Person, program: MakeProgram, bulk: Bulk
) -> None:
    bulk([1])
    masked = table(program(somebody, "export").get("sessions/export/"))[0]
    assert (masked["customer_email"], masked["first_message"]) == ("c•••@example.net", "")
    told = table(program(somebody, "export", "transcripts").get("sessions/export/"))[0]
    assert (told["customer_email"], told["first_message"]) == ("c•••@example.net", "Hello 1")
    full = table(program(somebody, "export", "personal").get("sessions/export/"))[0]
    assert (full["customer_email"], full["first_message"]) == ("c1@example.net", "")
    for scopes in (("read", "transcripts"), ("feed",)):
        refused = program(somebody, *scopes).get("sessions/export/")
        assert (refused.status, refused.code) == (403, "forbidden")
        assert "export" in refused.json["detail"]


def test_only_what_is_shown_can_be_searched_for(
    somebody: Person, program: MakeProgram, exporter: Program, bulk: Bulk
) -> None:
    bulk([1, 2])
    say(1, {10: "a secret"})
    path = "sessions/export/?as=jsonl&search="
    assert [one["id"] for one in lines(exporter.get(f"{path}secret"))] == [1]
    assert [one["id"] for one in lines(exporter.get(f"{path}c2@exam"))] == [2]
    bare = program(somebody, "export")
    for word in ("secret", "c2@exam"):
        assert lines(bare.get(path + word)) == []


def test_no_cell_is_a_formula(exporter: Program, bulk: Bulk) -> None:
    bulk([1], CustomerName="=HYPERLINK(1)", FirstMessage="@SUM(A1)")
    row = table(exporter.get("sessions/export/"))[0]
    assert (row["customer_name"], row["first_message"]) == ("'=HYPERLINK(1)", "'@SUM(A1)")


def test_the_trail_says_who_exported_what_but_not_the_words(exporter: Program, bulk: Bulk) -> None:
    bulk(range(1, 4))
    exporter.get("sessions/export/?topic=7&search=Zebrafinch").content  # noqa: B018 read to its end
    exporter.get("sessions/export/?as=jsonl").content  # noqa: B018
    told = TrailEntry.objects.order_by("id")
    started = told.filter(what="export_started")
    assert [(one.object, one.detail) for one in started] == [
        ("csv", {"topic": "7", "search": "…"}),
        ("jsonl", {}),
    ]
    assert exporter.token
    assert {one.caller for one in started} == {f"token:{exporter.token.pk}"}
    ended = told.filter(what="export_ended")
    assert [one.detail for one in ended] == [
        {"rows": 0, "complete": True},
        {"rows": 3, "complete": True},
    ]


def test_asking_what_an_export_would_be_is_none(exporter: Program, bulk: Bulk) -> None:
    bulk([1])
    answer = exporter.call("HEAD", "sessions/export/?as=jsonl")
    assert (answer.status, answer.content) == (200, b"")
    assert answer["Content-Type"] == "application/jsonl; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="sessions.jsonl"'
    assert answer["Cache-Control"] == "no-store"
    assert not TrailEntry.objects.filter(what__startswith="export").exists()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("as=xlsx", "as"),
        ("as=csv&ordering=id", "ordering"),
        ("page_size=5", "page_size"),
        ("topic=x", "topic"),
        ("user=me", "user"),
        ("search=%00", "search"),
        ("requested_after=2026-03-02%0009:15:00Z", "requested_after"),
        ("ended_before=2026-03-02%0A09:15:00Z", "ended_before"),
    ],
)
def test_what_is_odd_is_named_and_nothing_is_exported(
    exporter: Program, query: str, field: str
) -> None:
    answer = exporter.get(f"sessions/export/?{query}")
    assert (answer.status, answer.code) == (422, "invalid")
    assert field in answer.json["errors"][0].values()
    assert not TrailEntry.objects.filter(what__startswith="export").exists()


def test_a_client_may_say_what_it_accepts(exporter: Program, bulk: Bulk) -> None:
    bulk([1])
    for accepted in ("text/csv", "application/jsonl", "*/*"):
        assert exporter.get("sessions/export/", Accept=accepted).status == 200
    refused = exporter.get("sessions/export/?as=pdf", Accept="text/csv")
    assert (refused.status, refused.code) == (422, "invalid")


def test_an_export_counts_as_one_request(exporter: Program, settings: Settings) -> None:
    settings.API_RATE_PER_MINUTE = 2
    assert exporter.get("sessions/export/")["X-RateLimit-Remaining"] == "1"
    assert exporter.get("sessions/export/").status == 200
    assert exporter.get("sessions/export/").status == 429
