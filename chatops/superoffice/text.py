"""Message texts: SuperOffice holds HTML fragments, people type plain text (contract K.3).

Nothing here makes hostile HTML safe to show; it only turns it into text. All patterns are linear
in the length of the text.
"""

import html
import re
import unicodedata

#: Tags after which a reader sees a new line.
_BREAKS = re.compile(r"<\s*(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
#: Tags that stand for a line break on their own, or that a service may put around a text.
_BLOCKS = re.compile(r"</?(?:br|p|div|li|tr|h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAGS = re.compile(r"<[a-zA-Z/!?][^<>]*>")
#: First and last messages are copies cut at 1024 characters, so a tag may have lost its end.
_CUT_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*\Z")
_LINE_ENDS = re.compile(r"\r\n?")
_ROUNDS = 8
_UNPAIRED = re.compile(r"[\ud800-\udfff]")


def storable(text: str) -> str:
    """What a database can hold: U+0000 goes, unpaired surrogates become U+FFFD."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text if text.isascii() else _UNPAIRED.sub("\ufffd", text)


def plain(fragment: str) -> str:
    """An HTML fragment as text with line breaks: for excerpts, lists and plain transcripts."""
    if "<" not in fragment and "&" not in fragment:
        return storable(fragment).strip()  # as most of what people type
    text = _BREAKS.sub("\n", fragment)
    text = _CUT_TAG.sub("", _TAGS.sub("", text))
    return storable(html.unescape(text)).strip()


def canonical(fragment: str) -> str:
    """What is compared to tell whether a stored message is the one we sent.

    SuperOffice may store a text slightly changed: entities decoded (then a typed `<i>` looks like
    a tag), tags stripped, other white space. So entities are decoded to the end, tags taken out,
    every run of white space (line breaks included) becomes one space, and the rest is in normal
    form C. A text that is nothing but tags keeps them, except those that break lines.
    """
    decoded = _BLOCKS.sub("\n", _decoded(fragment))
    bare = _TAGS.sub("", decoded)
    words = unicodedata.normalize("NFC", storable(bare if bare.strip() else decoded)).split()
    return " ".join(words)


def _decoded(text: str) -> str:
    """The text after every entity, also entities of entities, to a depth nobody types."""
    for _ in range(_ROUNDS):
        before, text = text, html.unescape(text)
        if text == before:
            break
    return text


def escape_for_sending(typed: str) -> str:
    """What a person typed, as an HTML fragment that shows exactly that."""
    lines = _LINE_ENDS.sub("\n", storable(typed))
    return html.escape(lines, quote=False).replace("\n", "<br>")
