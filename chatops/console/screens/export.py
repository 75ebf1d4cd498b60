"""The list of sessions as a file."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from chatops.actions import policy
from chatops.actions.errors import NotFound
from chatops.console import finding
from chatops.console.filters import SessionFilters
from chatops.console.screen import caller_from, screen
from chatops.reports import export as exports


@screen
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """POST `as` (csv or jsonl) and `query`, the address of the list: the rows that it lists.

    A POST, because it leaves a line in the trail, and no link should do that.
    """
    caller = caller_from(request)
    kind = request.POST.get("as", "")
    if kind not in exports.CONTENT_TYPES:
        raise NotFound("There is no such kind of file.")
    filters = SessionFilters(QueryDict(request.POST.get("query", "")[:4000]), caller)
    rows = filters.apply(policy.visible_sessions(caller))
    found = finding.finding(caller, filters)
    among = found.chunks() if found else None
    response = StreamingHttpResponse(
        exports.export(caller, rows, kind, told=filters.told, among=among),
        content_type=exports.CONTENT_TYPES[kind],
    )
    name = f"sessions-{timezone.localtime():%Y-%m-%d-%H%M}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
