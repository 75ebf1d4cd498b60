"""Our webhook at SuperOffice: for operators."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from chatops.actions import errors, trail
from chatops.console.keeping import keep
from chatops.console.screen import caller_from, screen
from chatops.console.screens.inbox import require_operator
from chatops.remote import wiring
from chatops.superoffice.errors import SuperOfficeError
from chatops.sync import hooks

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
        require_operator(request)
        try:
            deed(wiring.service_client(person=True))
        except hooks.NotConfigured as error:
            raise errors.Invalid(hooks.NotConfigured.detail) from error
        except SuperOfficeError as error:
            raise errors.Unavailable(error.detail) from error
        trail.record(f"webhook_{do}", caller=caller)

    return keep(request, run, _("Done. The state below is SuperOffice's."))
