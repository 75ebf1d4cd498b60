"""Edits as JSON Schema, as exactly as `actions.patches` reads them: names in any case, with or
without underscores, each with the values it may have."""

from typing import Any

from chatops.actions import patches

Schema = dict[str, Any]

#: What is stored has no control characters.
_PRINTED = r"^[^\u0000-\u001f]*$"
_ID: Schema = {"type": ["integer", "null"], "minimum": 0, "maximum": patches.INT32_MAX}


def _spelled(*steps: str) -> str:
    """A pattern for a path in every spelling that is understood."""
    return "^/?" + "/".join(map(_letters, steps)) + "$"


def _letters(name: str) -> str:
    return "_*" + "".join(f"[{one.upper()}{one.lower()}]_*" for one in name)


def _either(patterns: list[str]) -> str:
    return "|".join(patterns)


def _text(longest: int) -> Schema:
    return {"type": ["string", "null"], "maxLength": longest, "pattern": _PRINTED}


_LENGTHS = sorted(set(patches.TEXTS.values()))
_LINKS = [tuple(path.split("/")) for path in patches.LINK_PATHS]
_LINK_PATHS = [_spelled(*steps) for steps in _LINKS]
_PATHS = [_spelled(name) for name in patches.TEXTS] + _LINK_PATHS


def _of_length(longest: int) -> list[str]:
    return [_spelled(name) for name, most in patches.TEXTS.items() if most == longest]


def _setting(paths: list[str], value: Schema) -> Schema:
    """An operation that needs a value, on one of these paths."""
    kinds = {"op": {"enum": ["add", "replace", "test"]}}
    return {
        "properties": kinds | {"path": {"pattern": _either(paths)}, "value": value},
        "required": ["value"],
    }


OPERATION: Schema = {
    "type": "object",
    "properties": {
        "op": {"type": "string", "enum": list(patches.OPERATIONS)},
        "path": {"type": "string", "examples": ["/customer_email", "Person/PersonId"]},
        "value": {"type": ["string", "integer", "null"]},
    },
    "required": ["op", "path"],
    "additionalProperties": False,
    "anyOf": [
        {"properties": {"op": {"const": "remove"}, "path": {"pattern": _either(_PATHS)}}},
        *(_setting(_of_length(longest), _text(longest)) for longest in _LENGTHS),
        _setting(_LINK_PATHS, _ID),
    ],
}
JSON_PATCH: Schema = {
    "type": "array",
    "items": {"$ref": "#/components/schemas/Operation"},
    "minItems": 1,
    "maxItems": patches.MOST_OPERATIONS,
    "contains": {"properties": {"op": {"enum": ["add", "replace", "remove"]}}},
    "description": "At least one operation changes something.",
}


def _link(key: str) -> Schema:
    return {
        "type": "object",
        "properties": {key: _ID},
        "patternProperties": {f"^{_letters(key.replace('_', ''))}$": _ID},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


MERGE_PATCH: Schema = {
    "type": "object",
    "properties": {
        "customer_name": _text(255),
        "customer_email": _text(255),
        "customer_phone": _text(32),
        "customer_company_name": _text(255),
        **{link.lower(): _link(f"{link.lower()}_id") for link, _ in _LINKS},
    },
    "patternProperties": {
        **{_spelled(name): _text(longest) for name, longest in patches.TEXTS.items()},
        **{_spelled(link): _link(f"{link.lower()}_id") for link, _ in _LINKS},
        **dict.fromkeys(_LINK_PATHS, _ID),
    },
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": patches.MOST_OPERATIONS,
    "description": "Names ignore case and underscores.",
}
