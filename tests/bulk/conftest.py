"""Chats of the stand-in that are in the mirror, and bulk runs over them."""

from collections.abc import Callable
from typing import Any

import pytest

from chatops.bulk import carrying, preparing, runs
from chatops.bulk.models import BulkRow, BulkRun
from chatops.demo.adapter import Chat, StandIn
from chatops.mirror import ingest
from chatops.mirror.models import ChatTopic
from chatops.remote import wiring
from tests.actions.conftest import mirrored
from tests.conftest import Person

# A fixture is found here by its name.
__all__ = ["mirrored"]

MakeChats = Callable[..., list[Chat]]


@pytest.fixture
def chats(superoffice: StandIn, mirrored: Callable[..., None]) -> MakeChats:
    """Makes so many chats at the stand-in and reads them into the mirror."""

    def make(count: int, **more: Any) -> list[Chat]:
        found = [superoffice.chat(**more) for _ in range(count)]
        if not ChatTopic.objects.exists():
            mirrored()
        client = wiring.service_client()
        bodies = [ingest.Answer(one.id, client.sessions.get_raw(one.id)) for one in found]
        ingest.store_sessions(bodies, reading=ingest.next_reading())
        return found

    return make


def ordered(who: Person, deed: str, chats: list[Chat], **form: str) -> BulkRun:
    """A run over these chats, prepared and started."""
    run = preparing.prepare(who.caller(), deed, [one.id for one in chats])
    return runs.start(run.pk, who.caller(), form)


def outcomes(run: BulkRun) -> dict[str, int]:
    """How many rows have which outcome; those that none has are left out."""
    return {name: count for name, count in runs.counted(run).items() if count}


def rows(run: BulkRun) -> dict[int, BulkRow]:
    """Its rows by session."""
    return {one.session_id: one for one in run.rows.select_related("action")}


def work() -> None:
    """The worker's rounds until nothing is due."""
    while carrying.run_due():
        pass
