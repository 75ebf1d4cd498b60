"""Answers of the usual shape take a shorter way, to the same rows to the byte."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data import visits
from chatops.mirror import bodies, rows, usual
from chatops.mirror.bodies import Answer
from tests.mirror.carriers import associate, message, session

JSONDict = dict[str, Any]
TEXTS = st.text(max_size=30) | st.sampled_from(
    ["", "<b>so</b> &amp; so", "ola@moen.example", "æ\u2028"]
)
DATES = st.sampled_from(
    [
        *("2026-03-02T09:15:00Z", "2026-03-02T09:15:00+00:00", "2026-03-02T09:15:00.5+02:00"),
        *("2026-03-02T09:15:00", "0001-01-01T00:00:00", "1760-01-01T00:00:00Z", "", "x" * 20),
        *("2026-02-31T00:00:00Z", "9999-12-31T23:59:59-14:00", "1899-12-31T00:00:00Z", "20260302"),
    ]
)
LINKS = st.sampled_from(
    [
        *(None, {}, {"AssociateId": 0}),
        {"AssociateId": 7, "FullName": "Mia", "Updated": "2026-03-02"},
        {"PersonId": 3, "Email": "a@b.example", "SessionKey": "s"},
        {"ContactId": 9, "Address": {}, "DirectPhone": "+47 555 01 234"},
        {"SaleId": 2, "ExtraFields": {"b": 1.5, "a": [1e22, {"Secret": "s"}]}},
    ]
)
MAYBE = TEXTS | st.none()
SESSIONS = st.fixed_dictionaries(
    {"ChatSessionId": st.integers(1, 2**31 - 1)},
    optional={
        **dict.fromkeys(("TopicId", "Rating", "AlertLevel"), st.integers(-9, 9) | st.none()),
        **dict.fromkeys(("CustomerName", "CustomerEmail", "CustomerPhone"), MAYBE),
        **dict.fromkeys(("FirstMessage", "CustomerHost", "Flags", "SessionKey"), MAYBE),
        **dict.fromkeys(("WhenRequested", "WhenEnded", "WhenFetched"), DATES | st.none()),
        **dict.fromkeys(("User", "TransferTo", "Person", "Contact", "Sale", "TableRight"), LINKS),
        **dict.fromkeys(("FieldProperties", "_Links"), LINKS),
        **dict.fromkeys(("ChatbotIsActive", "CustomerConsented"), st.booleans() | st.none()),
        "Status": st.sampled_from(["InQueue", "UserLast", "Closed", None]),
    },
)
MESSAGES = st.fixed_dictionaries(
    message(1)
    | {
        "ChatMessageId": st.integers(1, 2**31 - 1),
        "ChatSessionId": st.just(844),
        "Type": st.sampled_from(["ToUser", "ToCustomer", "Special"]),
        "Message": TEXTS,
        "Author": TEXTS,
        "ReadByCustomer": st.integers(-(2**31), 2**31 - 1),
        "SpecialType": st.sampled_from(["None", "Welcome"]),
        "SpecialParam": TEXTS,
        "WhenPosted": DATES,
    }
)


def shuffled(carrier: JSONDict, seed: int) -> JSONDict:
    names = sorted(carrier, key=lambda name: hash((name, seed)))
    return {name: carrier[name] for name in names}


def answer(session_id: int, value: Any, *, ascii_only: bool) -> Answer:
    return Answer(session_id, json.dumps(value, ensure_ascii=ascii_only).encode())


_RAW = rows.SESSION_COLUMNS.index("raw")


@given(carrier=SESSIONS, seed=st.integers(0, 9), ascii_only=st.booleans())
def test_a_session_becomes_the_same_row_either_way(
    carrier: JSONDict, seed: int, ascii_only: bool
) -> None:
    said = answer(carrier["ChatSessionId"], shuffled(carrier, seed), ascii_only=ascii_only)
    short = usual.session(said, version=5)
    if short is None:
        assert "\\u" in said.body.decode()  # a text that needs a second look
        return
    careful = bodies.session_of(said)
    expected = rows.session_row(careful, version=5)
    assert json.loads(short.row[_RAW]) == json.loads(expected[_RAW])
    assert [one for place, one in enumerate(short.row) if place != _RAW] == [
        one for place, one in enumerate(expected) if place != _RAW
    ]
    assert short.content == rows.content_digest(careful)
    assert (
        rows.session_row(json.loads(short.row[_RAW]), version=5)[_RAW + 1 :]
        == short.row[_RAW + 1 :]
    )


@given(carriers=st.lists(MESSAGES, max_size=4), seed=st.integers(0, 9), ascii_only=st.booleans())
def test_messages_become_the_same_rows_either_way(
    carriers: list[JSONDict], seed: int, ascii_only: bool
) -> None:
    said = answer(844, [shuffled(one, seed) for one in carriers], ascii_only=ascii_only)
    short = usual.messages(said)
    if short is None:
        assert "\\u" in said.body.decode()
        return
    assert short == [rows.message_row(one) for one in bodies.messages_of(said)]


@pytest.mark.parametrize(
    "more",
    [
        {"SomethingNew": 1},
        {"Status": "Snoozed"},
        {"TopicId": "7"},
        {"Rating": 2**40},
        {"User": "nobody"},
        {"CustomerName": "half \ud800 a character"},
        {"CustomerName": "zero \x00"},
        {"ChatSessionId": 845},
    ],
)
def test_what_is_not_of_the_usual_shape_goes_the_careful_way(more: JSONDict) -> None:
    assert usual.session(answer(844, session() | more, ascii_only=True), version=1) is None


@pytest.mark.parametrize(
    "more", [{"SomethingNew": 1}, {"Type": "Shouted"}, {"Author": None}, {"ChatSessionId": None}]
)
def test_so_do_messages(more: JSONDict) -> None:
    assert usual.messages(answer(844, [message(1) | more], ascii_only=True)) is None


def test_nearly_every_answer_is_of_the_usual_shape() -> None:
    for one in visits(20):
        assert usual.session(Answer(one.session_id, one.session), version=1)
        assert usual.messages(Answer(one.session_id, one.messages))


def test_no_secret_comes_along() -> None:
    carrier = session(User=associate(7, SessionKey="of a link"), _Links={"Secret": "deeper"})
    made = usual.session(answer(844, carrier, ascii_only=False), version=1)
    assert made is not None
    for hidden in ("the-customers-secret", "of a link", "deeper"):
        assert not any(hidden in str(one) for one in (*made.row, *made.colleagues))
