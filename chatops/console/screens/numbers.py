"""The numbers: what goes on, and a period by day, hour, topic and agent. Each opens its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from chatops.actions import policy
from chatops.console import lines, plots
from chatops.console.filters import SessionFilters
from chatops.console.screen import caller_from, screen, show, wants_fragment
from chatops.mirror.models import Associate, ChatTopic
from chatops.reports import charts, measures, periods, present
from chatops.reports.definitions import DEFINITIONS
from chatops.reports.measures import Line, Numbers
from chatops.reports.slices import NOBODY, Slice


class Asked(forms.Form):
    """The period: so many days up to today, or from one day to another."""

    days = forms.TypedChoiceField(
        required=False, coerce=int, choices=[(str(one), one) for one in periods.CHOICES]
    )
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    def clean(self) -> dict[str, Any]:
        """Days of a calendar that every time zone has."""
        cleaned = super().clean() or {}
        for name in ("since", "until"):
            if (day := cleaned.get(name)) and not 1970 <= day.year <= 2200:
                self.add_error(name, _("Choose a day between 1970 and 2200."))
        return cleaned

    def period(self) -> periods.Period:
        """What is asked for; the usual one where that is nonsense."""
        zone, today = timezone.get_current_timezone(), timezone.localdate()
        if not self.is_valid():
            return periods.ending(today, periods.USUAL, zone)
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        if since or until:
            return periods.between(since or until, until or max(today, since), zone)
        return periods.ending(today, self.cleaned_data["days"] or periods.USUAL, zone)

    @property
    def chosen(self) -> int:
        """The choice that is marked; 0 when days were typed."""
        if not self.is_valid() or self.cleaned_data["since"] or self.cleaned_data["until"]:
            return 0
        return int(self.cleaned_data["days"] or periods.USUAL)


@screen
def numbers(request: HttpRequest) -> HttpResponse:
    """GET the numbers over the sessions that the caller may see.

    A fragment, which `live.js` asks for on every change, is the present alone.
    """
    caller = caller_from(request)
    sessions = policy.visible_sessions(caller)
    within = _within(request, caller)
    at_work = present.now(sessions, within)
    since = at_work.waiting_since
    context: dict[str, Any] = {"present": at_work, "longest": lines.Clock(since) if since else None}
    if not wants_fragment(request):
        asked = Asked(request.GET)
        period = asked.period()
        found = measures.numbers(sessions, period, within)
        context |= {
            "filters": SessionFilters(request.GET, caller),
            "asked": asked,
            "period": period,
            "choices": _choices(request, asked.chosen),
            "numbers": found,
            "plots": plots.plots(found, period),
            "tables": _tables(found),
            "ratings": [
                (stars, number, charts.share(number.value, found.rated.value))
                for stars, number in enumerate(found.ratings, start=1)
            ],
            "definitions": DEFINITIONS,
        }
    return show(request, "console/numbers.html", context)


def _within(request: HttpRequest, caller: Any) -> Slice:
    """The topic and the agent that are asked for; nonsense asks for neither."""
    filters = SessionFilters({name: request.GET.get(name) for name in ("topic", "agent")}, caller)
    return filters.slice if filters.is_valid() else Slice()


def _choices(request: HttpRequest, chosen: int) -> list[tuple[str, str, bool]]:
    labels = {1: _("Today"), 7: _("7 days"), 30: _("30 days"), 90: _("90 days"), 365: _("A year")}
    found = []
    for days in periods.CHOICES:
        query = request.GET.copy()
        for name in ("since", "until"):
            query.pop(name, None)
        query["days"] = str(days)
        found.append((f"?{query.urlencode()}", labels[days], days == chosen))
    return found


def _tables(counted: Numbers) -> list[dict[str, Any]]:
    """By topic and by agent, with their names."""
    topics = ChatTopic.objects.in_bulk([one.key for one in counted.topics])
    agents = Associate.objects.in_bulk([one.key for one in counted.agents])

    def named(found: Sequence[Line], known: dict[Any, Any], nobody: str) -> list[tuple[str, Line]]:
        return [
            (nobody if line.key == NOBODY else str(known.get(line.key) or line.key), line)
            for line in found
        ]

    return [
        {
            "id": "topics",
            "title": _("By topic"),
            "head": _("Topic"),
            "lines": named(counted.topics, topics, _("No topic")),
        },
        {
            "id": "agents",
            "title": _("By agent"),
            "head": _("Agent"),
            "lines": named(counted.agents, agents, _("Nobody")),
        },
    ]
