"""JSON bodies, strictly: what two readers could understand differently is refused, with its place.

Python's own reader takes NaN, the last of two equal names, half characters and any charset; and
dies of deep nesting. None of that gets any further than here.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from django.conf import settings
from django.utils.http import parse_header_parameters
from rest_framework import parsers

from chatops.api.problems import Problem

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
#: Nothing that is asked for here nests deeper than four.
DEEPEST = 32


class NotStrict(ValueError):
    """Why a text is not acceptable JSON, and where."""


class StrictJSONParser(parsers.BaseParser):
    """`application/json` in UTF-8, at most API_BODY_CAP_BYTES long."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        charset = parse_header_parameters(media_type or "")[1].get("charset", "utf-8")
        if charset.lower() not in {"utf-8", "utf8"}:
            raise Problem(415, "JSON is read in UTF-8 only.")
        if coding := _coding(parser_context or {}):
            raise Problem(415, f"The body is read as it is, without Content-Encoding {coding!r}.")
        cap = settings.API_BODY_CAP_BYTES
        body = stream.read(cap + 1)
        if len(body) > cap:
            raise Problem(413, f"The body is larger than {cap} bytes.")
        try:
            return parse(body)
        except NotStrict as error:
            raise Problem(400, str(error)) from error


class MergePatchParser(StrictJSONParser):
    """`application/merge-patch+json` (RFC 7396)."""

    media_type = MERGE_PATCH


class JSONPatchParser(StrictJSONParser):
    """`application/json-patch+json` (RFC 6902)."""

    media_type = JSON_PATCH


def _coding(context: Mapping[str, Any]) -> str:
    """How the body is packed, by its header; empty when it is not."""
    coding = str(context["request"].headers.get("Content-Encoding", "")) if context else ""
    return "" if coding.strip().lower() == "identity" else coding[:40]


def parse(body: bytes) -> Any:
    """The value in `body`. Raises NotStrict."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrict(f"The body is not UTF-8 at byte {error.start}.") from error
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except RecursionError as error:
        raise NotStrict(f"The JSON is nested deeper than {DEEPEST}.") from error
    except json.JSONDecodeError as error:
        where = f"at line {error.lineno}, column {error.colno}"
        said = error.msg.removesuffix(" at")
        raise NotStrict(f"The body is not JSON: {said} {where}.") from error
    except NotStrict:
        raise
    except ValueError as error:  # a number of more digits than Python converts
        raise NotStrict("A number in the body is too long.") from error
    _check(value)
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise NotStrict(f"The name {_shown(name)} stands twice in one object.")
            seen.add(name)
    return found


def _no_number(word: str) -> NoReturn:
    raise NotStrict(f"{word} is not a JSON number.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrict(f"The number {digits[:40]} is out of range.")
    return number


def _shown(text: str) -> str:
    return json.dumps(text[:100])


def _check(value: Any) -> None:
    """Texts that cannot be stored, and depth; without recursion, because depth is the question."""
    waiting: list[tuple[str, int, Any]] = [("", 0, value)]
    while waiting:
        place, depth, one = waiting.pop()
        if isinstance(one, str):
            _check_text(one, place)
        elif isinstance(one, dict | list):
            if depth >= DEEPEST:
                raise NotStrict(f"The JSON is nested deeper than {DEEPEST}, at {place[:200]}.")
            waiting.extend((f"{place}/{name}", depth + 1, inner) for name, inner in _items(one))


def _items(one: dict[str, Any] | list[Any]) -> Iterator[tuple[str | int, Any]]:
    if isinstance(one, list):
        yield from enumerate(one)
        return
    for name, inner in one.items():
        _check_text(name, "a name")
        yield name, inner


def _check_text(text: str, place: str) -> None:
    where = f"at {place[:200]}" if place else "in the body"
    if "\x00" in text:
        raise NotStrict(f"The character U+0000 cannot be stored, {where}.")
    if not text.isascii() and any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise NotStrict(f"There is half a character (a lone surrogate), {where}.")
