"""Icons, times and badges in templates."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from uuid import uuid4

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from chatops.console import lines, sentences
from chatops.console.lines import Clock
from chatops.console.wording import Word

register = template.Library()
register.filter("told", sentences.told)
register.filter("person", lines.person_name)
register.filter("initials", lines.initials)


@register.simple_tag
@lru_cache(maxsize=512)  # a page has a hundred, most of them the same few
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; with a label it is read out, without it is decoration."""
    href = f"{static('console/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, href
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', href)


@register.simple_tag
def badge(word: Word) -> SafeString:
    """A status or state as a coloured label."""
    picture = icon(word.icon) if word.icon else ""
    return format_html('<span class="badge {}">{}{}</span>', word.tone, picture, word.label)


@register.simple_tag
def fresh_key() -> str:
    """The key of one wish: a form that is sent twice asks once."""
    return str(uuid4())


def _exact(when: datetime) -> str:
    local = timezone.localtime(when)
    return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"


@register.simple_tag
def at(when: datetime | None, form: str = "short") -> SafeString | str:
    """A time in the reader's zone; the exact one on hover. `form`: short, time or long."""
    if when is None:
        return ""
    local = timezone.localtime(when)
    if form == "time" or (form == "short" and local.date() == timezone.localdate()):
        text = f"{local:%H:%M}"
    elif form == "short" and local.year == timezone.localdate().year:
        text = day_and_time(local)
    else:
        text = date_format(local, pgettext("date", "j M Y H:i"))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', when.isoformat(), _exact(when), text
    )


@register.filter
def day_and_time(when: datetime) -> str:
    """A time of this year in the reader's zone, where there is room for words alone."""
    return date_format(timezone.localtime(when), pgettext("date", "j M H:i"))


@register.simple_tag
def clock(one: Clock | None, label: str = "") -> SafeString | str:
    """A running clock with warning colours; it is right without script as of the page's making."""
    if one is None:
        return ""
    seconds = max(0.0, (timezone.now() - one.since).total_seconds())
    minutes = seconds / 60
    shade = "bad" if one.alarm and minutes >= one.alarm else ""
    shade = shade or ("warn" if one.warn and minutes >= one.warn else "")
    word = label or _("Since")
    return format_html(
        '<time class="clock {}" datetime="{}" title="{}" data-clock="since"'
        ' data-warn="{}" data-alarm="{}">{}</time>',
        shade,
        one.since.isoformat(),
        f"{word} {_exact(one.since)}",
        one.warn,
        one.alarm,
        span(seconds),
    )


@register.simple_tag
def ago(when: datetime | None) -> SafeString | str:
    """How long ago, running: `3 s ago`."""
    if when is None:
        return _("never")
    seconds = max(0.0, (timezone.now() - when).total_seconds())
    return format_html(
        '<time datetime="{}" title="{}" data-clock="ago">{}</time>',
        when.isoformat(),
        _exact(when),
        _("%(span)s ago") % {"span": span(seconds)},
    )


@register.filter
def span(seconds: float | None) -> str:
    """Seconds as people say them: `42 s`, `5 min`, `2 h 05`, `3 d`."""
    if seconds is None:
        return ""
    whole = int(seconds)
    if whole < 60:
        return _("%(n)s s") % {"n": whole}
    if whole < 3600:
        return _("%(n)s min") % {"n": whole // 60}
    if whole < 86_400:
        return _("%(h)s h %(m)02d") % {"h": whole // 3600, "m": whole % 3600 // 60}
    return _("%(n)s d") % {"n": whole // 86_400}


@register.filter
def epoch_ms(when: datetime) -> int:
    """Milliseconds since 1970: the server's clock, for the browser's."""
    return int(when.timestamp() * 1000)


@register.filter
def times(number: int) -> range:
    """`{% for _ in 3|times %}`."""
    return range(number)
