"""Message texts as safe HTML: the contract's allow-list and nothing else (K.3).

This is the one place of the console that marks anything safe.
"""

import re

import nh3
from django.utils.safestring import SafeString, mark_safe

TAGS = {"b", "i", "strong", "em", "u", "ul", "ol", "li", "br", "p", "a"}
SCHEMES = {"http", "https", "mailto"}
#: A browser reads `//host` and `/path` as addresses of ours; a message has whole ones or none.
_WHOLE = re.compile(r"\s*(?:https?://|mailto:)", re.IGNORECASE)
_LINE_ENDS = re.compile(r"\r\n?|\n")


def _only_whole(_tag: str, attribute: str, value: str) -> str | None:
    return value if attribute != "href" or _WHOLE.match(value) else None


def safe(fragment: str) -> SafeString:
    """A message's HTML fragment as HTML that can do nothing: no attribute but a link's address.

    Links tell nobody where they were clicked. Line ends become line breaks.
    """
    cleaned = nh3.clean(
        _LINE_ENDS.sub("<br>", fragment),
        tags=TAGS,
        attributes={"a": {"href"}},
        attribute_filter=_only_whole,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return mark_safe(cleaned)  # noqa: S308  # cleaned on the line above
