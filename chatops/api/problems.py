"""Every error as a problem document (RFC 9457), with a stable `code` and the request's id."""

import json
import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.template.loader import get_template
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from chatops.actions.errors import ActionError
from chatops.superoffice.errors import SuperOfficeError

logger = logging.getLogger(__name__)
JSONDict = dict[str, Any]

MEDIA_TYPE = "application/problem+json"
NOTHING_HERE = "There is nothing at this address."
OURS = "It is in our log under this request id. Nothing about it is your mistake."
#: Stable codes of what REST framework and Django refuse by themselves, by status.
CODES: dict[int, tuple[str, str]] = {
    400: ("malformed", "The request cannot be read"),
    401: ("not_authenticated", "Who are you?"),
    403: ("forbidden", "Not allowed"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "The method is not allowed here"),
    406: ("not_acceptable", "No such representation"),
    408: ("too_slow", "The request took too long to arrive"),
    413: ("too_large", "The body is too large"),
    415: ("unsupported_media_type", "The content type is not understood"),
    422: ("invalid", "The content is not acceptable"),
    429: ("rate_limited", "Too many requests"),
    431: ("head_too_large", "The head of the request is too large"),
    500: ("internal_error", "Something went wrong here"),
    503: ("remote_unavailable", "SuperOffice cannot be reached"),
}


class Problem(exceptions.APIException):
    """An error of the API itself, ready to be answered. `errors` names fields and what is wrong;
    `extra` are further members of the document.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        errors: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.status_code = status
        self.problem_code = code
        self.errors = errors or {}
        self.extra = extra


def invalid(field: str, detail: str) -> Problem:
    """422 about one field of the body or one query parameter."""
    return Problem(422, detail, errors={field: detail})


def document(
    status: int,
    detail: str,
    *,
    request_id: str,
    code: str | None = None,
    title: str | None = None,
    errors: Mapping[str, str] | None = None,
    **extra: Any,
) -> JSONDict:
    """The problem as JSON; `code` and `title` default to the status's own."""
    usual_code, usual_title = CODES.get(status, ("error", HTTPStatus(status).phrase))
    found: JSONDict = {
        "type": "about:blank",
        "title": title or usual_title,
        "status": status,
        "detail": detail,
        "code": code or usual_code,
        "request_id": request_id,
    }
    if errors:
        found["errors"] = [{"field": name, "detail": text} for name, text in errors.items()]
    return found | extra


def handler(error: Exception, context: JSONDict) -> Response:
    """REST framework's exception handler: whatever went wrong in a view, as a problem document."""
    request_id = getattr(context.get("request"), "request_id", "")
    if isinstance(error, ActionError):
        response = _of_action_error(error, request_id, context)
    elif isinstance(error, exceptions.APIException):
        response = _of_api_exception(error, request_id)
    elif isinstance(error, SuperOfficeError):
        response = unavailable(request_id, error.retry_after)
    else:
        status, detail = _of_django(error)
        if status == 500:
            logger.error("unexpected", exc_info=error)
        response = Response(document(status, detail, request_id=request_id), status=status)
    response.content_type = MEDIA_TYPE
    return response


def _of_action_error(error: ActionError, request_id: str, context: JSONDict) -> Response:
    view, request = context.get("view"), context.get("request")
    tell = getattr(view, "tell_more", None)
    more: JSONDict = tell(request, error) if tell and error.extra else {}
    body = document(
        error.problem_status,
        error.detail,
        request_id=request_id,
        code=error.problem_code,
        title=error.title,
        errors={error.field: error.detail} if error.field else None,
        **more,
    )
    response = Response(body, status=error.problem_status)
    if error.retry_after is not None:
        response["Retry-After"] = str(seconds(error.retry_after))
    if error.extra.get("replayed"):
        response["Idempotency-Replayed"] = "true"
    return response


def _of_api_exception(error: exceptions.APIException, request_id: str) -> Response:
    status = error.status_code
    detail = error.detail if isinstance(error.detail, str) else json.dumps(error.detail)
    code = error.problem_code if isinstance(error, Problem) else None
    if isinstance(error, exceptions.AuthenticationFailed):
        code = "token_invalid"
    errors = error.errors if isinstance(error, Problem) else None
    more = error.extra if isinstance(error, Problem) else {}
    body = document(status, str(detail), request_id=request_id, code=code, errors=errors, **more)
    response = Response(body, status=status)
    if challenge := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    wait: float | None = getattr(error, "wait", None)
    if isinstance(error, exceptions.Throttled) and wait is not None:
        response["Retry-After"] = str(seconds(wait))
    return response


def unavailable(request_id: str, retry_after: float | None) -> Response:
    """503: SuperOffice did not answer what we had to ask it for this request."""
    detail = "SuperOffice does not answer at the moment; try again shortly."
    response = Response(document(503, detail, request_id=request_id), status=503)
    response["Retry-After"] = str(seconds(retry_after or 1.0))
    return response


def _of_django(error: Exception) -> tuple[int, str]:
    if isinstance(error, Http404):
        return 404, NOTHING_HERE
    if isinstance(error, PermissionDenied):
        return 403, str(error) or "This is not allowed."
    if isinstance(error, RequestDataTooBig):
        return 413, "The body is larger than what is read."
    if isinstance(error, SuspiciousOperation):
        return 400, "The request is not one that is sent in good faith."
    if isinstance(error, UnreadablePostError):
        return 400, "The body ended before it was complete."
    return 500, OURS


def too_slow() -> str:
    return f"The request was not complete within {settings.REQUEST_SECONDS:g} s."


def seconds(wait: float) -> int:
    """A Retry-After: whole seconds, at least one."""
    return max(1, math.ceil(wait))


# --- Outside of views ----------------------------------------------------------------------------


def plain(request: HttpRequest, status: int, detail: str, **more: Any) -> HttpResponse:
    """A problem document where REST framework is not at work: middleware, hooks, unknown paths."""
    request_id = getattr(request, "request_id", "")
    body = document(status, detail, request_id=request_id, **more)
    return HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE)


def is_for_programs(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/hooks/"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for a path that is no route: a problem for programs, Django's page for people."""
    if not is_for_programs(request):
        return defaults.page_not_found(request, exception)
    return plain(request, 404, NOTHING_HERE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 for what Django refuses to look at, such as a host that is not ours."""
    if not is_for_programs(request):
        return defaults.bad_request(request, exception)
    return plain(request, *_of_django(exception))


def server_error(request: HttpRequest) -> HttpResponse:
    """500: no traceback, and the id under which our log has it."""
    if not is_for_programs(request):
        about = {"request_id": getattr(request, "request_id", "")}
        return HttpResponse(get_template("500.html").render(about), status=500)
    return plain(request, 500, OURS)
