"""My SuperOffice account: whose name I act in; link, test, unlink."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from chatops.actions import trail
from chatops.actions.callers import Caller
from chatops.console.screen import caller_from, screen, show, wants_fragment
from chatops.console.sentences import told
from chatops.mirror.models import ChatTopic, TopicMember
from chatops.remote import linking, signin
from chatops.remote.models import Agent, Credential
from chatops.subscriptions import keeping

Scheme = Credential.Scheme


class LinkForm(forms.Form):
    """A user name with a password, or a ticket. What is secret is never shown again."""

    scheme = forms.ChoiceField(
        choices=[
            (Scheme.BASIC, gettext_lazy("User name and password")),
            (Scheme.TICKET, gettext_lazy("Ticket")),
        ]
    )
    user = forms.CharField(required=False, max_length=254)
    password = forms.CharField(required=False, max_length=500, strip=False)
    ticket = forms.CharField(required=False, max_length=2000)

    def clean(self) -> dict[str, Any]:
        """What the scheme needs is there."""
        cleaned = super().clean() or {}
        needed = {
            Scheme.BASIC: {
                "user": gettext("Write your user name at SuperOffice."),
                "password": gettext("Write your password at SuperOffice."),
            },
            Scheme.TICKET: {"ticket": gettext("Paste the ticket.")},
        }
        for name, sentence in needed.get(cleaned.get("scheme", ""), {}).items():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        return cleaned

    @property
    def secret(self) -> dict[str, str]:
        """What this scheme needs, as `linking.link` takes it."""
        if self.cleaned_data["scheme"] == Scheme.TICKET:
            return {"ticket": self.cleaned_data["ticket"]}
        return {"user": self.cleaned_data["user"], "password": self.cleaned_data["password"]}


@screen
def account(request: HttpRequest) -> HttpResponse:
    """GET whose name the caller acts in."""
    return _page(request, LinkForm())


def _page(request: HttpRequest, form: LinkForm, refusal: str = "") -> HttpResponse:
    caller = caller_from(request)
    agent = caller.agent
    return show(
        request,
        "console/account.html",
        {
            "agent": agent,
            "credential": agent.credential if agent else None,
            "memberships": _memberships(agent) if agent else [],
            "form": form,
            "refusal": refusal,
            "by_superoffice": signin.is_offered(),
            "silent": keeping.silent(caller.user),
        },
    )


def _memberships(agent: Agent) -> list[tuple[str, TopicMember]]:
    rows = list(TopicMember.objects.filter(associate_id=agent.associate_id).order_by("topic_id"))
    topics = ChatTopic.objects.defer("raw").in_bulk([row.topic_id for row in rows])
    return [(str(topics.get(row.topic_id) or row.topic_id), row) for row in rows]


@sensitive_post_parameters("password", "ticket")
@screen
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest) -> HttpResponse:
    """POST a sign-in: checked at SuperOffice before it is kept. A refusal is told at the form.

    GET: from the page that tells it, to the account's own. A live update of it is answered here:
    one that is led elsewhere loads the page anew, which would send the form again.
    """
    if request.method != "POST":
        return _page(request, LinkForm()) if wants_fragment(request) else _back()
    form = LinkForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    caller = caller_from(request)
    try:
        agent = linking.link(caller.user, form.cleaned_data["scheme"], form.secret)
    except linking.LinkRefused as error:
        return _page(request, form, refusal=told(str(error)))
    trail.record("account_linked", caller=caller, object=f"associate:{agent.associate_id}")
    name = agent.full_name or agent.login
    messages.success(request, _("Linked: you act as %(name)s in SuperOffice.") % {"name": name})
    return _back()


@screen
@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """POST: ask SuperOffice whether the linked account is still good."""
    agent = caller_from(request).agent
    if agent is None:
        messages.warning(request, _("No SuperOffice account is linked."))
        return _back()
    try:
        principal = linking.check(agent)
    except linking.LinkRefused as error:
        messages.error(request, told(str(error)))
    else:
        messages.success(
            request, _("SuperOffice answers: you are %(name)s.") % {"name": principal.full_name}
        )
    return _back()


@screen
@require_POST
def unlink(request: HttpRequest) -> HttpResponse:
    """POST: forget the account and its secrets."""
    caller = caller_from(request)
    _unlink(caller)
    messages.success(request, _("Your account is no longer linked; its secret is gone."))
    return _back()


def _unlink(caller: Caller) -> None:
    with transaction.atomic():
        if caller.agent and linking.unlink(caller.user):
            associate = caller.agent.associate_id
            trail.record("account_unlinked", caller=caller, object=f"associate:{associate}")


def _back() -> HttpResponse:
    response = HttpResponseRedirect(reverse("admin:account"))
    response.status_code = 303
    return response
