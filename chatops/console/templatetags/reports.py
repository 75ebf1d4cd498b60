"""Numbers in templates: each a link to the rows that it counts."""

from __future__ import annotations

import functools

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chatops.console.templatetags.console import span
from chatops.reports.definitions import told
from chatops.reports.measures import Number, Times

register = template.Library()


@register.simple_tag
def counted(number: Number, name: str = "") -> SafeString:
    """How many, as a link to exactly these; `name` is read out before it."""
    return _link(number.slice.query, str(number.value), name)


@register.simple_tag
def median(times: Times, name: str = "") -> SafeString | str:
    """The median, as a link to the sessions it is known for; a dash when there is none."""
    return _time(times, times.spread.median, name)


@register.simple_tag
def most(times: Times, name: str = "") -> SafeString | str:
    """What nine of ten do not exceed, the same way."""
    return _time(times, times.spread.most, name)


@register.filter
def took(seconds: int) -> str:
    """How long something took, with its seconds where they matter: `1 min 30 s`."""
    minutes, rest = divmod(seconds, 60)
    if not 1 <= minutes < 10 or not rest:
        return span(seconds)
    return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}


@register.filter
def meaning(name: str) -> str:
    """The written definition of a measure."""
    return str(told(name))


def _time(times: Times, seconds: int | None, name: str) -> SafeString | str:
    return "–" if seconds is None else _link(times.slice.query, took(seconds), name)


@functools.cache
def _sessions() -> str:
    return reverse("admin:sessions")


def _link(query: str, text: str, name: str) -> SafeString:
    url = f"{_sessions()}?{query}"
    if name:
        return format_html('<a href="{}"><span class="unseen">{}: </span>{}</a>', url, name, text)
    return format_html('<a href="{}">{}</a>', url, text)
