"""As of when rows are what SuperOffice said."""

from collections.abc import Collection

from django.db import connection
from django.db.models import TextField
from django.db.models.expressions import RawSQL

from chatops.mirror.bulk import among

#: `moments.rfc3339`, by the database: a list has no use for fifty times, only for their text.
_SHOWN = {
    "sqlite": "replace(read_at, ' ', 'T') || 'Z'",
    "postgresql": (
        "replace(to_char(read_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'),"
        " '.000000', '') || 'Z'"
    ),
}


def column() -> RawSQL:
    """When a session was last read, in RFC 3339, to be selected with its row; NULL when never."""
    sql = (
        f"SELECT {_SHOWN[connection.vendor]} FROM mirror_sessionreading AS reading"  # noqa: S608
        " WHERE reading.session_id = mirror_chatsession.id"
    )
    return RawSQL(sql, (), TextField())  # noqa: S611 all of it is ours


def sessions(ids: Collection[int]) -> dict[int, str | None]:
    """When each of these sessions was last read, in RFC 3339; those never read are not mentioned.

    Without models: a search asks this for each of its pages.
    """
    if not ids:
        return {}
    where, parameter = among("session_id", ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT session_id, {_SHOWN[connection.vendor]}"  # noqa: S608
            f" FROM mirror_sessionreading WHERE {where}",
            [parameter],
        )
        return dict(cursor.fetchall())
