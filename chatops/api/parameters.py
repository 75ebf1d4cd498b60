"""What parameters may look like, as JSON schemas: as exactly as the views read them."""

from typing import Any

Schema = dict[str, Any]

ID: Schema = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
COMMA_IDS: Schema = {"type": "string", "pattern": r"^[0-9]{1,9}(,[0-9]{1,9})*$"}
COMMA_PEOPLE: Schema = {"type": "string", "pattern": r"^(me|[0-9]{1,9})(,(me|[0-9]{1,9}))*$"}
COMMA_WORDS: Schema = {"type": "string", "pattern": r"^[A-Za-z0-9_]{1,40}(,[A-Za-z0-9_]{1,40})*$"}
WHEN: Schema = {"type": "string", "format": "date-time"}
WHOM: Schema = {
    "type": ["integer", "string"],
    "minimum": 1,
    "minLength": 1,
    "pattern": r"^[^\u0000]*$",
    "description": "Associate id or user name.",
}
CURSOR: Schema = {"type": "string", "minLength": 1, "maxLength": 300}
#: Not blank, and nothing in it that cannot be typed.
SOUGHT: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 200,
    "pattern": r"^[^\u0000-\u001f]*[^\s\u0000-\u001f][^\u0000-\u001f]*$",
}
WORDS = (
    "All words must be there, whatever their case and accents; the last may be the beginning of "
    'one; `"in quotes"` they follow each other.'
)
#: What a header holds that is printed, less blanks around it.
PRINTED = r"!-~\u00a1-\u00ac\u00ae-\u00ff"
KEY: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": f"^[{PRINTED}]([ {PRINTED}]*[{PRINTED}])?$",
}
