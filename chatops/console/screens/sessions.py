"""The list of sessions: filters, search with excerpts, pages by key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from chatops.actions import policy, trail
from chatops.actions.callers import Role
from chatops.bulk import deeds
from chatops.console import finding, lines, paging, wording
from chatops.console.filters import SHOWN, SessionFilters
from chatops.console.screen import caller_from, screen, show, wants_fragment

PAGE = 50


@screen
def sessions(request: HttpRequest) -> HttpResponse:
    """GET the sessions that the caller may see, newest first."""
    caller = caller_from(request)
    reads = policy.reads_transcript(caller)
    filters = SessionFilters(request.GET, caller)
    found = finding.finding(caller, filters)
    if found is None:
        rows = filters.apply(lines.listed(policy.visible_sessions(caller)))
        by_time = filters.is_valid() and filters.slice.by_time
        page = paging.page(rows, request.GET, size=PAGE, by_time=by_time)
        excerpts = lines.NO_EXCERPTS
    else:
        page = found.page(request.GET, size=PAGE)
        excerpts = found.excerpts([row.pk for row in page.rows]) if reads else lines.NO_EXCERPTS
        if excerpts and not wants_fragment(request):  # not for every live update
            trail.record("messages_searched", caller=caller)
    found_deeds = [(one, wording.DEED[one].label) for one in deeds.offered(caller)]
    return show(
        request,
        "console/sessions.html",
        {
            "filters": filters,
            "deeds": found_deeds,
            "picks": bool(found_deeds) or policy.may(caller, policy.Right.EXPORT),
            "groups": _groups(request),
            "lines": lines.lines(page.rows, caller, excerpts),
            "page": page,
            "reads": reads,
            "sees_all": bool(caller.roles & {Role.LEAD, Role.AUDITOR, Role.OPERATOR}),
        },
    )


def _groups(request: HttpRequest) -> list[tuple[str, str, bool]]:
    """The groups as links that keep the other filters: address, label, whether it is shown."""
    found = []
    for name, label in SHOWN:
        query = request.GET.copy()
        for key in ("older", "newer", "show"):
            query.pop(key, None)
        if name:
            query["show"] = name
        found.append((f"?{query.urlencode()}", str(label), request.GET.get("show", "") == name))
    return found
