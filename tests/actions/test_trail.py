"""The trail: every move of an action is told by whom, of what and for which request; for good."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from chatops.actions import ending, needs, settle, trail, verbs
from chatops.actions.callers import caller_of
from chatops.actions.models import State, TrailEntry
from chatops.actions.perform import Wish
from chatops.demo.adapter import StandIn
from chatops.remote import wiring
from tests.actions.conftest import Mirrored
from tests.conftest import Person


def a_line(mia: Person, what: str = "transcript_viewed") -> TrailEntry:
    return trail.record(what, caller=mia.caller(), session_id=7)


# --- What a line holds ---------------------------------------------------------------------------


def test_every_move_names_actor_time_object_and_request(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    caller = caller_of(mia.user, source="api", request_id="request-1")
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    lost = verbs.send_message(chat.id, "Hi", wish=Wish(caller, "key"))
    for seconds in (130, 140):
        settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=seconds))
    closer = caller_of(mia.user, source="console", request_id="request-2")
    needs.close(lost.pk, caller=closer, verdict="did_not_happen")
    lines = list(TrailEntry.objects.filter(action=lost).order_by("id"))
    assert [(one.before, one.after, one.actor, one.request_id) for one in lines] == [
        ("", "sending", mia.user, "request-1"),
        ("sending", "unknown", mia.user, "request-1"),
        ("unknown", "needs_person", None, "request-1"),
        ("needs_person", "closed", mia.user, "request-2"),
    ]
    assert [one.caller for one in lines][2] == trail.WORKER
    assert {(one.object, one.session_id) for one in lines} == {(f"action:{lost.pk}", chat.id)}
    times = [one.at for one in lines]
    assert times == sorted(times)


@pytest.mark.django_db(transaction=True)
def test_a_move_that_is_rolled_back_leaves_no_line(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    lost = verbs.send_message(chat.id, "Hi", wish=mia.wish())
    lines = TrailEntry.objects.count()
    with transaction.atomic():
        ending.done(lost, {})
        transaction.set_rollback(True)
    lost.refresh_from_db()
    assert (lost.state, TrailEntry.objects.count()) == (State.UNKNOWN, lines)


# --- Append-only, by the database ----------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"what": "other"},
        {"at": timezone.now()},
        {"caller": "user:0"},
        {"session_id": 8},
        {"object": "x"},
        {"before": "x"},
        {"after": "x"},
        {"request_id": "x"},
        {"detail": {"x": 1}},
    ],
)
def test_no_line_is_changed(mia: Person, change: dict[str, object]) -> None:
    line = a_line(mia)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        TrailEntry.objects.filter(pk=line.pk).update(**change)


def test_no_line_is_given_to_somebody_else(mia: Person, ola: Person) -> None:
    line = a_line(mia)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        TrailEntry.objects.filter(pk=line.pk).update(actor=ola.user)


def test_no_line_is_deleted(mia: Person) -> None:
    line = a_line(mia)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        line.delete()


def test_who_leaves_does_not_take_their_lines_along(mia: Person) -> None:
    line, name = a_line(mia), mia.caller().name
    mia.user.delete()
    line.refresh_from_db()
    assert (line.actor, line.caller) == (None, name)


def test_lines_go_only_as_far_as_a_line_says(mia: Person) -> None:
    old, new = a_line(mia), a_line(mia)
    trail.cut(old.pk, lines=1)
    old.delete()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        new.delete()
    left = list(TrailEntry.objects.filter(pk__gte=new.pk).order_by("pk"))
    assert [one.what for one in left] == ["transcript_viewed", trail.CUT]
