"""Outgoing webhooks: who is told what, where, and which were switched off and why.

They are made and changed by the programs themselves, over the API; operators switch them off and
on, and have them deliver once more. The secret is on no page.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatops.actions.errors import Invalid
from chatops.console.admin.operators import ReadOnly, operates
from chatops.console.admin.times import when
from chatops.console.screen import caller_from
from chatops.console.sentences import told
from chatops.subscriptions import keeping
from chatops.subscriptions.models import Subscription

_NO_NUMBER = "A number of the feed is required."


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnly):
    heading = _("Subscriptions")
    empty = _(
        "No program is told of changes yet. A program subscribes "
        "over the API: POST /api/v1/subscriptions/."
    )
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
    change_form_template = "console/subscription.html"
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
        return super().get_queryset(request).defer(*keeping.SECRETS)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/switch/<str:to>/", wrap(self.switch), name="switch_subscription"),
            path("<int:pk>/redeliver/", wrap(self.redeliver), name="redeliver_subscription"),
        ]
        return [*own, *super().get_urls()]

    def switch(self, request: HttpRequest, pk: int, to: str) -> HttpResponse:
        """POST: `off`, with a notice for its owner, or `on`, from where it was."""
        one = self._asked(request, pk)
        if to not in ("on", "off"):
            raise Http404
        keeping.switch(one, on=to == "on", caller=caller_from(request))
        done = gettext("Switched on.") if to == "on" else gettext("Switched off.")
        self.message_user(request, done)
        return self._back(pk)

    def redeliver(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST `after`, a number of the feed: everything after it is delivered once more."""
        one = self._asked(request, pk)
        after = request.POST.get("after", "")
        try:
            if not (after.isascii() and after.isdecimal() and len(after) < 19):
                raise Invalid(_NO_NUMBER, field="after")
            keeping.redeliver(one, int(after), caller=caller_from(request))
        except Invalid as error:
            self.message_user(request, told(error.detail), messages.ERROR)
        else:
            self.message_user(request, gettext("It is delivered once more from there."))
        return self._back(pk)

    def _asked(self, request: HttpRequest, pk: int) -> Subscription:
        """The subscription of a POST by an operator; for others there is no such page."""
        one = self.get_queryset(request).filter(pk=pk).first()
        if request.method != "POST" or not operates(request) or one is None:
            raise Http404
        return one

    @staticmethod
    def _back(pk: int) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:subscriptions_subscription_change", args=[pk]))

    @admin.display(description=_("subscription"))
    def label_or_number(self, one: Subscription) -> str:
        return str(one)
