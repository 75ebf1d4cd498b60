"""Values as cells of a CSV file that people open in a spreadsheet."""

import re
from typing import Any

#: What makes a spreadsheet read a text as a formula, or end a cell early.
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


#: Where a spreadsheet that expects `;` or a tab between cells, as many European ones do, would
#: begin another one inside of ours. A winking `;-)` is none.
_INNER_FORMULA = re.compile(r"([;\t\r\n] *)(?=[=+@＝＋－＠]|-(?!\)))")


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
    text = _INNER_FORMULA.sub(r"\1'", text)
    return f"'{text}" if text.lstrip(" ").startswith(STARTS_FORMULA) else text
