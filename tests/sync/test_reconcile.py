"""The comparison: it finds and repairs whatever differs, and is green only when all is equal."""

import pytest
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.superoffice.client import Client
from chatops.superoffice.errors import SuperOfficeError
from chatops.sync import backfill, health, reconcile
from chatops.sync.models import Alarm, Cursor, RangeProof, SyncRun
from tests.sync.conftest import Differences, client_of
from tests.sync.equality import differing

pytestmark = pytest.mark.django_db


def test_what_is_equal_is_proved_equal(superoffice: StandIn, client: Client) -> None:
    for _ in range(5):
        superoffice.chat(messages=["One", "Two"])
    backfill.backfill(client)
    report = reconcile.reconcile(client)
    assert report.is_equal
    assert (report.sessions, report.differed, report.ranges) == (5, 0, 1)
    proof = RangeProof.objects.get()
    assert proof.is_equal
    assert proof.remote_count == proof.mirror_count == 5
    assert health.report()["ranges"]["equal"] is True


def test_everything_that_differs_is_repaired(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    silent = superoffice.chat(messages=["Hello"])
    linked = superoffice.chat()
    dead = superoffice.chat()
    superoffice.chat()
    backfill.backfill(client)
    silent.say("Nobody told")
    superoffice.session(linked.id).contact_id = 2001  # no event and no list shows a link
    dead.delete()
    new = superoffice.chat()
    report = reconcile.reconcile(client)
    assert report.is_equal
    assert (report.differed, report.repaired, report.unknown_here) == (3, 3, 1)
    assert (report.missing, report.gone) == (1, 1)
    assert ChatSession.objects.filter(pk=new.id).exists()
    assert differences() == []


def test_looking_only_changes_nothing_and_is_red(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat()
    backfill.backfill(client)
    chat.say("Nobody told")
    wrong = differences()
    report = reconcile.reconcile(client, dry_run=True)
    assert not report.is_equal
    assert report.differed == 1
    assert differences() == wrong != []
    assert not RangeProof.objects.exists()
    assert not SyncRun.objects.filter(kind="reconcile").exists()


def test_rows_that_somebody_else_changed_are_found_and_put_right(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chats = [superoffice.chat(messages=["Hello"]) for _ in range(4)]
    backfill.backfill(client)
    ChatSession.objects.filter(pk=chats[0].id).update(status="Closed")
    ChatSession.objects.filter(pk=chats[1].id).update(raw="{}", rendered="{}")
    ChatMessage.objects.filter(session_id=chats[2].id).update(rendered="{}")
    assert reconcile.reconcile(client, dry_run=True).differed == 3
    report = reconcile.reconcile(client)
    assert report.is_equal
    assert report.repaired == 3
    assert differences() == []


def test_a_row_deleted_here_is_read_again(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat()
    superoffice.chat()
    backfill.backfill(client)
    ChatMessage.objects.filter(session_id=chat.id).delete()
    ChatSession.objects.filter(pk=chat.id).delete()
    assert reconcile.reconcile(client).is_equal
    assert differences() == []


def test_a_session_that_cannot_be_read_keeps_its_range_red(
    superoffice: StandIn, client: Client
) -> None:
    chat = superoffice.chat()
    superoffice.chat()
    backfill.backfill(client)
    superoffice.fault("status", path=f"ChatSession/{chat.id}$", status=500)
    report = reconcile.reconcile(client)
    assert not report.is_equal
    assert report.unread == 1
    assert not RangeProof.objects.get().is_equal
    assert health.report()["ranges"]["equal"] is False
    superoffice.clear_faults()
    assert reconcile.reconcile(client).is_equal
    assert health.report()["ranges"]["equal"] is True


def test_blank_lists_prove_nothing_and_remove_nothing(
    superoffice: StandIn, client: Client, settings: Settings, differences: Differences
) -> None:
    settings.MIRROR_MAX_GONE = 3
    for _ in range(10):
        superoffice.chat()
    backfill.backfill(client)
    assert reconcile.reconcile(client).is_equal
    superoffice.fault("blank")
    report = reconcile.reconcile(client)
    assert not report.is_equal
    assert not report.complete
    assert Alarm.objects.exists()
    assert health.report()["ranges"]["equal"] is False
    assert ChatSession.objects.here().count() == 10
    superoffice.clear_faults()
    assert reconcile.reconcile(client).is_equal
    assert not Alarm.objects.exists()
    assert differences() == []


@pytest.mark.parametrize("status", [401, 404, 503])
def test_an_interrupted_comparison_is_not_green(
    superoffice: StandIn, client: Client, status: int
) -> None:
    superoffice.chat()
    backfill.backfill(client)
    superoffice.fault("status", status=status)
    with pytest.raises(SuperOfficeError):
        reconcile.reconcile(client)
    run = SyncRun.objects.get(kind="reconcile")
    assert (run.ok, run.ended_at) == (None, None)
    assert health.report()["ranges"]["equal"] is False


def test_more_missing_than_may_go_stays_red_until_a_person_accepts(
    superoffice: StandIn, client: Client, settings: Settings, differences: Differences
) -> None:
    settings.MIRROR_MAX_GONE = 2
    chats = [superoffice.chat() for _ in range(8)]
    backfill.backfill(client)
    for chat in chats[:5]:
        chat.delete()
    report = reconcile.reconcile(client)
    assert not report.is_equal
    assert (report.missing, report.gone) == (5, 0)
    assert "Nothing was removed" in report.held_back
    assert ChatSession.objects.here().count() == 8
    assert reconcile.reconcile(client, accept_gone=True).is_equal
    assert differences() == []


def test_ranges_are_compared_apart_and_a_stopped_comparison_goes_on(db: None) -> None:
    with StandIn(scene="many", sessions=520, messages=1) as many:
        client = client_of(many)
        backfill.backfill(client)
        with pytest.raises(backfill.Stopped):
            reconcile.reconcile(client, stop=lambda: True)
        reached = SyncRun.objects.get(kind="reconcile").through
        many.office.journal.clear()
        report = reconcile.reconcile(client, resume=True)
        assert report.is_equal
        assert report.sessions == 520
        assert report.ranges == RangeProof.objects.count() >= 2
        asked = [row["path"] for row in many.journal(kind="request")]
        assert not any(path.endswith(f"/{reached - 1}") for path in asked)
        assert list(differing(client, set(many.office.sessions))) == []


def test_a_range_without_sessions_loses_its_proof(superoffice: StandIn, client: Client) -> None:
    superoffice.office.session_ids = 1000
    lonely = superoffice.chat()
    superoffice.office.session_ids = 9000
    superoffice.chat()
    backfill.backfill(client)
    assert reconcile.reconcile(client).ranges == 2
    lonely.delete()
    reconcile.reconcile(client)
    report = reconcile.reconcile(client)
    assert report.is_equal
    assert RangeProof.objects.count() == report.ranges == 1


def test_after_a_restored_backup_new_ids_are_looked_for_where_they_are(
    superoffice: StandIn, client: Client
) -> None:
    Cursor.objects.create(name="new", value=2_000_000)
    chat = superoffice.chat()
    reconcile.reconcile(client)
    assert Cursor.objects.get(name="new").value == chat.id


def test_hidden_lower_messages_and_vanished_ones_are_settled(
    superoffice: StandIn, client: Client, differences: Differences
) -> None:
    chat = superoffice.chat(messages=["One", "Two", "Three"])
    hidden = superoffice.session(chat.id).messages[1].id
    superoffice.fault("hide_ids", path="Messages", ids=[hidden])
    backfill.backfill(client)
    assert not ChatMessage.objects.filter(pk=hidden).exists()
    superoffice.clear_faults()
    assert reconcile.reconcile(client).is_equal
    del superoffice.session(chat.id).messages[0]
    assert not reconcile.reconcile(client).is_equal  # one answer without it is not enough
    assert reconcile.reconcile(client).is_equal
    assert differences() == []
