"""Hostile texts in what is taken out: no file has a broken row, a formula, or markup that runs."""

import csv
import io
import json
import re
from typing import Any

import pytest
from django.utils import timezone

from chatops.console.richtext import TAGS
from chatops.notebook import notes, reviews
from chatops.reports.export import COLUMNS
from chatops.superoffice import jsontext
from tests.conftest import Person
from tests.console.conftest import AtConsole, Mirrored, SignIn, Stored, carrier, message
from tests.console.test_hostile import HOSTILE, Markup

FORMULAS = ("=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "=cmd|'/C calc'!A0")
#: What ends a cell, a row or a line, somewhere.
ENDS = (
    'a","=1+1',
    "a;b\tc",
    "a\r\nb",
    "a\rb",
    "a\x0bb",
    "a\x0cb",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
)
#: As they come off the wire, where what no database can hold is taken out.
TEXTS = jsontext.parse(json.dumps([*HOSTILE, *FORMULAS, *ENDS]).encode())
FIRST = 100
CALCULATED = re.compile(r"\s*[=+\-@＝＋－＠]")


@pytest.fixture
def past(kari: Person, sign_in: SignIn, mirrored: Mirrored, stored: Stored) -> AtConsole:
    """A lead, and a chat with each text: from the customer, in a note, a tag and a review."""
    mirrored()
    now = timezone.now().isoformat()
    stored(
        [
            carrier(
                number,
                CustomerName=text[:255],
                CustomerEmail=text[:255],
                CustomerPhone=text[:32],
                CustomerCompanyName=text[:255],
                User={"AssociateId": 17, "FullName": text[:255], "Name": text},
                FirstMessage=text,
                LastMessage=text,
                WhenRequested=now,
            )
            for number, text in enumerate(TEXTS, FIRST)
        ],
        [
            message(number * 10 + place, number, Message=said, Author=author[:255])
            for number, text in enumerate(TEXTS, FIRST)
            for place, (said, author) in enumerate(((text, "Customer"), ("Yes", text)))
        ],
    )
    me = kari.caller()
    card = reviews.define(me, "Kind", "")
    for number, text in enumerate(TEXTS, FIRST):
        written = text if text.strip() else "empty"
        notes.write(me, number, written)
        notes.put_tag(me, number, f"t{number} {' '.join(text.split())}"[:40])
        review = reviews.ask(me, number)
        given = {card.pk: reviews.Given(3, None, written)}
        reviews.finish(me, review.pk, given, summary=written)
    return sign_in(kari)


def exported(console: AtConsole, kind: str) -> bytes:
    form = {"as": kind, "query": "", "reason": "complaint"}
    answer = console.post("sessions/export/", form)
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    return b"".join(answer.streaming_content)


def test_a_spreadsheet_has_a_row_for_each_chat_and_calculates_nothing(past: AtConsole) -> None:
    content = exported(past, "csv").decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(content, newline=""), strict=True)
    assert tuple(head) == COLUMNS
    assert [row[0] for row in rows] == [str(n) for n in reversed(range(FIRST, FIRST + len(TEXTS)))]
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert [one for row in rows for one in row if CALCULATED.match(one)] == []
    names = [row[COLUMNS.index("customer_name")] for row in reversed(rows)]
    # Whole, but for the apostrophe: nothing is lost on the way out.
    for name, text in zip(names, TEXTS, strict=True):
        assert name.replace("'", "") == text[:255].replace("'", "")


def test_every_line_for_programs_is_one_whole_record(past: AtConsole) -> None:
    lines = exported(past, "jsonl").split(b"\n")
    assert lines.pop() == b""
    found: dict[int, Any] = {one["id"]: one for one in map(json.loads, lines)}
    assert len(lines) == len(found) == len(TEXTS)
    for number, text in enumerate(TEXTS, FIRST):
        one = found[number]
        written = text if text.strip() else "empty"
        assert one["customer_name"] == text[:255]
        assert one["notes"][0]["text"].strip() == written.strip().replace("\r\n", "\n")
        assert one["reviews"][0]["scores"][0]["remark"].strip() == one["notes"][0]["text"].strip()


def test_a_transcript_has_a_line_for_each_message_and_no_word_passes_for_one(
    past: AtConsole,
) -> None:
    for number, text in enumerate(TEXTS, FIRST):
        path = f"/api/v1/sessions/{number}/transcript/"
        answer = past.client.get(path, {"as": "text"})
        assert answer["Content-Type"].startswith("text/plain")
        lines = answer.content.decode().split("\n")
        assert sum(not line.startswith("    ") for line in lines if line) == 2, text
        assert all(line.startswith(("[2026-03-02T", "    ")) for line in lines if line), text


def test_a_transcript_to_print_has_no_markup_but_what_is_allowed(past: AtConsole) -> None:
    for number, text in enumerate(TEXTS, FIRST):
        answer = past.client.get(f"/api/v1/sessions/{number}/transcript/", {"as": "html"})
        found = Markup(answer.content.decode())
        frame = {"html", "head", "meta", "title", "body", "h1", "dl", "dt", "dd", "time", "em"}
        assert set(found.count) <= TAGS | frame, text
        assert [found.count[tag] for tag in ("html", "meta", "body", "dt")] == [1, 1, 1, 2], text
        assert found.dangers() == [], text
