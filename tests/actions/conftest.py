"""A mirror that knows the people, so that what the roles say can be asked."""

from collections.abc import Callable

import pytest

from chatops.demo.adapter import StandIn
from chatops.mirror import ingest, people
from chatops.remote import wiring

Mirrored = Callable[..., None]


@pytest.fixture
def mirrored(superoffice: StandIn, db: None) -> Mirrored:
    """Reads these sessions and the members of every topic into the mirror."""

    def read(*session_ids: int) -> None:
        client = wiring.service_client()
        for topic in (7, 8, 9):
            people.store_topic(client.topics.get(topic).raw)
            people.store_members(topic, [one.raw for one in client.topics.members(topic)])
        for one in session_ids:
            reading = ingest.next_reading()
            ingest.store_sessions(
                [ingest.Answer(one, client.sessions.get_raw(one))], reading=reading
            )

    return read
