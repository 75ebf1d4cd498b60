"""How true the mirror is."""

from rest_framework.request import Request
from rest_framework.response import Response

from chatops.actions import policy
from chatops.actions.policy import Right
from chatops.api import docs
from chatops.api.base import View
from chatops.api.params import Query
from chatops.sync import health

#: What everybody who reads may know; the rest is for those who run it.
FOR_ALL = (
    "as_of",
    "stale_since",
    "reason",
    "is_stale",
    "lag_seconds",
    "hook",
    "last_compare",
    "ranges",
)


class Mirror(View):
    """`mirror/`."""

    @docs.mirror_get
    def get(self, request: Request) -> Response:
        Query(request)
        held = policy.rights(self.caller)
        runs_it = held & {Right.OPERATE, Right.METRICS}
        if not runs_it:
            self.need(Right.READ)
        report = health.report()
        return Response(report if runs_it else {name: report[name] for name in FOR_ALL})
