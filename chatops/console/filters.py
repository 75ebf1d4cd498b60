"""The filters of the list of sessions: what is in the address, what is asked of the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.console import wording
from chatops.mirror.models import Associate, ChatTopic
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.notebook.models import SessionTag
from chatops.reports.slices import NOBODY, OUTCOMES, RATED, Slice
from chatops.reports.slices import SHOWN as GROUPS

INT32_MAX = 2**31 - 1
#: What stands for days at the ends of the calendar, which not every time zone has.
EARLIEST, LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
#: Groups of statuses that people ask for; every single status can be asked for as well.
SHOWN = (
    ("", _("All")),
    ("open", _("Open")),
    ("waiting", _("Waiting")),
    ("ongoing", _("Ongoing")),
    ("ended", _("Ended")),
)


#: How the outcomes read; `reports.definitions` says what exactly they are.
OUTCOME_WORDS = {
    "picked_up": _("picked up"),
    "handled": _("picked up and ended"),
    "responded": _("answered by an agent"),
    "abandoned": _("left from the queue"),
}


class _IdField(forms.ChoiceField):
    """One of those that are offered, or any other id: links name people who have left, too."""

    def valid_value(self, value: Any) -> bool:
        text = str(value)
        return super().valid_value(value) or (
            text.isascii() and text.isdecimal() and len(text) < 11 and int(text) <= INT32_MAX
        )


class _MomentField(forms.DateTimeField):
    """A moment with its offset, in years that every time zone has."""

    def clean(self, value: Any) -> Any:
        if not str(value or "").isprintable():  # between day and hour any character would do
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        moment = super().clean(value)
        if moment is not None and not 1970 <= moment.year <= 2200:
            raise forms.ValidationError(_("Choose a day between 1970 and 2200."))
        return moment


class SessionFilters(forms.Form):
    """Filters as they stand in the address; a wrong one is told beside its field."""

    show = forms.CharField(required=False, max_length=64)
    search = forms.CharField(required=False, max_length=200, strip=True)
    topic = _IdField(required=False)
    agent = _IdField(required=False)
    status = forms.ChoiceField(required=False)
    rating = forms.ChoiceField(required=False)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    # What the links of the numbers ask for besides.
    requested_after = _MomentField(required=False)
    requested_before = _MomentField(required=False)
    hour = forms.IntegerField(required=False, min_value=0, max_value=23)
    outcome = forms.ChoiceField(required=False, choices=[(name, name) for name in OUTCOMES])
    tag = forms.CharField(required=False, max_length=40)

    def __init__(self, data: Any, caller: Caller) -> None:
        super().__init__(data)
        self.caller = caller
        topics = ChatTopic.objects.order_by("name").values_list("id", "name")
        people = Associate.objects.filter(deleted=False).defer("raw").order_by("full_name")
        self._choose("topic", _("Every topic"), [(str(pk), name or str(pk)) for pk, name in topics])
        everybody = [(str(NOBODY), _("Nobody")), *((str(one.pk), str(one)) for one in people)]
        self._choose("agent", _("Everybody"), everybody)
        words = [(name, word.label) for name, word in wording.STATUS.items()]
        self._choose("status", _("Every status"), words)
        stars = [(str(n), "★" * n) for n in range(5, 0, -1)]
        self._choose("rating", _("Any rating"), [(RATED, _("Rated")), *stars])

    def _choose(self, name: str, none: Any, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", none), *choices]

    def apply(self, sessions: ChatSessionQuerySet) -> ChatSessionQuerySet:
        """The sessions that these filters leave; a filter that is wrong leaves none.

        The search is not among them: `finding` goes through the text index.
        """
        if not self.is_valid():
            return sessions.none()
        sessions = self.slice.of(sessions)
        if tag := self.cleaned_data["tag"]:
            told = policy.sessions_with(self.caller, policy.Right.TRANSCRIPT)
            tagged = SessionTag.objects.filter(tag__folded=tag.casefold()).values("session_id")
            sessions = sessions.filter(pk__in=tagged).filter(told.hold("pk"))
        return sessions

    @property
    def slice(self) -> Slice:
        """What is asked for, less the search. The filters have to be valid."""
        asked = self.cleaned_data
        after = [asked["requested_after"], asked["since"] and _midnight(asked["since"])]
        before = [asked["requested_before"], asked["until"] and _midnight(asked["until"], days=1)]
        return Slice(
            show=asked["show"] if asked["show"] in GROUPS else "",
            topic=int(asked["topic"]) if asked["topic"] else None,
            agent=int(asked["agent"]) if asked["agent"] else None,
            status=asked["status"],
            rating=asked["rating"],
            outcome=asked["outcome"],
            requested_after=max((one for one in after if one), default=None),
            requested_before=min((one for one in before if one), default=None),
            hour=asked["hour"],
        )

    @property
    def searched(self) -> str:
        """The text that is searched for; nothing when a filter is wrong."""
        return str(self.cleaned_data["search"]) if self.is_valid() else ""

    @property
    def told(self) -> dict[str, str]:
        """What the trail keeps of the filters: all that leave something out, as they were asked
        for, but not the text that was searched for. The filters have to be valid."""
        asked = self.cleaned_data | {"show": self.slice.show}
        given = [name for name, value in asked.items() if value not in (None, "")]
        return {name: "…" if name == "search" else self.data[name][:64] for name in given}

    @property
    def hidden(self) -> list[tuple[str, str, str]]:
        """What links ask for that has no field: name, value, and how it reads."""
        if not self.is_valid():
            return []
        asked = self.cleaned_data
        words = {
            "requested_after": _("requested from %(when)s"),
            "requested_before": _("requested before %(when)s"),
        }
        found = [
            (name, self.data[name], str(text) % {"when": _moment(asked[name])})
            for name, text in words.items()
            if asked[name]
        ]
        if asked["hour"] is not None:
            found.append(("hour", str(asked["hour"]), _hour(asked["hour"])))
        if asked["outcome"]:
            found.append(("outcome", asked["outcome"], str(OUTCOME_WORDS[asked["outcome"]])))
        if asked["tag"]:
            found.append(("tag", asked["tag"], str(_("tagged %(tag)s")) % {"tag": asked["tag"]}))
        return found

    @property
    def widened(self) -> str:
        """The address without what has no field."""
        kept = {name: value for name, value in self.data.items() if value}
        for name in ("older", "newer", *(name for name, _value, _label in self.hidden)):
            kept.pop(name, None)
        return f"?{urlencode(kept)}"

    @property
    def is_set(self) -> bool:
        """Whether anything is asked for besides the group."""
        return any(self.data.get(name) for name in self.fields if name != "show")


def _moment(when: datetime) -> str:
    return date_format(timezone.localtime(when), pgettext("date", "j M Y H:i"))


def _hour(hour: int) -> str:
    return str(_("between %(hour)s:00 and %(hour)s:59") % {"hour": f"{hour:02}"})


def _midnight(day: date, *, days: int = 0) -> datetime:
    """The reader's midnight before a day, or so many days later; the days of a calendar only."""
    try:
        local = datetime.combine(day + timedelta(days=days), time.min)
        return timezone.make_aware(local).astimezone(UTC)
    except OverflowError:
        return EARLIEST if day.year < 2 else LATEST
