"""The door for SuperOffice's webhooks: check the raw bytes, store, answer; nothing else.

As a view, for any server; under `serve`, `hookdoor` does the same before Django.
"""

import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import Counter

from chatops.api import problems
from chatops.superoffice import webhooks
from chatops.sync import inbox

logger = logging.getLogger(__name__)

#: All that a forged hint leaves behind.
REFUSED = Counter("chatops_hints_refused", "Hints without a valid signature.")
NOT_SIGNED, NOT_STORED = "The signature is missing or wrong.", "It could not be stored."


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    """Exactly 200 for every validly signed delivery, whatever it contains.

    Anything else counts against us, and after nine SuperOffice stops calling (contract, I.6). So
    only our own failure to store is 503. It carries no customer data, and its body is never read
    beyond API_BODY_CAP_BYTES.
    """
    if request.method != "POST":
        refusal = problems.plain(request, 405, "SuperOffice posts here.")
        refusal["Allow"] = "POST"
        return refusal
    cap = settings.API_BODY_CAP_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > cap:
        return problems.plain(request, 413, f"The body is larger than {cap} bytes.")
    body = request.body
    signature = request.headers.get(webhooks.SIGNATURE_HEADER, "")
    if not webhooks.is_signed(body, signature, settings.WEBHOOK_SECRETS):
        REFUSED.inc()
        return problems.plain(request, 401, NOT_SIGNED)
    try:
        inbox.store(body, request.headers.get(webhooks.EVENT_ID_HEADER))
    except DatabaseError:
        logger.exception("a hint could not be stored")
        return problems.plain(request, 503, NOT_STORED, code="not_stored")
    return HttpResponse(status=200)
