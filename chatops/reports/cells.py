"""Values as cells of a CSV file that people open in a spreadsheet."""

from typing import Any

#: What makes a spreadsheet read a text as a formula, or end a cell early.
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: Any) -> str:
    """A value as text that no spreadsheet calculates: what could be a formula gets an apostrophe.

    Numbers stay numbers, also negative ones. None is empty, a truth is `yes` or `no`.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(STARTS_FORMULA) else text
