"""Query parameters and body fields, read strictly: what is unknown or odd is 422, with its name."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from rest_framework.request import Request

from chatops.actions.callers import Caller
from chatops.api.problems import Problem, invalid

INT32 = 2**31 - 1
INT64 = 2**63 - 1
LONGEST_TEXT = 200
#: Parameters that name associates.
PEOPLE = ("user", "transfer_to")
DIGITS = re.compile(r"[0-9]{1,19}\Z")
#: An offset whose `+` was sent unescaped and arrives as a blank.
LOST_PLUS = re.compile(r"(?<=\d) (?=\d\d:\d\d\Z)")


class Query:
    """The query parameters of a request, of which only the `known` ones may be there."""

    def __init__(self, request: Request, *known: str) -> None:
        given = request.query_params
        unknown = {name: "This parameter is not known here." for name in given if name not in known}
        if unknown:
            raise Problem(422, f"Unknown parameter {next(iter(unknown))[:100]!r}.", errors=unknown)
        for name in given:
            if len(given.getlist(name)) > 1:
                raise invalid(name, "This parameter stands twice.")
        self._given: Mapping[str, str] = {name: given[name] for name in given}

    def key(self, *but: str) -> tuple[tuple[str, str], ...]:
        """What was asked, less these parameters: the same for every request that asks it."""
        return tuple(sorted(one for one in self._given.items() if one[0] not in but))

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def given(self, *names: str) -> dict[str, str]:
        """Those of the parameters that are there, as they came."""
        return {name: self._given[name] for name in names if name in self._given}

    def naming_me(self) -> str | None:
        """The first parameter in which `me` stands for an associate."""
        return next((name for name in PEOPLE if "me" in self.words(name)), None)

    def text(self, name: str, *, longest: int = LONGEST_TEXT) -> str | None:
        """A text without control characters, not empty; None when it is not given."""
        value = self._given.get(name)
        if value is None:
            return None
        if not value.strip():
            raise invalid(name, "This parameter is empty.")
        if len(value) > longest:
            raise invalid(name, f"At most {longest} characters.")
        if not _is_plain(value):
            raise invalid(name, "This text contains a character that cannot be searched for.")
        return value.strip()

    def mark(self, name: str, *, longest: int) -> str | None:
        """What we gave out ourselves: printable ASCII without spaces; None when it is not given."""
        value = self.text(name, longest=longest)
        if value is not None and not all("!" <= char <= "~" for char in value):
            raise invalid(name, "This is none of ours.")
        return value

    def number(self, name: str, *, low: int = 0, high: int = INT32) -> int | None:
        """A whole number from `low` to `high`; None when it is not given."""
        value = self._given.get(name)
        return None if value is None else number(name, value, low=low, high=high)

    def numbers(self, name: str, *, also: Mapping[str, int] | None = None) -> list[int]:
        """A comma list of ids; `also` gives words that stand for one."""
        words = also or {}
        given = self._words(name)
        return [words[one] if one in words else number(name, one) for one in given]

    def words(self, name: str) -> list[str]:
        """A comma list of words."""
        for one in self._words(name):
            if not re.fullmatch(r"[A-Za-z0-9_]{1,40}", one):
                raise invalid(name, "A comma list of words.")
        return self._words(name)

    def _words(self, name: str) -> list[str]:
        value = self._given.get(name)
        if value is None:
            return []
        found = [one.strip() for one in value.split(",")]
        if not all(found) or len(found) > 100:
            raise invalid(name, "A comma list of 1 to 100 values.")
        return found

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """One of the choices."""
        value = self._given.get(name, default)
        if value not in choices:
            raise invalid(name, f"One of {', '.join(choices)}.")
        return value

    def flag(self, name: str) -> bool | None:
        """`true` or `false`; None when it is not given."""
        if name not in self._given:
            return None
        return self.choice(name, ("true", "false"), "") == "true"

    def when(self, name: str) -> datetime | None:
        """A date or a time (RFC 3339; without an offset it is UTC); None when it is not given."""
        value = self._given.get(name)
        if value is None:
            return None
        try:
            if not _is_plain(value):  # between date and time any character would do
                raise ValueError(value)
            found = datetime.fromisoformat(LOST_PLUS.sub("+", value))
            aware = found if found.tzinfo else found.replace(tzinfo=UTC)
            return aware.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            example = "2026-03-02 or 2026-03-02T09:15:00Z"
            raise invalid(name, f"A date or a time, such as {example}.") from error


def _is_plain(text: str) -> bool:
    """Whether it has neither control characters nor halves of a character: a database may take
    neither."""
    return not any(ord(char) < 32 or 0xD800 <= ord(char) <= 0xDFFF for char in text)


def number(name: str, value: str, *, low: int = 0, high: int = INT32) -> int:
    """A whole number in a text. Raises a 422 that names the parameter."""
    if not DIGITS.match(value) or not low <= int(value) <= high:
        raise invalid(name, f"A whole number from {low} to {high}.")
    return int(value)


def associate_words(caller: Caller, query: Query) -> dict[str, int]:
    """What `me` stands for. Raises a 422 when it is used by somebody without a linked account."""
    if caller.associate_id is not None:
        return {"me": caller.associate_id}
    if name := query.naming_me():
        raise invalid(name, "No SuperOffice account is linked to you, so `me` is nobody.")
    return {}


def body_of(request: Request, *known: str) -> dict[str, Any]:
    """The body as an object with no other than the known fields. An empty body is `{}`."""
    data = request.data
    if not isinstance(data, dict):
        raise Problem(422, "The body must be a JSON object.")
    unknown = {name: "This field is not known here." for name in data if name not in known}
    if unknown:
        raise Problem(422, f"Unknown field {next(iter(unknown))[:100]!r}.", errors=unknown)
    return data


def text_in(body: Mapping[str, Any], name: str) -> str:
    """A required text of the body."""
    value = body.get(name)
    if not isinstance(value, str):
        raise invalid(name, "A text is required." if name not in body else "This must be a text.")
    return value


def whole(value: Any) -> int | None:
    """A whole number of JSON, in which `7.0` is one, too; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def whole_in(body: Mapping[str, Any], name: str, *, low: int, high: int) -> int:
    """A whole number of the body, from `low` to `high`."""
    found = whole(body.get(name))
    if found is None or not low <= found <= high:
        raise invalid(name, f"A whole number from {low} to {high}.")
    return found


def id_in(body: Mapping[str, Any], name: str) -> int:
    """A required id of the body."""
    value = whole(body.get(name))
    if value is None or not 0 < value <= INT32:
        raise invalid(name, "An id is required." if name not in body else "This must be an id.")
    return value
