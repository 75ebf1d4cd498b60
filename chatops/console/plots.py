"""The charts of the numbers page, each with the table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from chatops.console.templatetags.console import span
from chatops.reports import charts
from chatops.reports.measures import Line, Numbers
from chatops.reports.periods import Period


class Plot(NamedTuple):
    """A chart, what it is about, and its lines as a table; `kind` is sessions or times."""

    id: str
    title: str
    about: str
    kind: str
    chart: charts.Chart
    top: str
    head: str
    rows: list[tuple[str, Line]]
    #: The plot whose table has the values, when it is not its own.
    table: str = ""


def plots(found: Numbers, period: Period) -> list[Plot]:
    """By day or week when there are several, by hour of the day, and how long people waited."""
    hours = [(f"{line.key:02}", line) for line in found.hours]
    drawn = [_sessions("by-hour", _("By hour of the day"), _("Hour"), hours)]
    if len(found.parts) == 1:
        return [*drawn, _waits(hours, "by-hour")]
    days = period.parts  # made anew at each reading
    parts = [(_dates(days[line.key]), line) for line in found.parts]
    begin = [_day(days[line.key].first) for line in found.parts]
    title, head = (_("By day"), _("Day")) if period.step == 1 else (_("By week"), _("Week"))
    return [_sessions("by-day", title, head, parts, begin), *drawn, _waits(parts, "by-day", begin)]


def _day(day: date) -> str:
    return date_format(day, pgettext("date", "j M"))


def _dates(part: Period) -> str:
    first, last = _day(part.first), _day(part.last)
    return first if first == last else f"{first} – {last}"


def _sessions(
    name: str,
    title: str,
    head: str,
    rows: Sequence[tuple[str, Line]],
    below: Sequence[str] = (),
) -> Plot:
    """Sessions as bars: picked up, abandoned, and the rest on top. `below`: what stands at the axis
    where a row's own words are too long for it."""
    lines = [line for _label, line in rows]
    picked_up = [line.picked_up.value for line in lines]
    # A session can be both: picked up, given back, and left from the queue.
    abandoned = [
        min(line.abandoned.value, line.requested.value - line.picked_up.value) for line in lines
    ]
    rest = [
        line.requested.value - one - two
        for line, one, two in zip(lines, picked_up, abandoned, strict=True)
    ]
    chart = charts.stacked(
        [("picked-up", picked_up), ("abandoned", abandoned), ("rest", rest)],
        below or [label for label, _line in rows],
        [_told(label, line) for label, line in rows],
    )
    return Plot(
        id=name,
        title=title,
        about=_("%(requested)s requested, of which %(picked_up)s picked up")
        % {"requested": sum(one.requested.value for one in lines), "picked_up": sum(picked_up)},
        kind="sessions",
        chart=chart,
        top=str(chart.top),
        head=head,
        rows=list(rows),
    )


def _told(label: str, line: Line) -> str:
    return _("%(when)s: %(n)s requested, %(picked_up)s picked up, %(abandoned)s abandoned") % {
        "when": label,
        "n": line.requested.value,
        "picked_up": line.picked_up.value,
        "abandoned": line.abandoned.value,
    }


def _waits(rows: Sequence[tuple[str, Line]], table: str, below: Sequence[str] = ()) -> Plot:
    """How long people waited. The table of the same lines has every value already."""
    chart = charts.lines(
        [
            ("most", [line.wait.spread.most for _label, line in rows]),
            ("median", [line.wait.spread.median for _label, line in rows]),
        ],
        below or [label for label, _line in rows],
    )
    return Plot(
        id="waits",
        title=_("Wait until picked up"),
        about=_("Median, and what nine of ten did not exceed"),
        kind="times",
        chart=chart,
        top=span(chart.top),
        head="",
        rows=[],
        table=table,
    )
