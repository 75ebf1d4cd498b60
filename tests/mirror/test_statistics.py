"""Statistics for SQLite's planner."""

import pytest
from django.db import connection

from chatops.mirror import statistics

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db]


def test_after_a_refresh_the_planner_knows_the_tables() -> None:
    statistics.refresh()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_stat1")
        assert cursor.fetchone()[0] > 0


def test_it_may_be_done_again_at_any_time() -> None:
    statistics.refresh()
    statistics.refresh()
