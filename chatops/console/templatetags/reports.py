"""Numbers in templates: each a link to the rows that it counts."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from chatops.console.templatetags.console import span
from chatops.reports.definitions import told
from chatops.reports.measures import Line, Number, Times

register = template.Library()


@register.simple_tag
def counted(number: Number) -> SafeString:
    """How many, as a link to exactly these."""
    return _link(number.slice.query, str(number.value))


@register.simple_tag
def median(times: Times) -> SafeString | str:
    """The median, as a link to the sessions it is known for; a dash when there is none."""
    return _time(times, times.spread.median)


@register.simple_tag
def most(times: Times) -> SafeString | str:
    """What nine of ten do not exceed, the same way."""
    return _time(times, times.spread.most)


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


@register.simple_tag
def measured(rows: Iterable[tuple[str, Line]]) -> SafeString:
    """The rows of a table of measures; its head is in `console/parts/measures.html`.

    One tag for all of it: a year has a thousand cells, and asked for one by one by the template
    they were a fifth of the time that the page takes.
    """
    labels = [conditional_escape(one) for one in titles()]
    return mark_safe("".join(_row(head, line, labels) for head, line in rows))  # noqa: S308 escaped


@register.simple_tag
def titles() -> list[str]:
    """What stands above the cells of such a row."""
    return [
        *(_("Requested"), _("Picked up"), _("Abandoned"), _("Wait"), _("Wait 90 %")),
        *(_("First response"), _("Handling"), _("Handling 90 %")),
    ]


def _row(head: str, line: Line, labels: Iterable[str]) -> str:
    cells = [
        *(counted(line.requested), counted(line.picked_up), counted(line.abandoned)),
        *(median(line.wait), most(line.wait), median(line.response)),
        *(median(line.handling), most(line.handling)),
    ]
    told = "".join(
        f'<td class="number" data-label="{label}">{cell}</td>'
        for label, cell in zip(labels, cells, strict=True)
    )
    return f'<tr><th scope="row">{conditional_escape(head)}</th>{told}</tr>\n'


def _time(times: Times, seconds: int | None) -> SafeString | str:
    return "–" if seconds is None else _link(times.slice.query, took(seconds))


@functools.cache
def _sessions() -> str:
    return reverse("admin:sessions")


def _link(query: str, text: str) -> SafeString:
    # `format_html` takes five times as long. Of what a slice's address has, `&` alone means
    # anything in HTML.
    address = query.replace("&", "&amp;")
    link = f'<a href="{_sessions()}?{address}">{conditional_escape(text)}</a>'
    return mark_safe(link)  # noqa: S308 made of what is escaped
