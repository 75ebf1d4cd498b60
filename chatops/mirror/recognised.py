"""Answers whose bytes are those last stored: confirmed in one statement, before anything is parsed.

Recognising and confirming must be one step. Between a look and a write somebody else may store an
older state over the newer one that was recognised, and the confirmation would make it last.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from chatops.mirror.rows import stored_time

SESSION = ("digest", "reading", "read_at")
MESSAGES = ("messages_digest", "messages_reading", "messages_read_at")
#: "Nothing came after the last message you hold": true whatever bytes the whole had.
NOTHING_NEW = ("", "messages_reading", "messages_read_at")
Columns = tuple[str, str, str]


@lru_cache(maxsize=4)
def _statement(vendor: str, columns: Columns) -> str:
    digest, reading, read_at = columns
    # All names are ours; values are parameters.
    same = f" AND {digest} = answer.value" if digest else ""
    if vendor == "sqlite":
        return (
            f"UPDATE mirror_sessionreading SET {reading} = %s, {read_at} = %s"  # noqa: S608
            " FROM json_each(%s) AS answer WHERE session_id = CAST(answer.key AS INTEGER)"
            f"{same} AND {reading} < %s RETURNING session_id"
        )
    # The rows are locked in the order of their ids, so that two at once cannot wait for each other.
    return (
        "WITH held AS (SELECT mine.session_id FROM mirror_sessionreading AS mine"  # noqa: S608
        " JOIN unnest(%s::integer[], %s::text[]) AS answer (id, value)"
        f" ON mine.session_id = answer.id{same}"
        f" WHERE mine.{reading} < %s ORDER BY mine.session_id FOR UPDATE OF mine)"
        f" UPDATE mirror_sessionreading AS mine SET {reading} = %s, {read_at} = %s"
        " FROM held WHERE mine.session_id = held.session_id RETURNING mine.session_id"
    )


def confirm(
    digests: Mapping[int, str], columns: Columns, *, reading: int, until: int, read_at: datetime
) -> set[int]:
    """Note `until` for the sessions whose stored digest is the one given; which they are.

    `columns` is SESSION, MESSAGES, or NOTHING_NEW, which asks for no digest. The others are new,
    different, or the read of what is stored had not ended when this one, `reading`, began.
    """
    if not digests:
        return set()
    at = stored_time(read_at)
    sql = _statement(connection.vendor, columns)
    parameters: list[Any]
    if connection.vendor == "sqlite":
        parameters = [until, at, json.dumps(digests), reading]
    else:
        parameters = [list(digests), list(digests.values()), reading, until, at]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return {row[0] for row in cursor.fetchall()}
