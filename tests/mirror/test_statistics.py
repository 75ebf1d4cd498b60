"""Statistics for SQLite's planner."""

import contextlib
import sqlite3

import pytest
from django.db import connection

from chatops.mirror import ingest, statistics
from tests.mirror.carriers import body, session

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db]


def test_after_a_refresh_the_planner_knows_the_tables() -> None:
    statistics.refresh()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_stat1")
        assert cursor.fetchone()[0] > 0


@pytest.mark.django_db(transaction=True)
def test_connections_that_are_open_learn_how_the_tables_have_grown() -> None:
    """The second one stands for a web process, which was there before the first chat."""
    question = (
        "SELECT id FROM mirror_chatsession WHERE topic_id IN (7, 8) OR associate_id = 5"
        " ORDER BY id DESC LIMIT 50"
    )

    def plan(how: str) -> str:
        rows = web.execute(f"EXPLAIN QUERY PLAN {question} -- {how}").fetchall()
        return " / ".join(str(row[-1]) for row in rows)

    statistics.refresh()
    with contextlib.closing(sqlite3.connect(connection.settings_dict["NAME"])) as web:
        web.execute(question).fetchall()
        answers = [
            ingest.Answer(one, body(session(one, TopicId=one % 12, User={"AssociateId": one % 50})))
            for one in range(1, 3000)
        ]
        ingest.store_sessions(answers, reading=ingest.next_reading())
        web.execute(question).fetchall()
        assert "FOR ORDER BY" in plan("before")
        statistics.refresh()
        web.execute(question).fetchall()
        assert "FOR ORDER BY" not in plan("after")


def test_it_may_be_done_again_at_any_time() -> None:
    statistics.refresh()
    statistics.refresh()
