"""Other ways of saying the same: what the contract leaves open, said differently by other servers.

The switch `dialect` names any of `WAYS`; every answer of the API goes through those. A program that
relies on the contract alone notices none of them.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from chatops.demo.wire import JSONDict, WireRequest, WireResponse, dump

BOM = b"\xef\xbb\xbf"
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)(?:Z|\+00:?00)")
#: What older servers do not have, or leave out when there is nothing to say (E.5).
SPARE = ("Rating", "ChatbotIsActive", "TableRight", "FieldProperties", "_Links", "AlertLevel")
CLOSED = ("Finished", "Deleted", "Closed", "RequestPosted", "ClosedFromQueue", "Invalid")

Change = Callable[[WireRequest, Any], Any]


def everywhere(change: Callable[[JSONDict], JSONDict]) -> Change:
    """Applies to every object of the answer, the innermost first."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return change({name: changed(inner) for name, inner in value.items()})
        return [changed(inner) for inner in value] if isinstance(value, list) else value

    return lambda _, value: changed(value)


def sparse(carrier: JSONDict) -> JSONDict:
    """What is null or not needed is not there at all."""
    return {k: v for k, v in carrier.items() if v is not None and k not in SPARE}


def wordy(carrier: JSONDict) -> JSONDict:
    """Fields that nobody has heard of."""
    return {**carrier, "NewThing": {"Id": 1, "Parts": [None, "x"]}, "newFlag": True}


def backwards(request: WireRequest, value: Any) -> Any:
    """Arrays whose order is not documented come in another one."""
    return value[::-1] if isinstance(value, list) else value


def without_closed(request: WireRequest, value: Any) -> Any:
    """`ForCurrentUser` has open sessions only (L 20)."""
    if not request.path.lower().endswith("/forcurrentuser") or not isinstance(value, list):
        return value
    return [one for one in value if one.get("Status") not in CLOSED]


def odata(request: WireRequest, value: Any) -> Any:
    """A list of another make: numbers for keys, and a link to an inner host on every page."""
    if not isinstance(value, dict) or "odata.metadata" not in value:
        return value
    rows = [{**row, "PrimaryKey": int(row["PrimaryKey"])} for row in value["value"]]
    return {"odata.nextLink": "http://inner.example/api/v1/ChatSession?$skip=200", "value": rows}


def bare_list(request: WireRequest, value: Any) -> Any:
    """A list that says nothing about itself."""
    return {"value": value["value"]} if isinstance(value, dict) and "value" in value else value


def nothing(request: WireRequest, response: WireResponse) -> WireResponse:
    """Null is 204."""
    return WireResponse(204) if response.body == b"null" else response


def empty(request: WireRequest, response: WireResponse) -> WireResponse:
    """Null is an empty body."""
    return WireResponse(200) if response.body == b"null" else response


def error_pages(request: WireRequest, response: WireResponse) -> WireResponse:
    """Errors are IIS's pages (J.1)."""
    if response.status < 400:
        return response
    page = f"<html><body><h2>{response.status} - Error</h2></body></html>".encode()
    return WireResponse(response.status, page, {**response.headers, "Content-Type": "text/html"})


def silent_errors(request: WireRequest, response: WireResponse) -> WireResponse:
    """Errors have no body."""
    return WireResponse(response.status) if response.status >= 400 else response


def without_offset(request: WireRequest, response: WireResponse) -> WireResponse:
    """Times in UTC that do not say so (K.1)."""
    response.body = TIME.sub(r"\1", response.body.decode("utf-8", "surrogatepass")).encode(
        "utf-8", "surrogatepass"
    )
    return response


def mark(request: WireRequest, response: WireResponse) -> WireResponse:
    """A byte order mark, and JSON as `text/json`."""
    if response.body and "json" in response.headers.get("Content-Type", ""):
        response.body = BOM + response.body
        response.headers["Content-Type"] = "text/json"
    return response


#: Of the value; in this order before those of the answer.
VALUES: dict[str, Change] = {
    "sparse": everywhere(sparse),
    "wordy": everywhere(wordy),
    "backwards": backwards,
    "without_closed": without_closed,
    "odata": odata,
    "bare_list": bare_list,
}
ANSWERS: dict[str, Callable[[WireRequest, WireResponse], WireResponse]] = {
    "nothing": nothing,
    "empty": empty,
    "error_pages": error_pages,
    "silent_errors": silent_errors,
    "without_offset": without_offset,
    "mark": mark,
}
WAYS = (*VALUES, *ANSWERS)


def told(dialect: list[str], request: WireRequest, response: WireResponse) -> WireResponse:
    """The answer in this dialect."""
    values = [VALUES[name] for name in VALUES if name in dialect]
    if values and response.status == 200 and response.body[:1] in b"[{":
        value = json.loads(response.body)
        for change in values:
            value = change(request, value)
        response.body = dump(value)
    for name, change in ANSWERS.items():
        if name in dialect:
            response = change(request, response)
    return response
