"""The mirror: fresh or not and why; the hook, the inbox, the last compare, the alarms."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from chatops.actions import policy
from chatops.console.screen import caller_from, screen, show
from chatops.sync import health

#: What everybody may know: whether what they see is true. The rest is for operators.
FOR_ALL = ("as_of", "stale_since", "reason", "is_stale", "lag_seconds", "last_compare", "ranges")


@screen
def mirror(request: HttpRequest) -> HttpResponse:
    """GET how true the mirror is."""
    operates = policy.may(caller_from(request), policy.Right.OPERATE)
    report = health.report()
    if not operates:
        report = {name: report[name] for name in FOR_ALL}
    hours = _bars(report.get("hours", []))
    return show(
        request,
        "console/mirror.html",
        {"report": report, "operates": operates, "hours": hours},
    )


def _bars(hours: list[Any]) -> list[dict[str, Any]]:
    """The last hours as marks: by what we hold was confirmed in each, and how that reads."""
    words = {"hints": _("hook"), "polls": _("poll"), "compared": _("compare")}
    return [
        {
            "at": one["hour"],
            **{name: bool(one[name]) for name in words},
            "said": ", ".join(word for name, word in words.items() if one[name]),
        }
        for one in hours
    ]
