"""Alive, ready, and the truth about the mirror: three questions, three addresses.

- `/healthz`: this process answers. Nothing is asked of anybody.
- `/readyz`: requests can be served: the database answers and has the tables this release needs.
  SuperOffice being down keeps us ready: what is mirrored can be read.
- `/metrics`: how fresh, how much waits, for Prometheus; for operators and the metrics token.
"""

import secrets

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from chatops.actions import policy, tokens
from chatops.actions.callers import caller_of
from chatops.ops import metrics

BEARER = "Bearer "
PLAIN = "text/plain; charset=utf-8"


class _Migrated:
    """Whether every migration is applied; asked until it is true, then remembered."""

    known = False

    @classmethod
    def is_true(cls) -> bool:
        if not cls.known:
            executor = MigrationExecutor(connection)
            cls.known = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return cls.known


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return HttpResponse("alive\n", content_type=PLAIN)


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, 503 with the reason when not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        migrated = _Migrated.is_true()
    except Error:
        return _not_ready("the database does not answer")
    if not migrated:
        return _not_ready("migrations are missing: run `manage.py migrate`")
    return HttpResponse("ready\n", content_type=PLAIN)


def _not_ready(reason: str) -> HttpResponse:
    response = HttpResponse(f"not ready: {reason}\n", status=503, content_type=PLAIN)
    response["Retry-After"] = "2"
    return response


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Prometheus' text; 401 without a sign-in, 403 without the right to it."""
    status = _metrics_status(request)
    if status != 200:
        response = HttpResponse("not allowed\n", status=status, content_type=PLAIN)
        if status == 401:
            response["WWW-Authenticate"] = "Bearer"
        return response
    return HttpResponse(metrics.page(), content_type=CONTENT_TYPE_LATEST)


def _metrics_status(request: HttpRequest) -> int:
    header = request.headers.get("Authorization", "")
    if header.startswith(BEARER):
        given = header.removeprefix(BEARER).strip()
        if settings.METRICS_TOKEN and _same(given, settings.METRICS_TOKEN):
            return 200
        token = tokens.find(given)
        if token is None:
            return 401
        caller = caller_of(token.owner, token=token, source="ops")
    elif request.user.is_authenticated:
        caller = caller_of(request.user, source="ops")
    else:
        return 401
    return 200 if policy.may(caller, policy.Right.METRICS) else 403


def _same(given: str, expected: str) -> bool:
    # As bytes: the comparison of texts refuses what is not ASCII.
    return secrets.compare_digest(given.encode(), expected.encode())
