"""The OpenAPI document: made by drf-spectacular from the views, finished here, kept in a file.

`openapi.json` beside this file is what is served. A test makes it anew and compares, so it is
always current, and a change that breaks programs shows as a change of that file. To write it:
`python manage.py shell -c "from chatops.api import schema; schema.write()"`.
"""

import json
from pathlib import Path
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings

from chatops.api import docs, examples, shapes
from chatops.api.authentication import ConsoleAuthentication, TokenAuthentication
from chatops.api.problems import CODES, MEDIA_TYPE

PLACE = Path(__file__).with_name("openapi.json")
SETTINGS: dict[str, Any] = {
    "TITLE": "chatops",
    "DESCRIPTION": "SuperOffice chat, mirrored and acted upon. Errors are problem documents "
    "(RFC 9457) with a stable `code`. Every change takes an `Idempotency-Key`.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["chatops.api.schema.finished"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
#: Headers of answers, and what they mean.
ANSWER_HEADERS: dict[str, str] = {
    "ETag": "The version of what is answered.",
    "Location": "Where the action is.",
    "Idempotency-Replayed": "`true` when this key was used before: this is what came of it.",
    "Retry-After": "Seconds to wait before the next try.",
    "WWW-Authenticate": "How to say who you are.",
    "Allow": "The methods that are allowed here.",
    "X-Request-Id": "Names the request in our log.",
    "X-RateLimit-Limit": "Requests a minute.",
    "X-RateLimit-Remaining": "About how many are left of them.",
    "X-RateLimit-Reset": "Seconds until they are counted anew.",
}
EVERYWHERE = ("X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
PROBLEM_HEADERS: dict[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
MORE_CODES: dict[int, tuple[str, ...]] = {
    400: ("key_required", "key_invalid"),
    401: ("token_invalid",),
    409: (
        "action_in_progress",
        "state_conflict",
        "identity_required",
        "queue_empty",
        "not_at_superoffice",
    ),
    410: ("cursor_gone",),
    412: ("version_old",),
    422: ("key_reused", "refused"),
}
TITLES = {409: "Not as things stand", 410: "No longer kept", 412: "Another version is held now"}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped there
    """How the token stands in the document."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token made by an operator; each operation names the scope it needs.",
        }


class ConsoleScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped there
    """How the console's session stands in the document."""

    target_class = ConsoleAuthentication
    name = "console"
    priority = 1

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "A person signed in to the console; changes need `X-CSRFToken` too.",
        }


def made() -> dict[str, Any]:
    """The document, made from the views as they are."""
    with patched_settings(SETTINGS):
        make: Any = SchemaGenerator  # untyped there
        document = make(urlconf="chatops.urls", api_version="1").get_schema(public=True)
    found: dict[str, Any] = json.loads(json.dumps(document))
    return found


def text_of(document: dict[str, Any]) -> str:
    """The document as it stands in the file."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def write() -> None:
    """Bring the file up to date."""
    PLACE.write_text(text_of(made()), encoding="utf-8")


def finished(result: dict[str, Any], **_of_the_generator: Any) -> dict[str, Any]:
    """drf-spectacular's hook: shared shapes, problems and headers are put in."""
    components = result["components"]
    components["schemas"] = shapes.SCHEMAS | components.get("schemas", {})
    components["headers"] = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in ANSWER_HEADERS.items()
    }
    components["responses"] = {_name(status): _problem(status) for status in _statuses()}
    result["paths"] = {
        path: {method: _operation(one) for method, one in methods.items()}
        for path, methods in result["paths"].items()
    }
    result["paths"]["/api/v1/changes/stream/"] = {"get": _operation(_stream())}
    return result


def _stream() -> dict[str, Any]:
    """The live feed, which is served beside Django and so is not found among its views."""
    after = {"type": "integer", "minimum": 0}
    return {
        "operationId": "changes_stream",
        "summary": "The change feed as server-sent events",
        "description": "Each event has the change's number as `id`, its kind as `event` and the "
        "Change as `data`. `Last-Event-ID` resumes. Opening one counts as a request.\n\n"
        "Scope: `feed`.",
        "parameters": [
            {"name": "after", "in": "query", "schema": after},
            {"name": "epoch", "in": "query", "schema": {"type": "string", "maxLength": 32}},
            {"name": "Last-Event-ID", "in": "header", "schema": after},
        ],
        "tags": ["changes"],
        "security": [{"token": []}],
        "responses": {
            "200": {
                "description": "Until one side hangs up.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            }
        },
        docs.PROBLEMS: [400, 401, 403, 410, 422, 429, 500, 503],
    }


def _statuses() -> list[int]:
    return sorted({*CODES, *MORE_CODES})


def _name(status: int) -> str:
    return f"Problem{status}"


def _problem(status: int) -> dict[str, Any]:
    code, title = CODES.get(status, ("", TITLES.get(status, "")))
    codes = [one for one in (code, *MORE_CODES.get(status, ())) if one]
    listed = ", ".join(f"`{one}`" for one in codes)
    example = examples.PROBLEM | {"status": status, "code": codes[0], "title": title}
    return {
        "description": f"{title}. Codes: {listed}.",
        "headers": _headers((*PROBLEM_HEADERS.get(status, ()), *EVERYWHERE[:1])),
        "content": {MEDIA_TYPE: {"schema": shapes.ref("Problem"), "example": example}},
    }


def _headers(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _operation(one: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = one["responses"]
    told = one.pop(docs.HEADERS, {})
    if 304 in told:
        answers["304"] = {"description": "What you hold is still so."}
    for status, answer in answers.items():
        answer["headers"] = _headers((*told.get(int(status), ()), *EVERYWHERE))
    if body := one.get("requestBody"):
        body["required"] = any(_asks_for_something(kind) for kind in body["content"].values())
    for status in sorted(one.pop(docs.PROBLEMS, ())):
        answers[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
    return one


def _asks_for_something(kind: dict[str, Any]) -> bool:
    """Whether a body may not be left out: an empty object would not do for it."""
    schema = kind["schema"]
    return schema.get("type") != "object" or bool({"required", "minProperties"} & schema.keys())
