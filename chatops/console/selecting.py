"""Which chats of the list a form is about: those that are ticked, or all that its filters leave."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, QueryDict

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.console import finding
from chatops.console.filters import SessionFilters

#: The longest address of a list that is read.
LONGEST_QUERY = 4000
ALL = "all"


class Selection(NamedTuple):
    """Ids of sessions, newest first, and whether more would match than are taken."""

    ids: list[int]
    more: bool = False


def filters_in(request: HttpRequest, caller: Caller) -> SessionFilters:
    """The filters of the list that the form stood on, from its field `query`."""
    return SessionFilters(QueryDict(request.POST.get("query", "")[:LONGEST_QUERY]), caller)


def ticked(request: HttpRequest) -> list[int]:
    """The ids that were ticked; nonsense among them is left out."""
    found = (text for text in request.POST.getlist("id") if text.isascii() and text.isdecimal())
    return [int(text) for text in found if len(text) < 10]


def selection(request: HttpRequest, caller: Caller) -> Selection:
    """What the form is about, up to the cap of a bulk run. Nothing is counted to know it."""
    if request.POST.get("scope") != ALL:
        return Selection(ticked(request))
    most = settings.BULK_MAX_ROWS
    filters = filters_in(request, caller)
    if found := finding.finding(caller, filters):
        return Selection(*found.newest(most))
    rows = filters.apply(policy.visible_sessions(caller)).order_by("-pk")
    ids = list(rows.values_list("pk", flat=True)[: most + 1])
    return Selection(ids[:most], more=len(ids) > most)
