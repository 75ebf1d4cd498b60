"""The inbox of hints: every delivery with its verdict, and what was given up tried again."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chatops.actions.models import TrailEntry
from chatops.console.screens import inbox
from chatops.sync.models import WebhookDelivery
from tests.console.conftest import AtConsole

pytestmark = pytest.mark.django_db

State = WebhookDelivery.State


def delivered(number: int, state: str, **more: Any) -> WebhookDelivery:
    """A delivery that has come to this state."""
    given = {"event": "chatsession.message", "session_id": 7000 + number, **more}
    return WebhookDelivery.objects.create(event_id=f"event-{number}", state=state, **given)


def rows_of(page: str) -> list[str]:
    """The rows of the list, newest first."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return body.split("<tr ")[1:]


def test_every_delivery_stands_there_with_its_verdict_and_why(operator: AtConsole) -> None:
    delivered(1, State.APPLIED, attempts=1, repeats=2)
    delivered(2, State.REPEATED, detail="Covered by the same read.")
    delivered(3, State.IGNORED, event="chatops.ping", session_id=None)
    in_a_while = timezone.now() + timedelta(minutes=2)
    delivered(4, State.FAILED, attempts=3, detail="ServerFailed: It failed.", due_at=in_a_while)
    delivered(5, State.DEAD, attempts=8, detail="ServerFailed: It failed.")
    dead, failed, refused, repeated, applied = rows_of(operator.page("mirror/inbox/"))
    assert "Applied" in applied
    assert "7001" in applied
    assert "delivered again: 2" in applied
    assert "Covered by the same read." in repeated
    assert "Refused" in refused
    assert "a ping" in refused
    assert "chatops.ping" in refused
    assert "ServerFailed: It failed." in failed
    assert f"{in_a_while:%H:%M}" in failed
    assert "Given up" in dead
    assert "Try again" in dead
    assert not any("Try again" in one for one in (applied, repeated, refused, failed))


@pytest.mark.parametrize("state", list(inbox.VERDICTS))
def test_a_verdict_is_asked_for_alone(operator: AtConsole, state: str) -> None:
    for number, one in enumerate(State.values):
        delivered(number, one)
    [row] = rows_of(operator.page("mirror/inbox/", verdict=state))
    assert f"{7000 + State.values.index(state)}" in row


def test_a_verdict_that_does_not_exist_is_not_asked_for(operator: AtConsole) -> None:
    delivered(1, State.APPLIED)
    assert len(rows_of(operator.page("mirror/inbox/", verdict="' OR 1=1"))) == 1


def test_the_list_goes_on_by_pages(operator: AtConsole) -> None:
    for number in range(inbox.PAGE + 3):
        delivered(number, State.DEAD)
    first = operator.page("mirror/inbox/", verdict="dead")
    assert len(rows_of(first)) == inbox.PAGE
    lowest = WebhookDelivery.objects.order_by("-pk")[inbox.PAGE - 1].pk
    assert f"verdict=dead&amp;older={lowest}" in first
    assert len(rows_of(operator.page("mirror/inbox/", verdict="dead", older=lowest))) == 3


def test_one_that_was_given_up_is_tried_again_alone(operator: AtConsole) -> None:
    dead, other = delivered(1, State.DEAD, attempts=8), delivered(2, State.DEAD)
    answer = operator.post(f"mirror/inbox/{dead.pk}/again/")
    assert answer.status_code == 303
    dead.refresh_from_db()
    other.refresh_from_db()
    assert (dead.state, dead.attempts, other.state) == (State.WAITING, 0, State.DEAD)
    assert TrailEntry.objects.filter(what="hints_again").count() == 1


def test_what_was_not_given_up_is_left_alone(operator: AtConsole) -> None:
    done = delivered(1, State.APPLIED, attempts=1)
    operator.post(f"mirror/inbox/{done.pk}/again/")
    assert "It is not given up (any more)." in operator.told()
    done.refresh_from_db()
    assert (done.state, done.attempts) == (State.APPLIED, 1)
    assert operator.post("mirror/inbox/999999/again/").status_code == 404


def test_all_that_were_given_up_are_tried_again(operator: AtConsole) -> None:
    dead, failed = delivered(1, State.DEAD, attempts=8), delivered(2, State.FAILED, attempts=2)
    assert "Try given-up hints again" in operator.page("mirror/")
    operator.post("mirror/inbox/again/")
    dead.refresh_from_db()
    failed.refresh_from_db()
    assert (dead.state, dead.attempts) == ("waiting", 0)
    assert (failed.state, failed.attempts) == ("failed", 2)


def test_only_operators_see_it_and_only_by_pressing_is_anything_tried(
    operator: AtConsole, mia_there: AtConsole, auditor: AtConsole
) -> None:
    dead = delivered(1, State.DEAD)
    for other in (mia_there, auditor):
        assert other.get("mirror/inbox/").status_code == 403
        assert other.post(f"mirror/inbox/{dead.pk}/again/").status_code == 403
        assert other.post("mirror/inbox/again/").status_code == 403
    assert operator.get(f"mirror/inbox/{dead.pk}/again/").status_code == 405
    dead.refresh_from_db()
    assert dead.state == State.DEAD
