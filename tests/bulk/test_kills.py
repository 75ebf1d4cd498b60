"""kill -9 in the middle of a run, and several workers at it: no row is done twice or forgotten."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

import chatops
from chatops.actions.models import OPEN_STATES, Action
from chatops.bulk import carrying
from chatops.bulk.models import BulkRow, Stage
from chatops.demo.adapter import StandIn
from tests import processes
from tests.bulk.conftest import MakeChats, ordered, outcomes, rows, work
from tests.conftest import Person

pytestmark = pytest.mark.django_db(transaction=True)

#: Both are on a row's way: the run's own lines, and those of its action.
FOLDERS = {name: str(Path(chatops.__file__).parent / name) for name in ("bulk", "actions")}
#: One statement in so many is killed at.
STEP = {
    "bulk": int(os.environ.get("KILL_STEP", "9")),
    "actions": int(os.environ.get("KILL_STEP", "29")),
}


def one_row() -> None:
    row = carrying.claim(f"worker-{os.getpid()}")
    assert row is not None
    carrying.carry_out(row)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_killed_worker_leaves_nothing_doubled_and_nothing_forgotten(
    superoffice: StandIn, chats: MakeChats, mia: Person, folder: str
) -> None:
    mine = chats(40, user="mia")
    run = ordered(mia, "transfer", mine, to="ola")
    line, kills = 1, 0
    while processes.killed_at(line, FOLDERS[folder], one_row):
        kills += 1
        line += STEP[folder]
        # Its lease runs out.
        BulkRow.objects.exclude(leased_until=None).update(leased_until=timezone.now())
    assert 4 < kills < len(mine)
    work()
    run.refresh_from_db()
    assert run.stage == Stage.ENDED
    effects = [one["session"] for one in superoffice.effects("transfer")]
    assert len(effects) == len(set(effects)), "something was sent twice"
    for session_id, row in rows(run).items():
        assert row.action is not None, row
        if session_id not in effects:  # recorded and never sent: only reading settles that
            assert row.action.state in OPEN_STATES
    assert sum(outcomes(run).values()) == len(mine)
    assert Action.objects.count() == len(mine)


def work_a_while() -> int:
    until, done = time.monotonic() + 20, 0
    while time.monotonic() < until and BulkRow.objects.filter(ended_at=None).exists():
        done += carrying.run_due()
        time.sleep(0.02)
    return done


def test_two_workers_do_every_row_once(superoffice: StandIn, chats: MakeChats, mia: Person) -> None:
    mine = chats(12, user="mia")
    run = ordered(mia, "transfer", mine, to="ola")
    done = processes.together(3, work_a_while)
    assert sum(done) == 12, done
    assert outcomes(run) == {"done": 12}
    effects = [one["session"] for one in superoffice.effects("transfer")]
    assert sorted(effects) == sorted(one.id for one in mine)


def test_a_worker_that_was_only_slow_changes_nothing_that_another_found_out(
    superoffice: StandIn, chats: MakeChats, mia: Person
) -> None:
    [chat] = chats(1, user="mia")
    run = ordered(mia, "transfer", [chat], to="ola")
    slow = carrying.claim("slow")
    assert slow is not None
    later = timezone.now() + carrying.LEASE + timedelta(seconds=1)
    quick = carrying.claim("quick", now=later)
    assert quick is not None
    carrying.carry_out(quick)
    ended = rows(run)[chat.id].ended_at
    carrying.carry_out(slow)
    assert rows(run)[chat.id].ended_at == ended
    assert len(superoffice.effects("transfer")) == 1
