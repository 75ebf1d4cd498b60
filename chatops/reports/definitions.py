"""What each measure means, in words: shown with the numbers, and in docs/numbers.md."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Definition(NamedTuple):
    """A measure, and what exactly is counted."""

    name: str
    title: Promise
    meaning: Promise


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "waiting",
        _("Waiting now"),
        _("Open sessions with the status InQueue at this moment."),
    ),
    Definition(
        "longest_wait",
        _("Longest wait"),
        _("Time since WhenRequested of the waiting session that asked first."),
    ),
    Definition(
        "ongoing",
        _("Ongoing"),
        _("Open sessions with the status CustomerLast or UserLast at this moment."),
    ),
    Definition(
        "present",
        _("Present agents"),
        _("SuperOffice users who are set to take chats, as last read from SuperOffice."),
    ),
    Definition(
        "requested",
        _("Requested"),
        _("Sessions whose WhenRequested is in the period, in your time zone."),
    ),
    Definition(
        "picked_up",
        _("Picked up"),
        _("Of these, the sessions that an agent took: WhenStarted is set."),
    ),
    Definition(
        "abandoned",
        _("Abandoned"),
        _("Of these, the sessions whose customer left the queue: the status is ClosedFromQueue."),
    ),
    Definition(
        "wait",
        _("Wait"),
        _("From WhenRequested to WhenStarted, of the sessions that were picked up."),
    ),
    Definition(
        "response",
        _("First response"),
        _(
            "From WhenStarted to the first message ToCustomer without a special type, which is to "
            "say not by a bot and not the welcome text. In a long period, of the newest 3000 "
            "sessions that were picked up; the link opens those."
        ),
    ),
    Definition(
        "handling",
        _("Handling"),
        _("From WhenStarted to WhenEnded, of the sessions that were picked up and have ended."),
    ),
    Definition(
        "rating",
        _("Rating"),
        _("The stars that customers gave, 1 to 5. A session without stars is not counted."),
    ),
    Definition(
        "median",
        _("Median and 90 %"),
        _(
            "By nearest rank: half of the sessions took at most the median, nine of ten at most "
            "the other. Both are times that occurred. Times below zero count as zero."
        ),
    ),
    Definition(
        "agent",
        _("By agent"),
        _("The agent is who has the session now, or had it when it ended."),
    ),
)


def told(name: str) -> Promise:
    """The meaning of one measure."""
    return next(one.meaning for one in DEFINITIONS if one.name == name)
