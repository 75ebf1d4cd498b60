"""The history check itself can fail; and a run of a fixed seed finds nothing."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.chaos.history import Deed, Ground, Line, Row, Told, contradictions, waits
from tests.chaos.stage import ROOT

HI = Deed("message", 1, "mia", "Hi")
ACCEPT = Deed("accept", 1, "mia", "")


#: Where the journal keeps what a deed was about.
WHAT = {"message": "text", "patch": "email", "transfer": "to"}


def effect(
    deed: Deed, number: int = 1, *, message: int = 100, at: float = 0.0
) -> dict[str, object]:
    """The journal's entry of a deed."""
    payload: dict[str, object] = {WHAT[deed.verb]: deed.what} if deed.verb in WHAT else {}
    if deed.verb == "message":
        payload["message"] = message
    return {
        "kind": "effect",
        "number": number,
        "at": datetime.fromtimestamp(at, UTC).isoformat(),
        "verb": deed.verb,
        "session": deed.session,
        "user": deed.user,
        "payload": payload,
    }


def done(deed: Deed, action: int = 1, *, message: int | None = None) -> Row:
    return Row(action, deed, "done", message)


def trail(*rows: Row) -> list[Line]:
    """The trail of actions that went straight to their ends."""
    return [
        line
        for row in rows
        for line in (Line(row.id, "", "sending"), Line(row.id, "sending", row.state))
    ]


def check(*rows: Row, journal: list[dict[str, object]], told: tuple[Told, ...] = ()) -> list[str]:
    return contradictions(rows, journal, trail(*rows), told)


def test_an_effect_for_each_action_that_is_done_is_no_contradiction() -> None:
    rows = (done(HI, 1, message=100), done(ACCEPT, 2), Row(3, ACCEPT, "refused", None))
    journal = [effect(HI), effect(ACCEPT, 2)]
    assert check(*rows, journal=journal, told=(Told("k", 1, "done"),)) == []


@pytest.mark.parametrize("state", ["no_effect", "refused", "expired", "needs_person"])
def test_an_effect_of_what_is_not_done_is_found(state: str) -> None:
    row = Row(1, ACCEPT, "needs_person" if state == "needs_person" else state, None)
    assert check(row, journal=[effect(ACCEPT)])


# --- Open with cause, and without ----------------------------------------------------------------

PATCH, OTHER = Deed("patch", 1, "mia", "a@x.example"), Deed("patch", 1, "ola", "b@x.example")
GIVEN_UP = Row(1, PATCH, "needs_person", None, Ground(me=17, user=17))
SAW_IT, SAW_IT_NOT = Ground(me=17, user=17, email="a@x.example"), Ground(me=17, user=17)


def test_a_late_effect_that_the_next_change_overwrote_unseen_may_stay_with_a_person() -> None:
    overwritten = [effect(PATCH, 1), effect(OTHER, 2)]
    later = Row(2, OTHER, "done", None, SAW_IT_NOT)
    assert check(GIVEN_UP, later, journal=overwritten) == []
    assert check(GIVEN_UP, later, journal=[*overwritten, effect(PATCH, 3)])


@pytest.mark.parametrize(
    ("later", "journal"),
    [
        (None, [effect(PATCH, 1)]),
        # The next change saw it before it overwrote it.
        (Row(2, OTHER, "done", None, SAW_IT), [effect(PATCH, 1), effect(OTHER, 2)]),
        # It came after, and is there to be seen.
        (Row(2, OTHER, "done", None, SAW_IT_NOT), [effect(OTHER, 1), effect(PATCH, 2)]),
        # The later one never took effect, or has nothing to do with the field, or the session.
        (Row(2, OTHER, "refused", None, SAW_IT_NOT), [effect(PATCH, 1)]),
        (Row(2, ACCEPT, "done", None, SAW_IT_NOT), [effect(PATCH, 1), effect(ACCEPT, 2)]),
        (
            Row(2, OTHER._replace(session=2), "done", None, SAW_IT_NOT),
            [effect(PATCH, 1), effect(OTHER._replace(session=2), 2)],
        ),
    ],
)
def test_a_late_effect_that_somebody_could_see_and_stays_with_a_person_is_found(
    later: Row | None, journal: list[dict[str, object]]
) -> None:
    assert check(*filter(None, [GIVEN_UP, later]), journal=journal)


def test_a_second_attempt_hides_which_of_the_two_happened() -> None:
    second = Row(2, PATCH, "needs_person", None, SAW_IT_NOT)
    assert check(GIVEN_UP, second, journal=[effect(PATCH, 1)]) == []
    assert check(GIVEN_UP, second._replace(state="refused"), journal=[effect(PATCH, 1)])


@pytest.mark.parametrize(
    ("verb", "what", "shown"),
    [
        ("accept", "", Ground(user=17, status="UserLast")),
        ("pickup", "", Ground(user=17, status="UserLast")),
        ("reject", "", Ground(user=18)),
        ("transfer", "19", Ground(user=18, transfer_to=19)),
        ("transfer", "19", Ground(user=19)),
        ("reset", "", Ground(status="InQueue")),
    ],
)
def test_who_has_the_chat_hides_an_earlier_effect_unless_it_was_seen(
    verb: str, what: str, shown: Ground
) -> None:
    mine, later = Deed(verb, 1, "mia", what), Deed("reset", 1, "kari", "")
    given_up = Row(1, mine, "needs_person", None, Ground(17, 18, 17, "UserLast"))
    journal = [effect(mine, 1), effect(later, 2)]
    unseen = Ground(18, 18, 17, "UserLast")
    assert check(given_up, Row(2, later, "done", None, unseen), journal=journal) == []
    assert check(given_up, Row(2, later, "done", None, shown), journal=journal)


def test_a_message_stays_where_it_is_and_is_never_open_with_cause() -> None:
    given_up = Row(1, HI, "needs_person", None)
    later = done(Deed("message", 1, "mia", "Bye"), 2, message=101)
    journal = [effect(HI, 1), effect(later.deed, 2, message=101)]
    assert check(given_up, later, journal=journal)


def test_how_long_a_visible_effect_waited_is_counted_from_when_it_could_be_read() -> None:
    row = done(ACCEPT)
    lines = [
        Line(1, "", "sending", 1.0),
        Line(1, "sending", "unknown", 3.0),
        Line(1, "unknown", "done", 9.0),
    ]
    early, late = effect(ACCEPT, at=2.0), effect(ACCEPT, at=5.0)
    assert waits([row], [early], lines) == [6.0]
    assert waits([row], [late], lines) == [4.0]
    assert waits([row], [late], lines, since=8.0) == [1.0]
    assert waits([row], [late], lines, since=10.0) == []


# --- Sets ----------------------------------------------------------------------------------------


def test_done_without_an_effect_is_found() -> None:
    assert check(done(ACCEPT), journal=[])


def test_one_wish_with_two_effects_is_found() -> None:
    assert check(done(ACCEPT), journal=[effect(ACCEPT, 1), effect(ACCEPT, 2)])


def test_a_send_proved_by_somebody_elses_message_is_found() -> None:
    other = Deed("message", 1, "ola", "Hi")
    rows = (done(HI, 1, message=101), done(other, 2, message=100))
    assert check(*rows, journal=[effect(HI, 1, message=100), effect(other, 2, message=101)])


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_what_is_left_open_is_found(state: str) -> None:
    rows = [Row(1, ACCEPT, state, None)]
    assert contradictions(rows, [], [Line(1, "", "sending")], [])


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [Line(1, "", "sending")],
        [Line(1, "", "sending"), Line(1, "sending", "refused"), Line(1, "refused", "done")],
        [Line(1, "", "sending"), Line(1, "unknown", "done")],
    ],
)
def test_a_trail_that_skips_or_ends_elsewhere_is_found(lines: list[Line]) -> None:
    assert contradictions([done(ACCEPT)], [effect(ACCEPT)], lines, [])


@pytest.mark.parametrize(
    "told",
    [
        (Told("k", 9, "done"),),
        (Told("k", 1, "refused"),),
        (Told("k", 1, "done"), Told("k", 2, "done")),
    ],
)
def test_what_callers_were_told_is_held_against_the_rows(told: tuple[Told, ...]) -> None:
    rows = (done(ACCEPT, 1), done(ACCEPT, 2))
    assert check(*rows, journal=[effect(ACCEPT, 1), effect(ACCEPT, 2)], told=told)


@pytest.mark.slow
def test_hundreds_of_faulted_actions_and_kills_leave_no_contradiction() -> None:
    """`make chaos` runs the same with other seeds and sizes."""
    command = [sys.executable, "-m", "tests.chaos", "--seed", "4", "--each", "6"]
    ran = subprocess.run(
        [*command, "--kills", "12", "--chats", "20"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 0 contradictions" in ran.stdout
