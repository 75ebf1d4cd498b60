"""What every request goes through: it gets an id, one line in the log, and a limit on its body."""

import logging
import re
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any, ClassVar, cast
from uuid import uuid4

import structlog
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils import translation

from chatops.api import hooks, problems
from chatops.api.authentication import is_program

logger = logging.getLogger(__name__)

#: What we accept as somebody else's request id: it goes into logs and answers.
SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
#: Asked every few seconds by machines: not worth a line each.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

#: SuperOffice's door, as in urls.py.
HOOKS = "/hooks/superoffice/"

Answer = Callable[[HttpRequest], HttpResponseBase]


def request_id_from(header: str | None) -> str:
    """The caller's own id when it is a sane one, else a new one."""
    return header if header and SANE_ID.match(header) else uuid4().hex


def too_large(cap: int) -> str:
    return f"The body is larger than {cap} bytes, which is the most that is read."


class RequestIdMiddleware:
    """Give the request an id (`request.request_id`), answer it, and log the request in one line.

    The line has the route's pattern instead of the path: ids yes, what people typed never.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = request_id_from(request.headers.get("X-Request-Id"))
        request.request_id = request_id  # type: ignore[attr-defined]  # an attribute of ours
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            response["X-Request-Id"] = request_id
            if request.path not in QUIET:
                self._log(request, response, started)
        return response

    @staticmethod
    def _log(request: HttpRequest, response: HttpResponseBase, started: float) -> None:
        match = request.resolver_match
        logger.info(
            "request",
            extra={
                "method": request.method,
                "route": match.route if match else "-",
                "status": response.status_code,
                "ms": round((time.perf_counter() - started) * 1000, 1),
            },
        )


class BodyCapMiddleware:
    """Answer 413 to a body beyond API_BODY_CAP_BYTES, without reading more than that of it.

    A declared length is believed at once; a chunked body is read up to the cap. (Under `serve`
    both are done before a thread is spent: chatops/asgi.py. This holds for any other server.)
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        cap = settings.API_BODY_CAP_BYTES
        declared = request.META.get("CONTENT_LENGTH") or ""
        if declared.isdigit():
            if int(declared) > cap:
                return self._refuse(request, cap)
        elif "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = self._read(request, cap)
            if body is None:
                return self._refuse(request, cap)
        return self.get_response(request)

    @staticmethod
    def _read(request: HttpRequest, cap: int) -> bytes | None:
        """The chunked body, which Django would take for an empty one; None when beyond the cap."""
        if not isinstance(request, WSGIRequest):
            return b""
        body: bytes = request.environ["wsgi.input"].read(cap + 1)
        if len(body) > cap:
            return None
        request._stream = BytesIO(body)  # where WSGIRequest keeps what `read` and `body` read
        request.META["CONTENT_LENGTH"] = str(len(body))  # REST framework reads none without it
        return body

    @staticmethod
    def _refuse(request: HttpRequest, cap: int) -> HttpResponse:
        if problems.is_for_programs(request):
            return problems.plain(request, 413, too_large(cap))
        return HttpResponse(too_large(cap), status=413, content_type="text/plain")


class HookDoorMiddleware:
    """Let SuperOffice's webhooks in before all that only people's pages need.

    Sessions, languages, messages and content policies cost more than storing a hint does, and
    SuperOffice stops calling those who answer late (contract, I.6).
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info != HOOKS:
            return self.get_response(request)
        request.resolver_match = resolve(HOOKS)  # for the log's line
        return hooks.receive(request)


class _Views(BaseHandler):
    """Finds the view and calls it, with no middleware between."""

    _view_middleware = _template_response_middleware = _exception_middleware = ()


class ProgramDoorMiddleware:
    """Let programs with a token in before what only people's pages need.

    A token makes sessions, their languages, messages and CSRF needless: half of what a list of the
    API would cost. What protects is the same: nothing of an answer may be loaded, run or framed.
    """

    HEADERS: ClassVar = {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "X-Frame-Options": "DENY",
    }

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        views: Any = _Views()
        self._views = cast(Answer, convert_exception_to_response(views._get_response))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not (request.path_info.startswith("/api/") and is_program(request)):
            return self.get_response(request)
        # The thread may still speak the language of the person it served last.
        translation.activate(settings.LANGUAGE_CODE)
        response = self._views(request)
        for name, value in self.HEADERS.items():
            response.headers.setdefault(name, value)
        return response
