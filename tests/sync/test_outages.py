"""SuperOffice is wrong for long: everything is empty, then unknown, then forbidden. Nothing is
removed for it, somebody is told soon, and afterwards everything heals by itself.
"""

import time
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.superoffice.client import Client
from chatops.sync import health, poll, ranges
from chatops.sync.models import Alarm, RangeProof, SyncRun
from chatops.sync.worker import Worker
from tests.sync.conftest import Differences
from tests.sync.test_worker import running, until

pytestmark = pytest.mark.django_db(transaction=True)

#: A minute of what the settings stand for lasts so many seconds here.
MINUTE = 2.0
LONG = 5.0

BLANK = {"kind": "blank"}
UNKNOWN = {"kind": "all404"}
FORBIDDEN = {"kind": "status", "status": 401}


@pytest.fixture
def minutes_are_short(settings: Settings) -> Iterator[Settings]:
    settings.SYNC_NEW_SECONDS = settings.SYNC_OPEN_SECONDS = 0.2
    settings.SYNC_TRANSFERS_SECONDS = settings.SYNC_ENDED_SECONDS = 0.3
    settings.SYNC_PEOPLE_SECONDS = settings.SYNC_COMPLETE_SECONDS = 0.5
    settings.SYNC_SWEEP_SECONDS = 0.5
    settings.SYNC_GONE_AFTER_SECONDS = 0.1
    settings.STALE_AFTER_SECONDS = MINUTE / 2
    return settings


def gone() -> tuple[int, int]:
    """Tombstones of sessions, and of messages."""
    return (
        ChatSession.objects.exclude(gone_at=None).count(),
        ChatMessage.objects.exclude(gone_at=None).count(),
    )


def compared_since(number: int) -> int:
    return SyncRun.objects.filter(kind="reconcile", pk__gt=number).exclude(ended_at=None).count()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("open_chats", "told_of_blank"),
    [(5, poll.BLANK), (0, ranges.LACKING)],
    ids=["some open", "all ended"],
)
def test_blank_then_unknown_then_forbidden_and_nothing_is_lost(
    superoffice: StandIn,
    client: Client,
    minutes_are_short: Settings,
    differences: Differences,
    open_chats: int,
    told_of_blank: str,
) -> None:
    for number in range(30):
        chat = superoffice.chat(user="mia", messages=["One", f"Two of {number}"])
        if number >= open_chats:
            chat.end(by="mia")
    with running(Worker(lambda: client)):
        until(lambda: health.report()["ranges"]["equal"])
        for fault, alarm in (
            (BLANK, told_of_blank),
            (UNKNOWN, health.STALE),
            (FORBIDDEN, health.STALE),
        ):
            Alarm.objects.all().delete()
            began = time.monotonic()
            superoffice.control("PUT", "faults", rules=[fault])
            until(Alarm.objects.filter(name=alarm).exists)
            time.sleep(max(LONG + began - time.monotonic(), 0))
            assert gone() == (0, 0), fault
            assert not proved_of_nothing()
        superoffice.clear_faults()
        before = SyncRun.objects.order_by("-pk")[0].pk
        until(lambda: compared_since(before) >= 2)
        # The pause after failures is not shortened by the settings: up to eight seconds by now.
        until(lambda: not Alarm.objects.exists())
        assert health.report()["ranges"]["equal"]
        assert not health.freshness().is_stale
    assert differences() == []
    assert ChatSession.objects.here().count() == 30


def proved_of_nothing() -> bool:
    """A comparison with an empty SuperOffice must not count as a proof."""
    return RangeProof.objects.filter(remote_count=0, mirror_count=0).exists()
