"""From a status and a body to a result or an error."""

import json
import re
from collections.abc import Iterable, Mapping

from chatops.superoffice import jsontext
from chatops.superoffice.errors import Refused, ServerFailed, UnreadableAnswer, refusal
from chatops.superoffice.waiting import retry_after

#: The longest error text that is passed on, in characters.
LONGEST_DETAIL = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: What is called a secret: `SessionKey abc-def-ghi-jkl`, `password=…`.
_NAMED = re.compile(
    r"(\b(?:session ?key|secret|password|passwd|token|ticket|key|bearer|basic|soticket)\b"
    r"[\s:='\"]{1,4})[^\s'\"]{12,}",
    re.IGNORECASE,
)
#: What looks like one: tickets, access tokens, JWTs, and long words of letters with digits.
_TOKEN = re.compile(
    r"\b(?:7T:|8A:|eyJ)[^\s'\"]+"
    r"|(?<![\w/+=-])(?=[\w/+=-]*\d)(?=[\w/+=-]*[A-Za-z])[\w/+=-]{20,}"
)
#: What a JSON value can begin with; a page begins with `<`.
_JSON_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{\"\-0-9tfn]")


def checked_body(status: int, body: bytes) -> bytes | None:
    """The body of a 2xx if it looks like JSON; None when it says nothing (204, empty, `null`).

    UnreadableAnswer for anything else, such as a gateway's page with status 200.
    """
    if status == 204 or not body.strip() or body.strip() == b"null":
        return None
    if not _JSON_START.match(body):
        raise UnreadableAnswer(
            f"SuperOffice answered {status} with something that is not JSON.", status=status
        )
    return body


def parsed(status: int, body: bytes | None) -> object:
    """The JSON value in a 2xx. UnreadableAnswer when it is none."""
    try:
        return None if body is None else jsontext.parse(body)
    except ValueError as error:
        raise UnreadableAnswer(
            f"SuperOffice answered {status} with JSON that cannot be read.", status=status
        ) from error


def error_for(
    status: int, headers: Mapping[str, str], body: bytes, *, secrets: Iterable[str] = ()
) -> Refused | ServerFailed:
    """The error that a status outside 2xx stands for, with SuperOffice's own words (contract J.1).

    Any of `secrets` that the words repeat is taken out, and what looks like one.
    """
    wait = retry_after(headers.get("Retry-After"), date=headers.get("Date"))
    said, kind = _said(body)
    said = hushed(said, secrets)
    if status >= 500:
        detail = f"SuperOffice failed ({status}){': ' + said if said else '.'}"
        return ServerFailed(detail, status=status, retry_after=wait)
    if status < 400:
        detail = f"SuperOffice answered with a redirect ({status}), which is never followed."
    else:
        detail = f"SuperOffice refused ({status}){': ' + said if said else '.'}"
    return refusal(detail, status=status, error_type=kind, retry_after=wait)


def hushed(words: str, secrets: Iterable[str]) -> str:
    """The words without any of `secrets`, and without what looks like one."""
    for secret in secrets:
        words = words.replace(secret, "…")
    return _TOKEN.sub("…", _NAMED.sub(r"\1…", words))


def _said(body: bytes) -> tuple[str, str | None]:
    """`ErrorMessage` and `ErrorType` of an error body; nothing from pages and other formats."""
    try:
        value = jsontext.parse(body)
    except ValueError:
        return "", None
    if not isinstance(value, dict):
        return "", None
    # OAuth endpoints say error and error_description instead (RFC 6749, 5.2)
    message = value.get("ErrorMessage") or value.get("error_description") or ""
    kind = value.get("ErrorType") or value.get("error")
    return _one_line(message), _one_line(kind) or None


def _one_line(value: object) -> str:
    words = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return _CONTROL.sub(" ", words)[:LONGEST_DETAIL].strip()
