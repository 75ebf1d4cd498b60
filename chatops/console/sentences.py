"""Sentences of the layers below, in the reader's language.

Below the surfaces sentences are English, because they are kept in rows and answered to programs.
Here they are told to people: each known one is a message of the catalogue, found again in the
English text together with the names in it. What is not known is shown as it is.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import get_language, gettext

from chatops.console.known import KNOWN

_PLACE = re.compile(r"%\((\w+)\)s")
#: The longest text that is looked through; what is longer is not a sentence of ours.
LONGEST = 1000


def told(text: object) -> str:
    """A sentence from below as the reader is told it; unknown ones and English stay as they are."""
    english = str(text)
    if (get_language() or "en").startswith("en") or not 0 < len(english) <= LONGEST:
        return english
    if (same := gettext(english)) != english:
        return same
    for known, pattern in _patterns():
        if match := pattern.fullmatch(english):
            return gettext(known) % {name: told(value) for name, value in match.groupdict().items()}
    return english


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Those with a place for something; what has more text of its own is tried sooner."""
    with_places = [one for one in KNOWN if _PLACE.search(one)]
    with_places.sort(key=lambda one: -len(_PLACE.sub("", one)))
    return [(one, _pattern(one)) for one in with_places]


def _pattern(known: str) -> re.Pattern[str]:
    parts = _PLACE.split(known)
    made = [f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
    return re.compile("".join(made), re.DOTALL)
