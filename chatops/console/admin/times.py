"""Times in lists of rows, as the rest of the console shows them: short, the exact one on hover."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin

from chatops.console.templatetags.console import at


def when(field: str, label: str) -> Callable[[Any], str]:
    """A column that shows the time in `field`, sorted by it."""

    @admin.display(description=label, ordering=field)
    def column(row: Any) -> str:
        return at(getattr(row, field)) or "–"

    return column
