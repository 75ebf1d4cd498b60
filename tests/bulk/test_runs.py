"""Runs: every row an ordinary action in the person's name, and what becomes of each."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions import errors, settle
from chatops.actions.models import Action, State, TrailEntry
from chatops.bulk import carrying, forgetting, preparing, runs
from chatops.bulk.models import BulkRow, BulkRun, RowState, Stage
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from chatops.notebook import notes
from chatops.notebook.models import Review
from chatops.remote import wiring
from tests.bulk.conftest import MakeChats, ordered, outcomes, rows, work
from tests.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)


def test_transferring_offers_each_chat_in_my_own_name(
    superoffice: StandIn, chats: MakeChats, mia: Person
) -> None:
    mine = chats(3, user="mia")
    run = ordered(mia, "transfer", mine, to="ola")
    work()
    run.refresh_from_db()
    assert run.stage == Stage.ENDED
    assert outcomes(run) == {"done": 3}
    for chat in mine:
        assert superoffice.session(chat.id).transfer_to == 18
        [effect] = superoffice.effects("transfer", session=chat.id)
        assert effect["user"] == "mia"
    keys = {one.action.key for one in rows(run).values() if one.action}
    assert keys == {f"bulk-{run.pk}-{chat.id}" for chat in mine}
    told = list(TrailEntry.objects.filter(object=f"bulk:{run.pk}").order_by("id"))
    assert [one.what for one in told] == ["bulk_started", "bulk_ended"]
    assert told[0].detail == {"deed": "transfer", "rows": 3, "to": 18}
    assert told[1].detail == {"done": 3}
    assert {one.actor for one in told} == {mia.user}


def test_resetting_picking_up_and_editing(
    superoffice: StandIn, chats: MakeChats, kari: Person
) -> None:
    theirs = chats(2, user="mia")
    reset = ordered(kari, "reset", theirs)
    work()
    assert outcomes(reset) == {"done": 2}
    assert all(superoffice.session(one.id).status == "InQueue" for one in theirs)
    taken = ordered(kari, "pick_up", theirs)
    work()
    assert outcomes(taken) == {"done": 2}
    assert all(superoffice.session(one.id).user == 19 for one in theirs)
    company = superoffice.session(theirs[0].id)
    assert company.id == theirs[0].id
    edited = ordered(kari, "patch_session", theirs, path="CustomerCompanyName", value="Nordlys AS")
    work()
    assert outcomes(edited) == {"done": 2}
    stored = ChatSession.objects.filter(pk__in=[one.id for one in theirs])
    assert set(stored.values_list("customer_company_name", flat=True)) == {"Nordlys AS"}


def test_the_notebook_needs_no_superoffice(
    superoffice: StandIn, chats: MakeChats, kari: Person
) -> None:
    found = chats(2, user="mia")
    superoffice.stop()
    tagged = ordered(kari, "tag", found, tag="refund   wave")
    asked = ordered(kari, "review", found)
    work()
    assert outcomes(tagged) == outcomes(asked) == {"done": 2}
    assert [one.name for one in notes.tags_of(found[0].id)] == ["refund wave"]
    assert Review.objects.filter(done_at=None).count() == 2
    assert (
        "already"
        in rows(preparing.prepare(kari.caller(), "review", [found[0].id]))[found[0].id].detail
    )
    ordered(kari, "untag", found, tag="Refund Wave")
    work()
    assert notes.tags_of(found[0].id) == []


def test_what_changed_since_the_preview_is_left_as_it_is(
    superoffice: StandIn, chats: MakeChats, kari: Person
) -> None:
    stays, goes = chats(2, user="mia")
    run = ordered(kari, "reset", [stays, goes])
    goes.end()
    work()
    assert outcomes(run) == {"done": 1, "not_done": 1}
    row = rows(run)[goes.id]
    assert row.code == "version_old"
    assert "has changed since you saw it" in row.detail
    assert superoffice.effects("reset", session=goes.id) == []


def test_rights_are_asked_anew_for_each_row(chats: MakeChats, kari: Person) -> None:
    first, second, third = chats(3, user="mia")
    run = ordered(kari, "reset", [first, second, third])
    row = carrying.claim("me")
    assert row is not None
    carrying.carry_out(row)
    kari.user.groups.set(Group.objects.filter(name="agent"))
    row = carrying.claim("me")
    assert row is not None
    carrying.carry_out(row)
    User.objects.filter(pk=kari.user.pk).update(is_active=False)
    work()
    told = [one.code for one in run.rows.order_by("pk")]
    assert told == ["", "not_found", "forbidden"]
    assert outcomes(run) == {"done": 1, "not_done": 2}


def test_cancelling_leaves_what_has_not_begun(
    superoffice: StandIn, chats: MakeChats, mia: Person
) -> None:
    mine = chats(3, user="mia")
    run = ordered(mia, "transfer", mine, to="ola")
    row = carrying.claim("me")
    assert row is not None
    runs.cancel(run.pk, mia.caller())
    run.refresh_from_db()
    assert (run.stage, run.ended_at) == (Stage.CANCELLED, None)
    carrying.carry_out(row)
    work()
    # It had been taken in hand, but it was called off before its action was recorded.
    assert outcomes(run) == {"not_done": 3}
    assert superoffice.effects("transfer") == []
    run.refresh_from_db()
    assert run.ended_at is not None
    what = TrailEntry.objects.filter(object=f"bulk:{run.pk}").values_list("what", flat=True)
    assert list(what.order_by("id")) == ["bulk_started", "bulk_cancelled", "bulk_ended"]
    again = runs.again(run.pk, mia.caller())
    assert outcomes(again) == {"coming": 3}
    assert again.asked == {"to": 18}


def test_a_row_without_an_answer_is_open_and_then_with_a_person(
    superoffice: StandIn, chats: MakeChats, mia: Person
) -> None:
    mine = chats(2, user="mia")
    run = ordered(mia, "transfer", mine, to="ola")
    superoffice.fault("drop_before", path="Transfer", times=1)
    superoffice.fault("stall", method="GET", path=f"{mine[0].id}", times=2, seconds=0.1)
    work()
    assert outcomes(run) == {"done": 1, "open": 1}
    run.refresh_from_db()
    assert run.stage == Stage.ENDED
    for seconds in (5, 300, 310):
        settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=seconds))
    assert outcomes(run) == {"done": 1, "needs": 1}
    with pytest.raises(errors.Invalid):  # what may have happened is not for a second round
        runs.again(run.pk, mia.caller())


def test_while_superoffice_is_away_a_run_waits_and_then_goes_on(
    superoffice: StandIn, chats: MakeChats, mia: Person, settings: Settings
) -> None:
    settings.BREAKER_SECONDS = 0.1
    mine = chats(3, user="mia")
    run = ordered(mia, "transfer", mine, to="ola")
    port = superoffice.down()
    work()
    run.refresh_from_db()
    assert outcomes(run) == {"coming": 3}
    assert run.notice.startswith("Nothing was sent.")
    assert run.next_at is not None
    superoffice.listen(port)
    BulkRun.objects.update(next_at=timezone.now())
    work()
    run.refresh_from_db()
    assert (outcomes(run), run.notice) == ({"done": 3}, "")
    assert len(superoffice.effects("transfer")) == 3


def test_what_has_waited_too_long_is_not_begun(
    superoffice: StandIn, chats: MakeChats, mia: Person
) -> None:
    run = ordered(mia, "transfer", chats(2, user="mia"), to="ola")
    BulkRun.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    work()
    assert {one.state for one in rows(run).values()} == {RowState.EXPIRED}
    assert superoffice.effects("transfer") == []
    run.refresh_from_db()
    assert run.stage == Stage.ENDED


def test_an_old_preview_is_not_started(chats: MakeChats, mia: Person) -> None:
    [chat] = chats(1, user="mia")
    run = preparing.prepare(mia.caller(), "tag", [chat.id])
    BulkRun.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(errors.StateConflict):
        runs.start(run.pk, mia.caller(), {"tag": "x"})


def test_started_twice_it_is_one_run(chats: MakeChats, mia: Person) -> None:
    run = ordered(mia, "tag", chats(1, user="mia"), tag="x")
    again = runs.start(run.pk, mia.caller(), {"tag": "y"})
    assert again.asked == {"tag": "x"}
    assert TrailEntry.objects.filter(what="bulk_started").count() == 1


def test_nobody_starts_many_runs_at_once(chats: MakeChats, mia: Person) -> None:
    found = chats(1, user="mia")
    for number in range(runs.MOST_RUNNING):
        ordered(mia, "tag", found, tag=f"t{number}")
    with pytest.raises(errors.StateConflict):
        ordered(mia, "tag", found, tag="one more")


def test_runs_take_turns_so_that_a_short_one_is_not_held_up(
    chats: MakeChats, mia: Person, ola: Person
) -> None:
    long = ordered(mia, "tag", chats(5, user="mia"), tag="long")
    short = ordered(ola, "tag", chats(1, user="ola"), tag="short")
    begun = []
    for _ in range(3):
        row = carrying.claim("me")
        assert row is not None
        carrying.carry_out(row)
        begun.append(row.run_id)
    assert begun[:2] == [long.pk, short.pk]


def test_few_rows_are_under_way_at_once(chats: MakeChats, mia: Person, settings: Settings) -> None:
    settings.BULK_AT_ONCE = 2
    ordered(mia, "tag", chats(4, user="mia"), tag="x")
    assert [carrying.claim(f"worker-{n}") is not None for n in range(3)] == [True, True, False]


def test_its_calls_wait_for_the_budget_and_a_persons_click_does_not(
    superoffice: StandIn, chats: MakeChats, mia: Person, settings: Settings
) -> None:
    mine = chats(2, user="mia")
    ordered(mia, "transfer", mine, to="ola")
    settings.REMOTE_CALLS_PER_SECOND = 4
    calls = len(superoffice.journal(kind="request"))
    began = timezone.now()
    work()
    took = (timezone.now() - began).total_seconds()
    calls = len(superoffice.journal(kind="request")) - calls
    # The bucket's second, and what came in since: nothing was overdrawn.
    assert calls <= 4 + 4 * took + 1


def test_a_row_that_ends_its_worker_again_and_again_is_given_up(
    chats: MakeChats, mia: Person
) -> None:
    run = ordered(mia, "tag", chats(1, user="mia"), tag="x")
    for number in range(carrying.MOST_TRIES):
        assert carrying.claim(f"dies-{number}") is not None
        BulkRow.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    work()
    assert rows(run).popitem()[1].code == "broken"


def test_after_a_restored_backup_nothing_is_sent_by_itself(
    superoffice: StandIn, chats: MakeChats, mia: Person
) -> None:
    run = ordered(mia, "transfer", chats(2, user="mia"), to="ola")
    call_command("restored")
    work()
    assert outcomes(run) == {"not_done": 2}
    assert superoffice.effects("transfer") == []


def test_old_runs_are_dropped_and_their_actions_stay(
    chats: MakeChats, mia: Person, settings: Settings
) -> None:
    mine = chats(1, user="mia")
    ordered(mia, "transfer", mine, to="ola")
    work()
    draft = preparing.prepare(mia.caller(), "tag", [mine[0].id])
    assert forgetting.prune() == 0
    BulkRun.objects.update(ended_at=timezone.now() - timedelta(days=settings.BULK_KEEP_DAYS + 1))
    BulkRun.objects.filter(pk=draft.pk).update(
        ended_at=None, expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert forgetting.prune() > 0
    assert not BulkRun.objects.exists()
    assert Action.objects.get().state == State.DONE
