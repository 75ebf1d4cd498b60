"""The mirror's page: whether what one sees is true, and for operators why."""

from datetime import timedelta

from django.utils import timezone

from chatops.demo.adapter import StandIn
from chatops.remote import wiring
from chatops.sync import hours, people, poll, reconcile
from chatops.sync.models import Cursor, WebhookDelivery
from tests.console.conftest import AtConsole


def agreed(ago: timedelta) -> None:
    """The open sessions were read, and the worker was heard of, so long ago."""
    then = timezone.now() - ago
    for name in ("open", "worker"):
        Cursor.objects.update_or_create(name=name, defaults={"ok_at": then, "ran_at": then})


def test_fresh_is_said_and_so_is_stale_on_every_screen(mia_there: AtConsole) -> None:
    agreed(timedelta(seconds=1))
    assert "<strong>Fresh</strong>" in mia_there.page("mirror/")
    for page in ("", "sessions/"):
        assert "Stale since" not in mia_there.page(page)
    agreed(timedelta(minutes=10))
    assert "No worker is running" in mia_there.page("mirror/")
    for page in ("", "sessions/"):
        assert "Stale since" in mia_there.page(page)


def test_a_compare_tells_what_it_found(superoffice: StandIn, mia_there: AtConsole) -> None:
    superoffice.chat(user="mia")
    client = wiring.service_client()
    people.refresh(client)
    poll.new_sessions(client)
    reconcile.reconcile(client)
    page = mia_there.page("mirror/")
    assert "Equal" in page
    assert "Sessions compared" in page


def test_the_machine_is_shown_to_operators_alone(operator: AtConsole, mia_there: AtConsole) -> None:
    agreed(timedelta(seconds=1))
    assert "Hints waiting" in operator.page("mirror/")
    assert "Hints waiting" not in mia_there.page("mirror/")


def test_the_picture_shows_what_confirmed_each_hour(operator: AtConsole) -> None:
    now = timezone.now()
    given = {"event": "chatsession.changed", "session_id": 1}
    WebhookDelivery.objects.create(event_id="read", state="applied", **given)
    before = now - timedelta(hours=1)
    WebhookDelivery.objects.create(event_id="not", state="failed", received_at=before, **given)
    hours.note(polls=3)
    *_, last_hour, this_hour = operator.page("mirror/").split('<ol class="hours">')[1].split("<li ")
    assert this_hour.count('class="sure"') == 2
    assert "hook, poll<" in this_hour
    assert "not confirmed" in last_hour
    hours.note(compared=1)
    assert "hook, poll, compare" in operator.page("mirror/")
