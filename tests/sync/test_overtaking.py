"""Answers overtake each other: of two reads that overlap nobody knows which one saw more."""

import time
from typing import NamedTuple

import pytest
from django.utils import timezone

from chatops.demo.adapter import StandIn
from chatops.mirror import ingest
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.superoffice.client import Client
from chatops.sync import reading, refresh
from chatops.sync.reading import Batch, Wish
from tests.processes import apart
from tests.sync.conftest import Differences, client_of

pytestmark = pytest.mark.django_db(transaction=True)


class Overlapping(NamedTuple):
    """Two reads of one chat that overlap: the one that began first was answered last."""

    began_first: Batch
    answered_first: Batch


@pytest.fixture
def overlapping(superoffice: StandIn, client: Client) -> Overlapping:
    chat = superoffice.chat(user="mia", messages=["One"])
    began_first = Batch(reading=ingest.next_reading(), read_at=timezone.now())
    answered_first = reading.read(client, [Wish(chat.id)])
    chat.say("Two")
    chat.end(by="mia")
    began_first.reads = reading.read(client, [Wish(chat.id)]).reads
    return Overlapping(began_first, answered_first)


def test_a_row_does_not_go_back_for_a_read_that_began_later_but_saw_less(
    overlapping: Overlapping, differences: Differences
) -> None:
    reading.store(overlapping.began_first)
    stored = reading.store(overlapping.answered_first)
    assert not ChatSession.objects.get().is_open
    assert ChatMessage.objects.filter(message="Two").exists()
    assert stored.sessions.older == 1
    assert differences() == []


def test_what_is_stored_first_stays_until_somebody_reads_again(
    overlapping: Overlapping, client: Client, differences: Differences
) -> None:
    reading.store(overlapping.answered_first)
    reading.store(overlapping.began_first)
    assert ChatSession.objects.get().is_open  # nobody can know which of the two is newer
    refresh.many(client, [ChatSession.objects.get().pk])
    assert differences() == []


def test_whoever_was_overtaken_reads_again_by_himself(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat(user="mia", messages=["One"])
    superoffice.fault("slow", path=f"ChatSession/{chat.id}$", seconds=0.5, times=1)
    slow = apart(refresh.many, client_of(superoffice), [chat.id])
    time.sleep(0.2)
    refresh.many(client, [chat.id])
    chat.end(by="mia")
    slow.join()
    assert not ChatSession.objects.get().is_open
    assert differences() == []
