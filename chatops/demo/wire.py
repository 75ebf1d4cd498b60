"""A request and an answer as they are on the wire, without a socket.

The server and the in-process adapter both turn what they have into a `WireRequest`, and both play
the `WireResponse` that comes back: so the same rules are met with and without a network.
"""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from chatops.demo.errors import Answer, malformed

JSONDict = dict[str, Any]

JSON_TYPE = "application/json; charset=utf-8"
BODY_TYPES = (
    "application/json",
    "text/json",
    "application/json-patch+json",
    "application/merge-patch+json",
)


@dataclass(frozen=True)
class WireRequest:
    """One request: `path` as sent (still percent-encoded), header names in lower case."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    peer: str = "127.0.0.1"

    def header(self, name: str) -> str:
        """The header's value, or an empty text."""
        return self.headers.get(name.lower(), "")

    @cached_property
    def params(self) -> dict[str, str]:
        """The query, names in lower case as the server does not mind their case."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        return {name.lower(): value for name, value in pairs}

    @cached_property
    def form(self) -> dict[str, str]:
        """A form body (C.2), for the token endpoint."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> Any:
        """The JSON body. Raises `Answer` 400 when it is none, 415 when it says to be another."""
        kind = self.header("content-type").partition(";")[0].strip().lower()
        if kind not in BODY_TYPES:
            raise Answer(415, "HttpUnsupportedMediaType", f"Content-Type '{kind}' is not supported")
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise malformed("The request body is not valid JSON") from error


@dataclass
class WireResponse:
    """One answer. `drop` closes the connection without a byte, `cut` after so many body bytes."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    drop: bool = False
    cut: int | None = None


def dump(value: Any) -> bytes:
    """JSON as the service writes it: UTF-8, characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def json_response(value: Any, status: int = 200, **headers: str) -> WireResponse:
    """An answer with a JSON body; None becomes the literal `null`."""
    return WireResponse(status, dump(value), {"Content-Type": JSON_TYPE, **headers})


def html_response(text: str, status: int = 200, **headers: str) -> WireResponse:
    """An HTML page, as IIS and gateways give it."""
    return WireResponse(
        status, text.encode(), {"Content-Type": "text/html; charset=utf-8", **headers}
    )


def error_response(error: Answer) -> WireResponse:
    """The error object of J.1."""
    body = {
        "Error": True,
        "ErrorType": error.kind,
        "ErrorMessage": error.message,
        "ErrorSource": "SuperOffice.Services.Implementation",
    }
    return json_response(body, error.status, **error.headers)
