"""API tokens: made and shown once, rotated, revoked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chatops.actions import tokens
from chatops.actions.callers import SCOPES
from chatops.actions.models import ApiToken
from chatops.console.admin.operators import ForOperators, operates
from chatops.console.admin.times import when
from chatops.console.screen import caller_from, show
from chatops.mirror.models import ChatTopic

#: What each scope opens, as the form tells it; docs/api.md says more.
OPENS: dict[str, Any] = {
    "read": gettext_lazy("see sessions, topics, agents, actions and the mirror's state"),
    "transcripts": gettext_lazy("see and search what was said"),
    "personal": gettext_lazy("see e-mail, phone and address unmasked"),
    "send": gettext_lazy("answer customers"),
    "act": gettext_lazy("accept, reject, pick up, transfer and start chats"),
    "patch": gettext_lazy("edit what is known of the customer"),
    "reset": gettext_lazy("put chats back on the queue, as a lead"),
    "export": gettext_lazy("take sessions out as a file"),
    "feed": gettext_lazy("follow changes: feed, live stream, subscriptions"),
    "metrics": gettext_lazy("read /metrics, as an operator"),
}


class TokenForm(forms.Form):
    """What a token is for, whose it is, what it may do, and how long."""

    label = forms.CharField(label=gettext_lazy("Label"), max_length=100)
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("username"), label=gettext_lazy("Owner")
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, OPENS[scope]) for scope in SCOPES], widget=forms.CheckboxSelectMultiple
    )
    topics = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=365, initial=90)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["topics"]
        assert isinstance(field, forms.MultipleChoiceField)
        topics = ChatTopic.objects.order_by("name").defer("raw")
        field.choices = [(str(topic.pk), str(topic)) for topic in topics]


@admin.register(ApiToken)
class ApiTokenAdmin(ForOperators):
    """The list is Django's; making, rotating and revoking go through `actions.tokens`."""

    heading = gettext_lazy("API tokens")
    empty = gettext_lazy("No program may act or read yet. A token is shown once, when it is made.")
    list_display = (
        "label",
        "owner",
        "prefix",
        "scope_list",
        when("last_used_at", "last used"),
        when("expires_at", "until"),
        "state",
    )
    list_select_related = ("owner",)
    ordering = ("-id",)
    actions = None
    change_form_template = "console/token.html"
    readonly_fields = (
        "label",
        "owner",
        "prefix",
        "scope_list",
        "created_at",
        "expires_at",
        "last_used_at",
        "state",
    )
    fields = readonly_fields

    @admin.display(description="allowed to")
    def scope_list(self, token: ApiToken) -> str:
        return " ".join(token.scopes)

    @admin.display(description="state")
    def state(self, token: ApiToken) -> str:
        if token.revoked_at:
            return _("revoked")
        return _("expired") if token.expires_at <= timezone.now() else _("good")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:token_id>/rotate/", wrap(self.rotate), name="rotate_token"),
            path("<int:token_id>/revoke/", wrap(self.revoke), name="revoke_token"),
        ]
        return [*own, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """GET the form; POST makes the token and shows it this once."""
        if not operates(request):
            return self._not_here(request)
        form = TokenForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            asked = form.cleaned_data
            token, plain = tokens.issue(
                owner=asked["owner"],
                label=asked["label"],
                scopes=asked["scopes"],
                topics=[int(one) for one in asked["topics"]],
                days=asked["days"],
                by=caller_from(request),
            )
            return self._shown_once(request, token, plain)
        return show(request, "console/token_form.html", {"form": form})

    def rotate(self, request: HttpRequest, token_id: int) -> HttpResponse:
        """POST: the same rights under a new text, shown this once; the old one ends at once."""
        found = self._living(request, token_id)
        if found is None:
            return self._not_here(request)
        token, plain = tokens.rotate(found, by=caller_from(request))
        return self._shown_once(request, token, plain)

    def revoke(self, request: HttpRequest, token_id: int) -> HttpResponse:
        """POST: refused from the next request on."""
        found = self._living(request, token_id)
        if found is None:
            return self._not_here(request)
        tokens.revoke(found, by=caller_from(request))
        messages.success(request, _("The token is revoked."))
        return HttpResponseRedirect(reverse("admin:actions_apitoken_changelist"))

    def _living(self, request: HttpRequest, token_id: int) -> ApiToken | None:
        if request.method != "POST" or not operates(request):
            return None
        rows = ApiToken.objects.select_related("owner")
        return rows.filter(pk=token_id, revoked_at=None).first()

    def _not_here(self, request: HttpRequest) -> HttpResponse:
        messages.error(request, _("There is no such token, or it has ended."))
        return HttpResponseRedirect(reverse("admin:index"))

    def _shown_once(self, request: HttpRequest, token: ApiToken, plain: str) -> HttpResponse:
        about = {"token": token, "plain": plain, "caveat": tokens.caveat(token)}
        return show(request, "console/token_once.html", about)
