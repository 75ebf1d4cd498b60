"""A tombstone takes certainty: one odd answer deletes nothing, and many at once alarm."""

import pytest
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.mirror.models import Change, ChatMessage, ChatSession
from chatops.superoffice.client import Client
from chatops.superoffice.errors import SuperOfficeError
from chatops.sync import absence, backfill, refresh
from chatops.sync.models import Absence, Alarm
from tests.sync.conftest import Differences

pytestmark = pytest.mark.django_db


def gone() -> set[int]:
    return set(ChatSession.objects.exclude(gone_at=None).values_list("pk", flat=True))


def test_a_deleted_session_becomes_a_tombstone_and_its_transcript_stays(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    superoffice.chat()
    chat = superoffice.chat(messages=["Remember me"])
    backfill.backfill(client)
    chat.delete()
    assert refresh.session(client, chat.id) is False
    assert gone() == {chat.id}
    assert ChatMessage.objects.of(chat.id).filter(message="Remember me").exists()
    assert Change.objects.filter(session_id=chat.id, op="delete", kind="session").count() == 1
    assert differences() == []


def test_one_odd_404_deletes_nothing(superoffice: StandIn, client: Client) -> None:
    chat = superoffice.chat()
    superoffice.chat()
    backfill.backfill(client)
    superoffice.fault("all404", path=f"ChatSession/{chat.id}$", times=1)
    assert refresh.session(client, chat.id) is False
    assert gone() == set()
    assert not Absence.objects.exists()
    assert refresh.session(client, chat.id) is True


def test_a_null_in_place_of_a_session_counts_like_a_404(
    superoffice: StandIn, client: Client
) -> None:
    chat = superoffice.chat()
    superoffice.chat()
    backfill.backfill(client)
    chat.delete()
    superoffice.fault("null", path=f"ChatSession/{chat.id}$", apply=False)
    assert refresh.session(client, chat.id) is False
    assert gone() == {chat.id}


def test_a_session_that_is_still_listed_is_not_gone(superoffice: StandIn, client: Client) -> None:
    chat = superoffice.chat()
    superoffice.chat()
    backfill.backfill(client)
    superoffice.fault("all404", path=f"ChatSession/{chat.id}$")
    for _ in range(3):
        assert refresh.session(client, chat.id) is False
    assert gone() == set()
    assert "in its list" in Alarm.objects.get(name=absence.ODD).detail


@pytest.mark.parametrize("fault", ["blank", "hide_ids"])
def test_a_list_that_lacks_the_neighbours_too_proves_nothing(
    superoffice: StandIn, client: Client, fault: str
) -> None:
    """Three odd answers in a row: twice unknown, and then not in a list that is empty."""
    chats = [superoffice.chat() for _ in range(3)]
    backfill.backfill(client)
    odd = chats[1]
    superoffice.fault("all404", path=f"ChatSession/{odd.id}$", times=2)
    superoffice.fault(fault, path="ChatSession$", **HIDING.get(fault, {}))
    assert refresh.session(client, odd.id) is False
    assert gone() == set()
    superoffice.clear_faults()
    assert absence.settle(client).back == (odd.id,)


#: All of them: those above the session as well as itself.
HIDING = {"hide_ids": {"count": 3}}


def test_gone_with_all_its_neighbours_but_one_is_gone(superoffice: StandIn, client: Client) -> None:
    """A clean-up takes what lies together; of some neighbours nobody has asked yet."""
    chats = [superoffice.chat() for _ in range(5)]
    backfill.backfill(client)
    for chat in chats[1:4]:
        chat.delete()
    assert refresh.session(client, chats[2].id) is False
    assert gone() == {chats[2].id}


def test_the_second_404_has_to_come_later(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    settings.SYNC_GONE_AFTER_SECONDS = 60
    chat = superoffice.chat()
    superoffice.chat()
    backfill.backfill(client)
    chat.delete()
    for _ in range(3):
        refresh.session(client, chat.id)
    assert gone() == set()
    settings.SYNC_GONE_AFTER_SECONDS = 0
    assert absence.settle(client).gone == (chat.id,)


def test_nothing_goes_while_superoffice_knows_nobody(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chats = [superoffice.chat() for _ in range(4)]
    backfill.backfill(client)
    superoffice.fault("all404", path="ChatSession/\\d+")
    for chat in chats:
        refresh.session(client, chat.id)
    assert gone() == set()
    assert Alarm.objects.filter(name=absence.ODD).exists()
    superoffice.clear_faults()
    assert set(absence.settle(client).back) == {chat.id for chat in chats}
    assert not Alarm.objects.exists()
    assert differences() == []


def test_nothing_goes_while_superoffice_does_not_answer(
    superoffice: StandIn, client: Client
) -> None:
    chat = superoffice.chat()
    superoffice.chat()
    backfill.backfill(client)
    chat.delete()
    refresh.many(client, [chat.id])
    superoffice.fault("status", status=401)
    with pytest.raises(SuperOfficeError):
        absence.settle(client)
    assert gone() == set()


def test_too_many_at_once_stop_and_alarm_until_a_person_accepts(
    superoffice: StandIn, client: Client, settings: Settings, differences: Differences
) -> None:
    settings.MIRROR_MAX_GONE = 3
    chats = [superoffice.chat() for _ in range(10)]
    backfill.backfill(client)
    for chat in chats[:5]:
        chat.delete()
    refresh.many(client, [chat.id for chat in chats])
    settled = absence.settle(client)
    assert settled.gone == ()
    assert "Nothing was removed" in settled.held_back
    assert gone() == set()
    assert Alarm.objects.get(name=absence.TOO_MANY).detail == settled.held_back

    assert len(absence.settle(client, accept=True).gone) == 5
    assert not Alarm.objects.exists()
    assert differences() == []


def test_many_in_small_steps_are_many_too(
    superoffice: StandIn, client: Client, settings: Settings
) -> None:
    settings.MIRROR_MAX_GONE = 3
    chats = [superoffice.chat() for _ in range(10)]
    backfill.backfill(client)
    for chat in chats[:6]:
        chat.delete()
        refresh.session(client, chat.id)
    assert len(gone()) == 3
    assert Alarm.objects.filter(name=absence.TOO_MANY).exists()


def test_what_comes_back_comes_back(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    superoffice.chat()
    chat = superoffice.chat()
    backfill.backfill(client)
    record = superoffice.session(chat.id)
    chat.delete()
    refresh.session(client, chat.id)
    assert gone() == {chat.id}
    superoffice.office.add(record)
    assert refresh.session(client, chat.id) is True
    assert gone() == set()
    assert differences() == []


def test_the_only_session_may_go_when_the_list_answers(
    superoffice: StandIn, client: Client
) -> None:
    chat = superoffice.chat()
    backfill.backfill(client)
    chat.delete()
    refresh.session(client, chat.id)
    assert gone() == {chat.id}


def test_a_session_that_we_never_held_is_no_suspicion(client: Client) -> None:
    assert refresh.session(client, 4_711) is False
    assert not Absence.objects.exists()
    assert not ChatSession.objects.exists()
