"""A session's transcript from the mirror, as text or as a page of its own.

Messages are HTML fragments from strangers (contract, K.3). The page keeps the few tags the contract
names and links to web and mail addresses; everything else of the markup goes.
"""

import html
import json
from collections.abc import Iterable

import nh3

from chatops.mirror.models import ChatMessage
from chatops.mirror.rendering import rfc3339
from chatops.superoffice.text import plain

TAGS = {"b", "i", "strong", "em", "u", "ul", "ol", "li", "br", "p", "a"}
ATTRIBUTES = {"a": {"href"}}
SCHEMES = {"http", "https", "mailto"}


def as_text(messages: Iterable[ChatMessage]) -> str:
    """A line for each message: when (UTC), who, what."""
    lines = (
        f"[{rfc3339(one.posted_at) or '-'}] {_one_line(_author(one))}: {_said(one)}"
        for one in messages
    )
    return "\n".join(lines) + "\n"


def as_html(session_id: int, messages: Iterable[ChatMessage]) -> str:
    """A page without styles and scripts, fit to be stored or printed."""
    rows = "\n".join(
        f"<dt>{html.escape(_author(one))} {_time(one)}</dt><dd>{_clean(one)}</dd>"
        for one in messages
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Chat {session_id}</title></head>\n"
        f"<body><h1>Chat {session_id}</h1>\n<dl>\n{rows}\n</dl></body></html>\n"
    )


def _author(message: ChatMessage) -> str:
    return message.author or ("Customer" if message.type == "ToUser" else message.type)


def _time(message: ChatMessage) -> str:
    when = rfc3339(message.posted_at) or ""
    return f'<time datetime="{when}">{when}</time>'


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _said(message: ChatMessage) -> str:
    """The text; further lines are indented, so that none looks like a message of its own."""
    text = plain(message.message).replace("\n", "\n    ")
    if message.special_type in {"None", ""}:
        return text
    return f"({_special(message)}) {text}".rstrip()


def _clean(message: ChatMessage) -> str:
    text = nh3.clean(
        message.message,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        url_relative="deny",  # `//host` would take the scheme of where the page is opened
        link_rel="noopener noreferrer nofollow",
    )
    if message.special_type in {"None", ""}:
        return text
    return f"<em>{html.escape(_special(message))}</em> {text}".rstrip()


def _special(message: ChatMessage) -> str:
    """SuperOffice's word for a special message, and the options it offers."""
    if message.special_type != "Options":
        return message.special_type
    try:
        options = json.loads(message.special_param)
    except ValueError:
        return message.special_type
    if not isinstance(options, list):
        return message.special_type
    return f"{message.special_type}: {', '.join(str(one) for one in options)}"
