"""Sessions in the mirror: the newest reading wins, and what is the same is not written."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from chatops.mirror import feed, ingest
from chatops.mirror.ingest import Answer, NotACarrier
from chatops.mirror.models import ChatSession, SessionReading
from tests.mirror.carriers import associate, body, read_session, session

pytestmark = pytest.mark.django_db


def last_number() -> int:
    return feed.position().last


def test_a_new_session_becomes_a_row_and_a_change() -> None:
    before = last_number()
    counts = read_session(session(User=associate(5), Status="UserLast"))
    row = ChatSession.objects.get(pk=844)
    assert (counts.created, row.associate_id, row.status, row.is_open) == (1, 5, "UserLast", True)
    changes = feed.after(before)
    assert [(one.kind, one.object_id) for one in changes] == [("agent", 5), ("session", 844)]


def test_the_customers_key_is_nowhere() -> None:
    nested = session(Person={"PersonId": 3, "SessionKey": "the-customers-secret"})
    read_session(nested)
    ingest.store_session(session(845), reading=ingest.next_reading())
    for row in ChatSession.objects.values():
        assert "the-customers-secret" not in str(row)
        assert "SessionKey" not in str(row)


def test_the_same_bytes_write_nothing_but_the_reading() -> None:
    read_session(session())
    row, number = ChatSession.objects.values().get(), last_number()
    reading = ingest.next_reading()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        counts = read_session(session(), reading=reading)
    assert counts.unchanged == 1
    assert len(queries) == 1
    assert SessionReading.objects.get(pk=844).reading == reading
    assert (ChatSession.objects.values().get(), last_number()) == (row, number)


def test_what_moves_by_itself_is_stored_and_told_to_nobody() -> None:
    read_session(session())
    version, number = ChatSession.objects.get().version, last_number()
    counts = read_session(session(WhenFetched="2026-03-02T10:00:00Z", Flags="CustomerIsTyping"))
    row = ChatSession.objects.get()
    assert (counts.unchanged, last_number(), row.version) == (1, number, version)
    assert json.loads(row.rendered)["fetched_at"] == "2026-03-02T10:00:00Z"


def test_an_older_reading_never_replaces_a_newer_one() -> None:
    early, late = ingest.next_reading(), ingest.next_reading()
    read_session(session(Status="UserLast"), reading=late)
    counts = read_session(session(Status="InQueue"), reading=early)
    assert counts.older == 1
    assert ChatSession.objects.get().status == "UserLast"


def test_an_older_answer_with_the_bytes_held_does_not_renew_them() -> None:
    """Recognised bytes of an older read say nothing about now."""
    first, second = ingest.next_reading(), ingest.next_reading()
    read_session(session(), reading=second)
    read_session(session(), reading=first)
    assert SessionReading.objects.get().reading == second


def test_a_session_in_a_list_counts_by_content_and_not_by_bytes() -> None:
    read_session(session())
    number = last_number()
    listed = dict(reversed(session(SessionKey="another", FieldProperties=None).items()))
    counts = ingest.store_session(listed, reading=ingest.next_reading())
    assert (counts.unchanged, last_number()) == (1, number)


def test_a_tombstone_keeps_the_row_and_coming_back_is_a_change() -> None:
    read_session(session())
    number = last_number()
    assert ingest.mark_gone([844], reading=ingest.next_reading()) == 1
    assert ChatSession.objects.get().gone_at is not None
    assert [one.op for one in feed.after(number)] == ["delete"]
    assert read_session(session()).changed == 1
    assert ChatSession.objects.get().gone_at is None
    assert [one.op for one in feed.after(number)] == ["delete", "upsert"]


def test_gone_by_an_older_reading_does_not_take_back_a_newer_one() -> None:
    early = ingest.next_reading()
    read_session(session())
    assert ingest.mark_gone([844], reading=early) == 0
    assert ChatSession.objects.get().gone_at is None


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"[]",
        b"<html>maintenance</html>",
        b'{"ChatSessionId": 845}',
        b'{"ChatSessionId": true}',
        b'{"Status": "InQueue"}',
        b'{"ChatSessionId": 844, "Rank": NaN}',
        b'{"ChatSessionId": 844, "Person": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"ChatSessionId": 844, "Person": ' + b"[" * 90_000 + b"]" * 90_000 + b"}",
        b'{"ChatSessionId": 844, "CustomerName": "\xff"}',
    ],
)
def test_what_is_not_that_session_is_refused_by_name(answer: bytes) -> None:
    with pytest.raises(NotACarrier) as refused:
        ingest.store_sessions([Answer(844, answer)], reading=ingest.next_reading())
    assert refused.value.session_id == 844
    assert not ChatSession.objects.exists()


def test_a_session_named_twice_in_one_batch_is_its_last_answer() -> None:
    answers = [Answer(844, body(session(Rating=one))) for one in (1, 5)]
    ingest.store_sessions(answers, reading=ingest.next_reading())
    assert ChatSession.objects.get().rating == 5


def test_ten_thousand_sessions_go_in_by_a_handful_of_statements() -> None:
    answers = [Answer(one, body(session(one))) for one in range(1, 2_001)]
    with CaptureQueriesContext(connection) as queries:
        counts = ingest.store_sessions(answers, reading=ingest.next_reading())
    assert counts.created == 2_000
    assert len(queries) < 40
    with CaptureQueriesContext(connection) as queries:
        again = ingest.store_sessions(answers, reading=ingest.next_reading())
    assert again.unchanged == 2_000
    assert len(queries) <= 2


class InAnyOrder(TestCase):
    """Readings of two sessions arrive late, twice and shuffled."""

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_readings_in_any_order_end_in_the_newest_state_and_never_go_back(
        self, data: st.DataObject
    ) -> None:
        # What SuperOffice said at each reading: the status moves on, at times back to what it was.
        said = data.draw(st.lists(st.sampled_from(["InQueue", "UserLast", "Closed"]), min_size=1))
        readings = [ingest.next_reading() for _ in said]
        arrivals = data.draw(
            st.lists(st.integers(0, len(said) - 1), max_size=12).map(
                lambda more: [*more, *range(len(said))]
            )
        )
        order = data.draw(st.permutations(arrivals))
        seen = -1
        for one in order:
            if data.draw(st.booleans()):
                read_session(session(Status=said[one]), reading=readings[one])
            else:
                ingest.store_session(session(Status=said[one]), reading=readings[one])
            seen = max(seen, one)
            assert ChatSession.objects.get(pk=844).status == said[seen]
        assert SessionReading.objects.get(pk=844).reading == readings[-1]


@pytest.mark.sqlite
def test_the_few_that_are_gone_are_found_without_reading_the_many_that_are_here() -> None:
    gone = ChatSession.objects.filter(gone_at__isnull=False).order_by("-id")[:50]
    assert "session_gone" in gone.explain()
