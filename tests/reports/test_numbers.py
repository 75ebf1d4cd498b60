"""The numbers page: every number is as many as the rows that it opens."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import BigIntegerField, Value
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chatops.actions import policy
from chatops.actions.callers import caller_of
from chatops.console.filters import SessionFilters
from chatops.mirror.models import ChatSession
from chatops.reports import calendars, columns, measures, periods, present
from chatops.reports.slices import Slice
from tests.reports.conftest import KARI, MIA, OLA, SignIn, carrier, store

#: Three quarters of an hour off the hour.
KATHMANDU = ZoneInfo("Asia/Kathmandu")
OSLO = ZoneInfo("Europe/Oslo")


def links(page: str) -> dict[str, set[str]]:
    """The links to lists of sessions, and what they say."""
    found: dict[str, set[str]] = {}
    for href, said in re.findall(r'<a href="(/admin/sessions/\?[^"]*)">(.*?)</a>', page):
        found.setdefault(unescape(href), set()).add(re.sub(r"<.*?>", "", said))
    return found


def rows(client: Client, address: str) -> list[int]:
    """The numbers of the sessions behind a link, through all pages."""
    found: list[int] = []
    while address:
        page = client.get(address).content.decode()
        found += [int(one) for one in re.findall(r'<tr data-key="r(\d+)"', page)]
        older = re.search(r'href="(\?[^"]*older=[^"]*)"', page)
        address = f"/admin/sessions/{unescape(older[1])}" if older else ""
    return found


@pytest.mark.parametrize(
    ("role", "query"),
    [
        ("lead", "days=1"),
        ("lead", "days=365"),
        ("agent", "days=7"),
        ("auditor", "topic=8&agent=17"),
    ],
)
def test_every_count_is_the_number_of_rows_that_its_link_opens(
    past: datetime, signed_in: SignIn, role: str, query: str
) -> None:
    client = signed_in(role, {"lead": KARI, "agent": MIA}.get(role))
    client.cookies["chatops_zone"] = "Asia/Kathmandu"
    page = client.get(f"/admin/numbers/?{query}").content.decode()
    counted = links(page)
    assert len(counted) > 20
    user = User.objects.get(pk=client.session["_auth_user_id"])
    caller = caller_of(user, source="console")
    visible = policy.visible_sessions(caller)
    for place, (address, texts) in enumerate(sorted(counted.items())):
        for text in filter(str.isdecimal, texts):
            with timezone.override(KATHMANDU):
                asked = SessionFilters(QueryDict(address.partition("?")[2]), caller)
                assert int(text) == asked.apply(visible).count(), address
            if place % 8 == 0:  # the list itself, page by page
                assert int(text) == len(rows(client, address)), address


def test_a_lead_counts_the_topics_they_lead_and_an_auditor_all(
    past: datetime, signed_in: SignIn
) -> None:
    def topics(client: Client) -> set[str]:
        page = client.get("/admin/numbers/?days=30").content.decode()
        return {name for name in ("Support", "Sales", "Billing") if f">{name}</th>" in page}

    assert topics(signed_in("auditor")) == {"Support", "Sales", "Billing"}
    assert topics(signed_in("lead", KARI)) == {"Support", "Sales"}


def test_the_times_are_nearest_ranks_of_what_happened(past: datetime) -> None:
    period = periods.ending(timezone.localdate(), 30, UTC)
    total = measures.numbers(ChatSession.objects.all(), period, Slice()).total
    sessions = [one for one in ChatSession.objects.all() if one.requested_at]
    waits = sorted(
        (one.started_at - one.requested_at).total_seconds()
        for one in sessions
        if one.started_at and one.requested_at
    )
    assert total.wait.spread.known == len(waits) == total.picked_up.value
    assert total.wait.spread.median == waits[(len(waits) + 1) // 2 - 1]
    handled = sorted(
        (one.ended_at - one.started_at).total_seconds()
        for one in sessions
        if one.started_at and one.ended_at
    )
    assert total.handling.spread.median in handled
    assert total.handling.spread.most == handled[-(len(handled) // 10) - 1]


def test_the_first_response_is_an_agents_own_and_neither_welcome_nor_bot(past: datetime) -> None:
    period = periods.ending(timezone.localdate(), 30, UTC)
    answered = measures.numbers(ChatSession.objects.all(), period, Slice()).total.response
    taken = sorted(ChatSession.objects.exclude(started_at=None).values_list("pk", flat=True))
    assert answered.spread.known == len(taken)
    # Each chat here is answered as many seconds after it was taken as its number says.
    assert answered.spread.median == taken[(len(taken) + 1) // 2 - 1]


def test_of_a_long_past_only_the_newest_first_responses_are_looked_up(
    past: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measures, "RESPONSES", 10)
    period = periods.ending(timezone.localdate(), 30, UTC)
    found = measures.numbers(ChatSession.objects.all(), period, Slice())
    assert found.sampled
    assert found.total.response.spread.known == 11  # the one at the edge is in
    assert found.total.response.slice.of(ChatSession.objects.all()).count() == 11


def test_the_hour_of_a_chat_is_that_of_the_readers_clock(office: None) -> None:
    store(carrier(1, datetime(2026, 7, 1, 22, 30, tzinfo=UTC)))
    with timezone.override(OSLO):
        period = periods.between(date(2026, 7, 1), date(2026, 7, 2), OSLO)
        found = measures.numbers(ChatSession.objects.all(), period, Slice())
        by_hour = {line.key: line.requested for line in found.hours}
        assert by_hour[0].value == 1
        assert by_hour[0].slice.of(ChatSession.objects.all()).count() == 1
        assert [line.requested.value for line in found.parts] == [0, 1]


def test_a_day_of_25_hours_is_one_day(office: None) -> None:
    period = periods.between(date(2026, 10, 25), date(2026, 10, 25), OSLO)
    assert period.ends - period.starts == timedelta(hours=25)
    store(carrier(1, period.starts), carrier(2, period.ends - timedelta(seconds=1)))
    store(carrier(3, period.ends))
    assert measures.numbers(ChatSession.objects.all(), period, Slice()).total.requested.value == 2


def test_the_last_millisecond_of_a_day_is_still_that_day(office: None) -> None:
    period = periods.between(date(2026, 7, 1), date(2026, 7, 2), UTC)
    store(carrier(1, datetime(2026, 7, 1, 23, 59, 59, 999_900, tzinfo=UTC)))
    found = measures.numbers(ChatSession.objects.all(), period, Slice())
    assert [line.requested.value for line in found.parts] == [1, 0]
    assert [line.key for line in found.hours if line.requested.value] == [23]


def test_clocks_that_disagree_make_no_negative_times(office: None) -> None:
    now = timezone.now()
    store(carrier(1, now, WhenStarted=now - timedelta(seconds=5), WhenEnded=now))
    period = periods.ending(timezone.localdate(), 2, UTC)
    total = measures.numbers(ChatSession.objects.all(), period, Slice()).total
    assert total.wait.spread.median == 0


def test_now_says_who_waits_since_when_and_who_is_there(past: datetime) -> None:
    at_work = present.now(ChatSession.objects.all(), Slice())
    waiting = ChatSession.objects.in_queue()
    assert at_work.waiting.value == waiting.count() > 0
    oldest = waiting.order_by("requested_at").values_list("requested_at", flat=True).first()
    assert at_work.waiting_since == oldest
    assert OLA not in {agent.pk for agent, _open in at_work.agents}
    for _agent, number in at_work.agents:
        assert number.slice.of(ChatSession.objects.all()).count() == number.value


def test_a_longer_past_takes_one_query_more_for_each_two_months(
    past: datetime, signed_in: SignIn
) -> None:
    client = signed_in("lead", KARI)

    def queries(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    # Seven days: just after midnight there are no chats of today, and then no names to look up.
    assert queries("/admin/numbers/?days=365") == queries("/admin/numbers/?days=7") + 5


@pytest.mark.sqlite
def test_the_numbers_of_a_year_are_read_from_an_index_and_not_from_rows(past: datetime) -> None:
    """Rows are wide: a hundred thousand of them are a gigabyte, their index is not."""
    period = periods.ending(timezone.localdate(), 365, OSLO)
    with CaptureQueriesContext(connection) as captured:
        measures.numbers(ChatSession.objects.all(), period, Slice())
    asked = [one["sql"] for one in captured if "wait_column" in one["sql"]]
    assert len(asked) == 6
    with connection.cursor() as cursor:
        for one in asked:
            cursor.execute(f"EXPLAIN QUERY PLAN {one}")
            plan = " ".join(str(row[-1]) for row in cursor.fetchall())
            cursor.execute(f"EXPLAIN {one}")
            steps = " ".join(str(row) for row in cursor.fetchall())
            assert "COVERING INDEX session_measured" in plan, plan
            assert "unixepoch" not in steps, "seconds are read from the index, not made anew"


@pytest.mark.parametrize("zone", ["Europe/Oslo", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
def test_every_hour_of_a_year_begins_where_the_clock_of_the_zone_says(zone: str) -> None:
    period = periods.between(date(2026, 1, 1), date(2026, 12, 31), ZoneInfo(zone))
    edges, hour = dict(zip(*calendars.hours(period), strict=True)), -1
    for second in range(int(period.starts.timestamp()), int(period.ends.timestamp()), 900):
        hour = edges.pop(second, hour)
        assert hour == datetime.fromtimestamp(second, period.zone).hour, second
    assert not edges, "each begins at a quarter of an hour"


def test_sessions_that_the_database_gives_in_any_order_are_counted_by_time(office: None) -> None:
    first = datetime(2026, 7, 1, 8, tzinfo=UTC)
    store(*(carrier(number, first - timedelta(hours=number)) for number in range(1, 6)))
    told = measures.numbers(
        ChatSession.objects.filter(pk__gt=0),
        periods.between(date(2026, 6, 30), date(2026, 7, 1), UTC),
        Slice(),
    )
    assert [one.requested.value for one in told.hours] == [0] * 3 + [1] * 5 + [0] * 16


def test_a_column_is_as_wide_as_its_largest_number_needs(office: None) -> None:
    """A small number, one of 64 bits, and no session at all."""
    store(carrier(1, datetime(2026, 7, 1, 8, tzinfo=UTC)))
    one, other, nothing = (
        columns.read(
            ChatSession.objects.filter(pk=pk),
            number=Value(number, output_field=BigIntegerField()),
        )
        for pk, number in ((1, 1), (1, 2**40), (3, 1))
    )
    both = columns.joined([one, other])
    assert [each.values["number"].itemsize for each in (one, other, both)] == [1, 8, 8]
    assert both.values["number"].tolist() == [1, 2**40]
    assert columns.joined([nothing, other]).values["number"].tolist() == [2**40]


@pytest.mark.parametrize(
    "query",
    [
        "days=x&since=nonsense&until=0001-01-01&topic=-1&agent=999999999999999999999",
        "since=9999-12-31&until=0001-01-01",
        "since=2026-02-30",
        "topic=0&agent=0&days=7",
        "since=2026-01-05",
        "until=2026-01-05",
    ],
)
def test_nonsense_in_the_address_is_told_and_harms_nothing(
    past: datetime, signed_in: SignIn, query: str
) -> None:
    assert signed_in("lead", KARI).get(f"/admin/numbers/?{query}").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "since=0001-01-01&until=9999-12-31",
        "requested_after=x&hour=77&outcome=never",
        "requested_after=0001-01-01T00:00:00Z&requested_before=9999-12-31T23:59:59%2B14:00",
        "agent=99999999999999",
        "topic=0&agent=4711&rating=any&hour=0&outcome=abandoned",
    ],
)
def test_the_list_takes_whatever_a_link_may_say(
    past: datetime, signed_in: SignIn, query: str
) -> None:
    client = signed_in("lead", KARI)
    client.cookies["chatops_zone"] = "Pacific/Kiritimati"
    assert client.get(f"/admin/sessions/?{query}").status_code == 200
