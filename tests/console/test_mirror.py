"""The mirror's page: whether what one sees is true, and for operators why."""

from datetime import timedelta

from django.utils import timezone

from chatops.demo.adapter import StandIn
from chatops.remote import wiring
from chatops.sync import people, poll, reconcile
from chatops.sync.models import Cursor
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
