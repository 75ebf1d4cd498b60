"""Signing in at SuperOffice, to enter or to link one's account: there, and back.

Both ways begin with a link and not a form: the content security policy holds for where a form is
redirected to as well, and it allows only ourselves. One address takes the browser back, because
that address is registered at SuperOffice (contract, B.2).
"""

from __future__ import annotations

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chatops.actions import trail
from chatops.actions.callers import caller_of
from chatops.console.screen import caller_from, screen
from chatops.console.sentences import told
from chatops.remote import signin
from chatops.remote.linking import LinkRefused

#: Where the session keeps what a sign-in began with.
KEPT = "superoffice_signin"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@require_safe
def enter(request: HttpRequest) -> HttpResponse:
    """GET: to SuperOffice, to enter by it; `next` is where to go afterwards."""
    return _begin(request, user="", to=request.GET.get("next", ""), back="admin:login")


@screen
@require_safe
def link(request: HttpRequest) -> HttpResponse:
    """GET: to SuperOffice, to link the account of whoever is signed in here."""
    return _begin(request, user=str(caller_from(request).user.pk), to="", back="admin:account")


def _begin(request: HttpRequest, *, user: str, to: str, back: str) -> HttpResponse:
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        messages.error(request, _("Begin the sign-in on this page."))
        return HttpResponseRedirect(reverse(back))
    try:
        begun = signin.begin(redirect_uri=_address(request))
    except LinkRefused as error:
        messages.error(request, told(str(error)))
        return HttpResponseRedirect(reverse(back))
    request.session[KEPT] = {**begun.kept, "user": user, "to": to}
    return HttpResponseRedirect(begun.url)


def _address(request: HttpRequest) -> str:
    """Our own address for the way back, as it is registered."""
    path = reverse("admin:signin_back")
    return (
        f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)
    )


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """GET: the browser comes back with what SuperOffice gave it; used once, whatever it is."""
    kept = request.session.pop(KEPT, {})
    query = {name: str(request.GET.get(name, ""))[:4000] for name in ("state", "code")}
    if kept.get("user"):
        return _linked(request, kept, query)
    return _entered(request, kept, query)


def _linked(request: HttpRequest, kept: dict[str, str], query: dict[str, str]) -> HttpResponse:
    response = HttpResponseRedirect(reverse("admin:account"))
    user = request.user
    if not isinstance(user, User) or str(user.pk) != kept["user"]:
        messages.error(request, _("Somebody else is signed in here now. Begin again."))
        return response
    try:
        agent = signin.finish(user, kept, query)
    except LinkRefused as error:
        messages.error(request, told(str(error)))
        return response
    caller = caller_from(request)
    trail.record("account_linked", caller=caller, object=f"associate:{agent.associate_id}")
    name = agent.full_name or agent.login
    messages.success(request, _("Linked: you act as %(name)s in SuperOffice.") % {"name": name})
    return response


def _entered(request: HttpRequest, kept: dict[str, str], query: dict[str, str]) -> HttpResponse:
    try:
        agent = signin.finish(None, kept, query)
    except LinkRefused as error:
        messages.error(request, told(str(error)))
        return HttpResponseRedirect(reverse("admin:login"))
    auth.login(request, agent.user, backend=BACKEND)
    caller = caller_of(agent.user, source="console", request_id=getattr(request, "request_id", ""))
    trail.record("signed_in", caller=caller, object=f"associate:{agent.associate_id}")
    to = kept.get("to", "")
    if not url_has_allowed_host_and_scheme(to, {request.get_host()}, request.is_secure()):
        to = reverse("admin:index")
    return HttpResponseRedirect(to)
