"""What the browser's code says: translated here, carried in an attribute of the page."""

from __future__ import annotations

import json

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def for_browser() -> str:
    """The sentences of the scripts as a JSON object; `live.js` reads it from `data-words`."""
    return json.dumps(
        {
            "live": _("Live"),
            "wait": _("Reconnecting…"),
            "off": _("Not live since"),
            "s": pgettext("seconds", "%(n)s s"),
            "min": pgettext("minutes", "%(n)s min"),
            "h": pgettext("hours and minutes", "%(h)s h %(m)s"),
            "d": pgettext("days", "%(n)s d"),
            "ago": _("%(span)s ago"),
            "failed": _("The console could not be reached. Nothing is lost: press again."),
            "offer": _("A chat is offered to you"),
            "unread": _("New since your last look"),
            "newest": _("New messages"),
            "told": _("You will be told of new offers."),
            "quiet": _("New offers are silent again."),
            "slow": _("SuperOffice has not answered yet. You can wait here."),
            "picked": _("%(n)s chosen"),
        }
    )
