"""The trail: who did what, when, to what, with what result. Append-only, so only to read."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chatops.actions.models import TrailEntry
from chatops.console import wording
from chatops.console.admin.operators import ReadOnly
from chatops.console.admin.times import when


@admin.register(TrailEntry)
class TrailEntryAdmin(ReadOnly):
    heading = _("Trail")
    empty = _("Nothing was done yet.")
    list_display = (
        when("at", "at"),
        "actor",
        "caller",
        "told",
        "session_id",
        "object",
        "before",
        "after",
    )
    list_select_related = ("actor",)
    # Django asks for `icontains` of texts, which no index answers: see `get_search_results`.
    search_fields: ClassVar = ("session_id", "what", "caller", "request_id")
    search_help_text = _(
        "The number of a session, or exactly what was done, by whom, or a request. "
        "The newest 5000 lines stand here; a search goes through all."
    )
    ordering = ("-id",)
    fields: ClassVar = (
        "at",
        "actor",
        "caller",
        "what",
        "session_id",
        "action",
        "object",
        "before",
        "after",
        "request_id",
        "detail",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TrailEntry], search_term: str
    ) -> tuple[QuerySet[TrailEntry], bool]:
        """Lines about the session of this number, or with exactly this word."""
        word = search_term.strip()
        if not word:
            return queryset, False
        if word.isascii() and word.isdecimal() and len(word) < 10:
            return queryset.filter(session_id=int(word)), False
        return queryset.filter(Q(what=word) | Q(caller=word) | Q(request_id=word)), False

    @admin.display(description="what", ordering="what")
    def told(self, entry: TrailEntry) -> str:
        """In words; the name itself is what one searches by."""
        return str(wording.trail(entry.what))
