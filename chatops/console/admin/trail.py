"""The trail: who did what, when, to what, with what result. Append-only, so only to read."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from chatops.actions.models import TrailEntry
from chatops.console import wording
from chatops.console.admin.operators import ReadOnly
from chatops.console.admin.times import when


@admin.register(TrailEntry)
class TrailEntryAdmin(ReadOnly):
    heading = _("Trail")
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
    search_fields: ClassVar = ("=session_id", "=what", "=caller", "=request_id")
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

    @admin.display(description="what", ordering="what")
    def told(self, entry: TrailEntry) -> str:
        """In words; the name itself is what one searches by."""
        return str(wording.trail(entry.what))
