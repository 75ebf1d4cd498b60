"""The list of sessions as a file."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.actions.errors import Invalid, NotFound
from chatops.console import acting, finding, selecting
from chatops.console.screen import caller_from, screen
from chatops.console.sentences import told
from chatops.reports import export as exports


@screen
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """POST `as` (csv or jsonl) and `query`, the address of the list: the rows that it lists; with
    `reason`, also the personal data of the chats that the caller leads.

    A POST, because it leaves a line in the trail, and no link should do that.
    """
    kind = request.POST.get("as", "")
    if kind not in exports.CONTENT_TYPES:
        raise NotFound("There is no such kind of file.")
    try:
        return listed(request, caller_from(request), kind)
    except Invalid as error:
        messages.error(request, told(error.detail))
        return HttpResponseRedirect(acting.came_from(request))


def listed(request: HttpRequest, caller: Caller, kind: str) -> HttpResponseBase:
    """Every session that the filters in the form list, as a file. Raises Invalid when one of them
    is wrong: what was asked for then is not what would be done."""
    filters = selecting.filters_in(request, caller)
    if not filters.is_valid():
        name, wrong = next(iter(filters.errors.items()))
        raise Invalid(f"{name}: {wrong[0]}", field=name)
    rows = filters.apply(policy.visible_sessions(caller))
    found = finding.finding(caller, filters)
    among = found.chunks() if found else None
    reason = request.POST.get("reason", "")
    parts = exports.export(caller, rows, kind, told=filters.told, among=among, reason=reason)
    return _file(kind, StreamingHttpResponse(parts))


def ticked(request: HttpRequest, caller: Caller, kind: str) -> HttpResponseBase:
    """The sessions that are ticked in the form, as a file. Raises Invalid when none is."""
    ids = selecting.ticked(request)
    if not ids:
        raise Invalid("No chat is chosen.", field="id")
    rows = policy.visible_sessions(caller).filter(pk__in=ids)
    parts = exports.export(caller, rows, kind, told={"chosen": len(ids)})
    return _file(kind, StreamingHttpResponse(parts))


def _file(kind: str, response: StreamingHttpResponse) -> HttpResponseBase:
    response["Content-Type"] = exports.CONTENT_TYPES[kind]
    name = f"sessions-{timezone.localtime():%Y-%m-%d-%H%M}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
