"""As of when rows are what SuperOffice said."""

from collections.abc import Collection

from django.db import connection

from chatops.mirror.bulk import among
from chatops.mirror.moments import rfc3339


def sessions(ids: Collection[int]) -> dict[int, str | None]:
    """When each of these sessions was last read, in RFC 3339; those never read are not mentioned.

    Without models: a list asks this for each of its pages.
    """
    if not ids:
        return {}
    where, parameter = among("session_id", ids)
    sqlite = connection.vendor == "sqlite"
    read_at = "replace(read_at, ' ', 'T') || 'Z'" if sqlite else "read_at"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT session_id, {read_at} FROM mirror_sessionreading WHERE {where}",  # noqa: S608
            [parameter],
        )
        found = cursor.fetchall()
    return dict(found) if sqlite else {one: rfc3339(when) for one, when in found}
