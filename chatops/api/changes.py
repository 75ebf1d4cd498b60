"""The change feed in pages: what a program needs to keep an exact copy."""

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.actions.policy import Right
from chatops.api import docs
from chatops.api.base import View
from chatops.api.params import INT64, Query
from chatops.api.problems import Problem
from chatops.mirror import feed
from chatops.mirror.models import Change
from chatops.mirror.rendering import rfc3339

LIMIT, MOST = 500, 1000


class Changes(View):
    """`changes/`."""

    @docs.changes_list
    def get(self, request: Request) -> Response:
        query = Query(request, "after", "limit", "epoch")
        after = query.number("after", high=INT64)
        limit = query.number("limit", low=1, high=MOST) or LIMIT
        epoch = query.mark("epoch", longest=32)
        self.need(Right.FEED)
        now = feed.position()
        if after is None:
            return Response(_answer([], now.last, now))
        try:
            # With the epoch as it was just read: should it change now, this is an old place, too.
            changes = feed.after(after, limit=limit, epoch=epoch or now.epoch)
        except feed.CursorGone as error:
            # Read again: the epoch may have changed since, and the newcomer starts from these.
            now = feed.position()
            raise Problem(
                410,
                "This place in the feed is no longer kept, or is from before a restore. Note "
                "`head` and `epoch`, read everything anew, then follow from there.",
                code="cursor_gone",
                head=now.last,
                epoch=now.epoch,
            ) from error
        results = [_change(one) for one in heard(self.caller, changes)]
        return Response(_answer(results, changes[-1].number if changes else after, now))


def _answer(results: list[dict[str, Any]], last: int, now: feed.Position) -> dict[str, Any]:
    """`last` is where to go on from; `head` the feed's last number, so `head - last` is the lag."""
    head = max(now.last, last)  # what was read may be newer than the look at the head
    return {"results": results, "last": last, "head": head, "epoch": now.epoch}


def heard(caller: Caller, changes: Sequence[Change]) -> list[Change]:
    """The changes of sessions within the caller's reach, and those that are of no session."""
    within = policy.reach(caller)
    if within.is_everything:
        return list(changes)
    about = {one.session_id for one in changes if one.session_id is not None}
    mine = within.filter(pk__in=about)
    ids = set(mine.values_list("pk", flat=True))
    return [one for one in changes if one.session_id is None or one.session_id in ids]


def _change(one: Change) -> dict[str, Any]:
    return {
        "number": one.number,
        "kind": one.kind,
        "op": one.op,
        "session_id": one.session_id,
        "object_id": one.object_id,
        "at": rfc3339(one.at),
    }
