"""Whatever SuperOffice sends: stored with what can be read of it, or refused by name."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from chatops.mirror import ingest, people
from chatops.mirror.ingest import Answer, NotACarrier
from chatops.mirror.models import Associate, ChatMessage, ChatSession, ChatTopic
from tests.mirror.carriers import body, message, read_messages, read_session, session

pytestmark = pytest.mark.django_db

WRONG: list[Any] = [
    *(None, "", "text", "12", 0, -1, 2**31, 2**63, 1e300, 0.5, True, [], [1], {}),
    {"AssociateId": 2**40},
    {"AssociateId": "seven"},
    {"AssociateId": None},
    "2026-02-31T00:00:00Z",
    "0001-01-01T00:00:00",
    "1760-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "\u202eright to left\u202c",
    "👩‍👩‍👧 family",
    "x" * 5000,
]


@pytest.mark.parametrize("name", sorted(session().keys() - {"ChatSessionId"}))
def test_a_field_of_any_other_type_never_stops_a_session(name: str) -> None:
    for session_id, value in enumerate(WRONG, start=1):
        read_session(session(session_id, **{name: value}))
    assert ChatSession.objects.count() == len(WRONG)
    for row in ChatSession.objects.all():
        assert json.loads(row.rendered)["id"] == row.pk
        assert json.loads(row.masked)["id"] == row.pk


@pytest.mark.parametrize("name", sorted(message(1).keys() - {"ChatMessageId", "ChatSessionId"}))
def test_a_field_of_any_other_type_never_stops_a_message(name: str) -> None:
    read_messages(*(message(one, **{name: value}) for one, value in enumerate(WRONG, start=1)))
    assert ChatMessage.objects.count() == len(WRONG)


def test_a_session_with_nothing_but_its_id_is_a_session() -> None:
    read_session({"ChatSessionId": 2**31 - 1})
    row = ChatSession.objects.get()
    assert (row.pk, row.status, row.is_open, row.requested_at) == (
        2**31 - 1,
        "Invalid",
        False,
        None,
    )


def test_no_date_in_each_of_its_forms_is_null() -> None:
    read_session(
        session(
            WhenRequested="0001-01-01T00:00:00",
            WhenStarted="1760-01-01T00:00:00Z",
            WhenEnded="0001-01-01T00:00:00+14:00",
            WhenIdle=None,
        )
    )
    row = ChatSession.objects.get()
    rendered = json.loads(row.rendered)
    for name in ("requested_at", "started_at", "ended_at", "idle_at"):
        assert getattr(row, name) is None
        assert rendered[name] is None


def test_nobody_is_null_or_an_object_without_an_id() -> None:
    read_session(session(1, User={"AssociateId": 0, "FullName": ""}, TransferTo=None))
    row = ChatSession.objects.get()
    assert (row.associate_id, row.transfer_to_id) == (None, None)
    assert json.loads(row.rendered)["user"] is None
    assert not Associate.objects.exists()


def test_texts_of_all_scripts_come_back_as_they_were() -> None:
    for one, text in enumerate(
        ("שלום", "你好", "\u202eabc", "👩‍👩‍👧", "Ærlig <b>& tro</b>"), start=1
    ):
        read_session(session(one, CustomerName=text))
        read_messages(message(one, text, session_id=one), session_id=one)
        assert ChatSession.objects.get(pk=one).customer_name == text
        assert ChatMessage.objects.get(pk=one).message == text


def test_what_no_database_can_hold_is_taken_out() -> None:
    raw = b'[{"ChatMessageId": 1, "Message": "a\\u0000b \\ud83d c"}]'
    ingest.store_messages([Answer(844, raw)], reading=ingest.next_reading(), complete=True)
    assert ChatMessage.objects.get().message == "ab \ufffd c"


def test_an_unknown_status_is_kept_and_does_not_count_as_open() -> None:
    read_session(session(Status="Hibernating"))
    row = ChatSession.objects.get()
    assert (row.status, row.is_open) == ("Hibernating", False)


def test_an_unknown_field_does_not_hide_one_of_ours() -> None:
    read_session(session(Id=7, status="lower case"))
    rendered = json.loads(ChatSession.objects.get().rendered)
    assert (rendered["id"], rendered["status"]) == (844, "InQueue")


@pytest.mark.parametrize("wrong", WRONG)
def test_topics_members_and_presence_of_any_type_never_stop_a_round(wrong: Any) -> None:
    people.store_topic({"ChatTopicId": 7, "Name": wrong, "WarnNewChatMinutes": wrong})
    people.store_topic({"ChatTopicId": wrong, "Name": "Support"})
    people.store_associates([{"AssociateId": 5, "EjUserId": wrong, "FullName": wrong}])
    people.store_members(7, [{"User": wrong, "CanRespond": wrong}])
    people.store_presence([{"UserId": 5, "Present": wrong, "OngoingChats": wrong}])
    assert ChatTopic.objects.filter(pk=7).exists()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside),
    max_leaves=8,
)


class Anything(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        fields=st.dictionaries(
            st.sampled_from(sorted(session().keys() - {"ChatSessionId"})) | st.text(max_size=8),
            JSON,
        )
    )
    def test_any_fields_with_an_id_are_a_session(self, fields: dict[str, Any]) -> None:
        read_session({**session(), **fields, "ChatSessionId": 844})
        assert json.loads(ChatSession.objects.get(pk=844).masked)["id"] == 844

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(answer=st.binary(max_size=40) | JSON.map(body))
    def test_any_bytes_are_stored_or_refused(self, answer: bytes) -> None:
        asked = [Answer(844, answer)]
        with suppress(NotACarrier):
            ingest.store_sessions(asked, reading=ingest.next_reading())
        with suppress(NotACarrier):
            ingest.store_messages(asked, reading=ingest.next_reading(), complete=True)
