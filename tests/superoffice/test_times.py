"""Dates of SuperOffice, in all the ways they come (contract K.1)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.superoffice.times import FIRST_YEAR, format_time, naive_times, parse_time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T09:15:27.1234567Z", datetime(2026, 3, 2, 9, 15, 27, 123456, UTC)),
        ("2026-03-02T09:15:27.9999999Z", datetime(2026, 3, 2, 9, 15, 27, 999999, UTC)),
        ("2026-03-02T10:15:27+01:00", datetime(2026, 3, 2, 9, 15, 27, tzinfo=UTC)),
        ("2026-03-02T10:15:27.5+0100", datetime(2026, 3, 2, 9, 15, 27, 500000, UTC)),
        ("2026-03-02T05:45:27-03:30", datetime(2026, 3, 2, 9, 15, 27, tzinfo=UTC)),
        ("2026-03-02T09:15:27", datetime(2026, 3, 2, 9, 15, 27, tzinfo=UTC)),
        ("2026-03-02 09:15", datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2007-12-18T17:54:08.0543344+01:00", datetime(2007, 12, 18, 16, 54, 8, 54334, UTC)),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("0001-01-01T00:00:00-12:00", None),
        ("1760-01-01T00:00:00", None),
        ("1899-12-31T23:59:59Z", None),
        ("1900-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59.9999999-01:00", None),
        ("2026-02-31T00:00:00Z", None),
        ("2026-03-02T25:00:00Z", None),
        ("2026-03-02T09:15:27+99:99", None),
        ("/Date(1700000000000)/", None),
        ("٢٠٢٦-03-02T09:15:27Z", None),
        ("", None),
        (None, None),
        (1700000000, None),
        ({}, None),
    ],
)
def test_dates_become_moments_in_utc_or_nothing(text: object, expected: datetime | None) -> None:
    assert parse_time(text) == expected


def test_times_without_an_offset_are_counted_and_empty_dates_are_not() -> None:
    before = naive_times.total
    parse_time("2026-03-02T09:15:27")
    parse_time("2026-03-02T09:15:27Z")
    parse_time("0001-01-01T00:00:00")
    assert naive_times.total == before + 1


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]*([+-][0-9:]*)?"))
def test_nothing_breaks_the_reader(text: str) -> None:
    moment = parse_time(text)
    assert moment is None or (moment.year >= FIRST_YEAR and moment.tzinfo is UTC)


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1901, 1, 1), datetime(9998, 1, 1)), ZONES)  # noqa: DTZ001 - made aware
def test_any_moment_survives_the_way_there_and_back(naive: datetime, zone: timezone) -> None:
    moment = naive.replace(tzinfo=zone)
    assert parse_time(format_time(moment)) == moment
    assert parse_time(moment.isoformat()) == moment


def test_a_moment_without_a_zone_is_not_sent() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_time(datetime(2026, 3, 2))  # noqa: DTZ001 - what must not be
