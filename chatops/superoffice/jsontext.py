"""JSON as it comes off the wire, made safe to keep: finite numbers, storable text."""

import json
import math
import re
from typing import Any, NoReturn

from chatops.superoffice.text import storable

JSONDict = dict[str, Any]

#: Escapes that may stand for U+0000 or half a character, and the same halves as raw bytes. Without
#: one of them no text needs a second look, which is nearly always.
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\xed[\xa0-\xbf]")


def parse(body: bytes) -> Any:
    """The value in `body`; None for an empty body.

    ValueError (RecursionError among the causes) for anything that is not strict JSON: NaN and
    Infinity, numbers beyond a double, broken UTF-8, nesting beyond Python's stack.
    """
    if not body.strip():
        return None
    try:
        value = json.loads(body, parse_constant=_no_number, parse_float=_finite)
        return _cleaned(value) if is_suspicious(body) else value
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def is_suspicious(body: bytes) -> bool:
    """Whether a text in it may hold U+0000 or half a character."""
    return _SUSPICIOUS.search(body) is not None


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): _cleaned(item) for key, item in value.items()}
    return value


def dump(value: Any) -> bytes:
    """A request body: UTF-8, without what no server could store. ValueError for NaN."""
    text = json.dumps(_cleaned(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")
