"""The fields of a session that may be changed, guarded: what somebody else changed is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from chatops.actions import judging, patches, policy, verbs
from chatops.actions.models import Action
from chatops.actions.policy import Right
from chatops.console import acting, facts, lines
from chatops.console.screen import caller_from, screen, show
from chatops.console.sentences import told
from chatops.mirror.models import ChatSession
from chatops.remote import abilities

LABELS = {
    "CustomerName": _("Name"),
    "CustomerEmail": _("E-mail"),
    "CustomerPhone": _("Phone"),
    "CustomerCompanyName": _("Company"),
    "Person/PersonId": _("Person (id)"),
    "Contact/ContactId": _("Company (id)"),
    "Project/ProjectId": _("Project (id)"),
    "Sale/SaleId": _("Sale (id)"),
    "Ticket/TicketId": _("Request (id)"),
}
#: Shown masked to those without the right, so they cannot be edited by them either.
PERSONAL = {"CustomerEmail", "CustomerPhone"}


@dataclass(slots=True)
class Entry:
    """One field: what the form was based on, what was typed, and what SuperOffice has now."""

    path: str
    name: str
    label: Any
    based_on: str
    value: str
    now: str
    error: str = ""

    @property
    def is_number(self) -> bool:
        return "/" in self.path

    @property
    def conflicts(self) -> bool:
        """Somebody else changed what was changed here."""
        return self.now != self.based_on and self.value not in {self.based_on, self.now}


@screen
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, session_id: int) -> HttpResponse:
    """GET the form; POST what was typed. On a conflict the form comes back with both values."""
    caller = caller_from(request)
    row = policy.require(caller, Right.PATCH, session_id)
    personal = policy.sees_personal(caller, row)
    paths = [path for path in LABELS if personal or path not in PERSONAL]
    if request.method != "POST":
        return _page(request, row, _entries(row, paths, {}))
    changes, wrong = _changes(_entries(row, paths, request.POST))
    if wrong:
        return _page(request, row, wrong)
    wish = acting.wish_of(request, "edit")
    outcome = acting.attempt(lambda: _patch(session_id, changes, wish))
    if outcome.is_done:
        return acting.answer(request, outcome, to=reverse("admin:session", args=[session_id]))
    row = policy.require(caller, Right.PATCH, session_id)
    entries = _entries(row, paths, request.POST)
    if outcome.error and outcome.error.field:
        for entry in entries:
            entry.error = told(outcome.error.detail) if entry.path == outcome.error.field else ""
    return _page(request, row, entries, outcome)


def _patch(session_id: int, changes: list[dict[str, Any]], wish: Any) -> Action:
    return verbs.patch_session(session_id, changes, wish=wish)


def _entries(row: ChatSession, paths: list[str], posted: Mapping[str, Any]) -> list[Entry]:
    raw = json.loads(row.raw or "{}")
    found = []
    for path in paths:
        now = str(patches.value_at(raw, path) or "")
        name = path.replace("/", ".")
        based_on = str(posted.get(f"was.{name}", now))
        typed = str(posted.get(name, now)).strip()
        found.append(Entry(path, name, LABELS[path], based_on, typed, now))
    return found


def _changes(entries: list[Entry]) -> tuple[list[dict[str, Any]], list[Entry]]:
    """JSON Patch operations for what was changed, each guarded by what it was based on.

    Returns the entries as well when one of them is wrong.
    """
    changes: list[dict[str, Any]] = []
    wrong = False
    for entry in entries:
        if entry.value == entry.based_on:
            continue
        if entry.is_number and not _is_id(entry.value):
            entry.error, wrong = str(_("An id is a whole number; empty means none.")), True
            continue
        changes += [
            {"op": "test", "path": entry.path, "value": _value(entry, entry.based_on)},
            {"op": "replace", "path": entry.path, "value": _value(entry, entry.value)},
        ]
    return changes, entries if wrong else []


def _is_id(text: str) -> bool:
    return not text or (text.isascii() and text.isdecimal() and len(text) <= 10)


def _value(entry: Entry, text: str) -> str | int:
    if not entry.is_number:
        return text
    return int(text) if text and _is_id(text) else 0


def _page(
    request: HttpRequest,
    row: ChatSession,
    entries: list[Entry],
    outcome: acting.Outcome | None = None,
) -> HttpResponse:
    return show(
        request,
        "console/edit.html",
        {
            "session": row,
            "line": lines.lines([row], caller_from(request))[0],
            "entries": entries,
            "read_only": told(judging.NO_PATCH) if not abilities.can_patch() else "",
            "conflicts": [entry for entry in entries if entry.conflicts],
            "outcome": outcome,
            "linked": facts.linked(facts.rendered(row, caller_from(request))),
        },
    )
