"""Our webhook at SuperOffice, and hints that were given up: for operators."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatops.actions import errors, policy, trail
from chatops.console.keeping import keep
from chatops.console.screen import caller_from, screen
from chatops.remote import wiring
from chatops.superoffice.errors import SuperOfficeError
from chatops.sync import hooks, inbox
from chatops.sync.models import WebhookDelivery

#: Hints that are tried again at once; what is left takes another press.
MOST = 500
DEEDS: dict[str, Callable[..., object]] = {
    "register": hooks.register,
    "activate": hooks.activate,
    "remove": hooks.remove,
}


@screen
@require_POST
def hook(request: HttpRequest, do: str) -> HttpResponse:
    """POST: register our webhook, switch it on again, or remove it."""
    caller = caller_from(request)
    deed = DEEDS.get(do)
    if deed is None:
        raise Http404

    def run() -> None:
        _require_operator(request)
        try:
            deed(wiring.service_client(person=True))
        except hooks.NotConfigured as error:
            raise errors.Invalid(hooks.NotConfigured.detail) from error
        except SuperOfficeError as error:
            raise errors.Unavailable(error.detail) from error
        trail.record(f"webhook_{do}", caller=caller)

    return keep(request, run, _("Done. The state below is SuperOffice's."))


@screen
@require_POST
def hints(request: HttpRequest) -> HttpResponse:
    """POST: work off again what was given up."""
    _require_operator(request)
    dead = list(WebhookDelivery.objects.filter(state=WebhookDelivery.State.DEAD)[:MOST])

    def run() -> None:
        for one in dead:
            inbox.rerun(one)
        trail.record("hints_again", caller=caller_from(request), detail={"hints": len(dead)})

    return keep(request, run, _("They are tried again."))


def _require_operator(request: HttpRequest) -> None:
    if not policy.may(caller_from(request), policy.Right.OPERATE):
        raise errors.Forbidden("Only operators do this.")
