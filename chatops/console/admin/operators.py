"""Model pages that exist for operators alone, most of them to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.text import capfirst

from chatops.actions import policy
from chatops.console.screen import caller_from
from chatops.console.sentences import told


def operates(request: HttpRequest) -> bool:
    """Whether the caller is an operator; asked of the one place that decides."""
    if not request.user.is_authenticated:
        return False
    return policy.may(caller_from(request), policy.Right.OPERATE)


if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:  # Django's own class takes no type parameters when it runs
    AnyModelAdmin = admin.ModelAdmin


class Bounded(Paginator):  # type: ignore[type-arg]  # its parameter is no more than the row's class
    """Pages of the first rows, as many as somebody may turn through; no table is counted through.

    What lies behind them is found by searching.
    """

    MOST = 5000

    @cached_property
    def count(self) -> int:
        """The number of rows, or `MOST`."""
        rows: Any = self.object_list
        return int(rows.order_by()[: self.MOST].count())


class ForOperators(AnyModelAdmin):
    """A model page that is there for operators only."""

    paginator = Bounded
    show_full_result_count = False
    list_per_page = 50
    #: What the pages are called; Django's own plurals are made by adding an s.
    heading: Any = ""
    #: Why the list may be empty, and what to do.
    empty: Any = ""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        named = {"heading": self.heading, "empty": self.empty, **(extra_context or {})}
        return super().changelist_view(request, named)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        named = {"heading": self.heading, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, named)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return operates(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return operates(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return operates(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return operates(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnly(ForOperators):
    """To read: what is there comes from somewhere else."""

    actions = None

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        # Django's own title would begin with "View" and end in English.
        named = {"title": capfirst(told(self.opts.verbose_name)), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, named)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
