"""Celery's workers run the same tasks; one that is killed loses nothing."""

import os
import signal
import sys
from collections.abc import Callable

import pytest

from chatops.demo.adapter import StandIn
from tests.ops.place import Place, eventually, free_port

pytestmark = [pytest.mark.celery, pytest.mark.slow]

CELERY = [sys.executable, "-m", "celery", "-A", "chatops.celery"]
COUNT = "from chatops.mirror.models import ChatSession\nout = ChatSession.objects.count()"


@pytest.fixture
def crowd(make_place: Callable[..., Place]) -> Place:
    """A place with a broker of its own."""
    port = free_port()
    place = make_place(CELERY_BROKER_URL=f"redis://127.0.0.1:{port}/0")
    place.start("redis-server", "--port", str(port), "--save", "", "--dir", str(place.folder))
    return place


def test_a_killed_worker_is_replaced_and_nothing_is_lost(crowd: Place) -> None:
    with StandIn(scene="empty", seed=1) as office:
        crowd.settings["STANDIN_PORT"] = office.origin.rpartition(":")[2]
        crowd.start(*CELERY, "beat", "-s", str(crowd.folder / "beat"))
        first = crowd.start(*CELERY, "worker", "-c", "2")
        office.chat()
        eventually(lambda: crowd.do(COUNT) == 1, every=0.3)
        os.killpg(first.pid, signal.SIGKILL)
        crowd.start(*CELERY, "worker", "-c", "2")
        office.chat()
        eventually(lambda: crowd.do(COUNT) == 2, every=0.3)
