"""Messages in the mirror: what was said, what was taken back, and what an answer does not say."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from chatops.mirror import feed, ingest
from chatops.mirror.ingest import Answer, NotACarrier
from chatops.mirror.models import ChatMessage, SessionReading
from tests.mirror.carriers import body, message, read_messages

pytestmark = pytest.mark.django_db


def present() -> list[int]:
    return list(ChatMessage.objects.of(844).values_list("id", flat=True))


def test_a_conversation_is_stored_and_told_message_by_message() -> None:
    number = feed.position().last
    assert read_messages(message(1), message(2, "Hi 👋")).created == 2
    told = [(one.kind, one.object_id, one.session_id) for one in feed.after(number)]
    assert told == [("message", 1, 844), ("message", 2, 844)]
    assert ChatMessage.objects.get(pk=2).message == "Hi 👋"
    assert SessionReading.objects.get(pk=844).last_message_id == 2


def test_the_same_conversation_again_is_one_statement_and_no_news() -> None:
    read_messages(message(1))
    number, reading = feed.position().last, ingest.next_reading()
    with CaptureQueriesContext(connection) as queries:
        assert read_messages(message(1), reading=reading).unchanged == 1
    assert len(queries) == 1
    assert feed.position().last == number
    assert SessionReading.objects.get().messages_reading == reading


def test_nothing_new_after_the_last_message_is_one_statement_and_keeps_the_digest() -> None:
    read_messages(message(1))
    digest, reading = SessionReading.objects.get().messages_digest, ingest.next_reading()
    with CaptureQueriesContext(connection) as queries:
        assert read_messages(complete=False, reading=reading).unchanged == 1
    assert len(queries) == 1
    row = SessionReading.objects.get()
    assert (row.messages_reading, row.messages_digest) == (reading, digest)
    assert present() == [1]


def test_nothing_new_in_an_older_read_renews_nothing() -> None:
    older, newer = ingest.next_reading(), ingest.next_reading()
    read_messages(message(1), reading=newer)
    read_messages(complete=False, reading=older)
    assert SessionReading.objects.get().messages_reading == newer
    assert present() == [1]


def test_nothing_new_in_a_session_that_was_never_read_is_a_reading_of_it() -> None:
    reading = ingest.next_reading()
    read_messages(complete=False, reading=reading)
    assert SessionReading.objects.get(pk=844).messages_reading == reading


def test_a_read_flag_that_flips_is_a_change() -> None:
    read_messages(message(1), message(2))
    number = feed.position().last
    assert read_messages(message(1), message(2, ReadByCustomer=2)).changed == 1
    assert [one.object_id for one in feed.after(number)] == [2]
    assert ChatMessage.objects.get(pk=2).read_by_customer == 2


def test_a_lower_id_that_was_hidden_appears_in_a_whole_read() -> None:
    read_messages(message(1), message(5))
    assert read_messages(message(1), message(3), message(5)).created == 1
    assert present() == [1, 3, 5]


def test_missing_once_is_nothing_and_missing_twice_is_gone() -> None:
    read_messages(message(1), message(2))
    assert read_messages(message(1)).gone == 0
    assert present() == [1, 2]
    number = feed.position().last
    assert read_messages(message(1)).gone == 1
    assert present() == [1]
    assert [(one.object_id, one.op) for one in feed.after(number)] == [(2, "delete")]
    assert read_messages(message(1)).gone == 0


def test_missing_once_and_back_again_starts_counting_anew() -> None:
    read_messages(message(1), message(2))
    read_messages(message(1))
    read_messages(message(1), message(2))
    assert read_messages(message(1)).gone == 0
    assert present() == [1, 2]


def test_what_comes_back_comes_back() -> None:
    read_messages(message(1), message(2))
    read_messages(message(1))
    read_messages(message(1))
    assert read_messages(message(1), message(2)).changed == 1
    assert present() == [1, 2]


def test_an_empty_answer_about_a_session_with_messages_says_nothing() -> None:
    read_messages(message(1), message(2))
    for _ in range(3):
        assert read_messages().gone == 0
    assert present() == [1, 2]


def test_a_part_says_nothing_about_the_rest() -> None:
    read_messages(message(1), message(2))
    for _ in range(3):
        read_messages(message(2), complete=False)
    assert present() == [1, 2]


def test_a_part_without_news_leaves_the_whole_recognisable() -> None:
    read_messages(message(1))
    read_messages(complete=False)
    with CaptureQueriesContext(connection) as queries:
        read_messages(message(1), reading=ingest.next_reading())
    assert len(queries) == 2  # the number, and the confirmation


def test_an_older_whole_answer_only_adds_and_what_it_added_is_compared_again() -> None:
    """Message 2 was deleted between the two reads, and the later answer came first."""
    early, late = ingest.next_reading(), ingest.next_reading()
    read_messages(message(1, "new"), reading=late)
    read_messages(message(1, "old"), message(2), reading=early)
    assert ChatMessage.objects.get(pk=1).message == "new"
    assert SessionReading.objects.get().messages_reading == late
    read_messages(message(1, "new"))
    assert read_messages(message(1, "new")).gone == 1
    assert present() == [1]


def test_a_sent_message_is_stored_by_its_answer_and_known_to_the_next_read() -> None:
    ingest.store_message(message(9, "Sent"), reading=ingest.next_reading())
    assert read_messages(message(9, "Sent")).unchanged == 1
    assert present() == [9]


def test_the_same_message_twice_in_one_answer_is_one_message() -> None:
    assert read_messages(message(1, "a"), message(1, "b")).created == 1
    assert ChatMessage.objects.get().message == "b"


def test_a_message_without_a_session_is_one_of_the_session_asked_about() -> None:
    read_messages(message(1, ChatSessionId=0), message(2, ChatSessionId=None))
    assert present() == [1, 2]


@pytest.mark.parametrize(
    "answer",
    [
        b"null",
        b"{}",
        b"<html>",
        b'[{"Message": "no id"}]',
        b'["text"]',
        b'[{"ChatMessageId": 0}]',
        b'[{"ChatMessageId": 4294967296}]',
        b'[{"ChatMessageId": 1, "ChatSessionId": 845}]',
    ],
)
def test_what_is_not_a_list_of_that_sessions_messages_is_refused(answer: bytes) -> None:
    with pytest.raises(NotACarrier):
        ingest.store_messages([Answer(844, answer)], reading=ingest.next_reading(), complete=True)
    assert not ChatMessage.objects.exists()


class UnderAnyOrder(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_whole_reads_in_any_order_end_in_what_was_said_last(self, data: st.DataObject) -> None:
        """Messages are said, taken back, and their flags flip; answers overtake each other."""
        states = data.draw(
            st.lists(
                st.dictionaries(st.integers(1, 5), st.integers(1, 3), min_size=1),
                min_size=1,
                max_size=5,
            )
        )
        readings = [ingest.next_reading() for _ in states]
        for one in data.draw(st.permutations(range(len(states)))):
            _read(states[one], readings[one])
        for _ in range(3):  # quiet: the sweeps to come
            _read(states[-1], ingest.next_reading())
        held = ChatMessage.objects.of(844).values_list("id", "read_by_customer")
        assert dict(held) == states[-1]


def _read(state: dict[int, int], reading: int) -> None:
    carriers = [message(one, ReadByCustomer=flag) for one, flag in sorted(state.items())]
    ingest.store_messages([Answer(844, body(carriers))], reading=reading, complete=True)
