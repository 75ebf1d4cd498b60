"""Outgoing webhooks, to see: who is told what, where, and which were switched off and why.

They are made and changed by the programs themselves, over the API. The secret is on no page.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chatops.console.admin.operators import ReadOnly
from chatops.console.admin.times import when
from chatops.subscriptions.models import Subscription


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnly):
    heading = _("Subscriptions")
    list_display = (
        "label_or_number",
        "owner",
        "url",
        "state",
        "notice",
        "failures",
        when("delivered_at", "last delivery"),
    )
    list_select_related = ("owner",)
    ordering = ("-id",)
    fields: ClassVar = (
        "label",
        "owner",
        "url",
        "kinds",
        "topics",
        "state",
        "notice",
        "number",
        "failures",
        "failing_since",
        "next_at",
        "last_error",
        "delivered_at",
        "created_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        return super().get_queryset(request).defer("secret")

    @admin.display(description=_("subscription"))
    def label_or_number(self, one: Subscription) -> str:
        return str(one)
