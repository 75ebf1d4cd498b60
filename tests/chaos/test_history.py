"""The history check itself can fail; and a run of a fixed seed finds nothing."""

import os
import subprocess
import sys

import pytest

from tests.chaos.history import Deed, Line, Row, Told, contradictions
from tests.chaos.stage import ROOT

HI = Deed("message", 1, "mia", "Hi")
ACCEPT = Deed("accept", 1, "mia", "")


def effect(deed: Deed, number: int = 1, *, message: int = 100) -> dict[str, object]:
    """The journal's entry of a deed."""
    payload = {"text": deed.what, "message": message} if deed.verb == "message" else {}
    return {
        "kind": "effect",
        "number": number,
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


def test_a_late_effect_that_the_next_change_overwrote_may_stay_with_a_person() -> None:
    first, later = ACCEPT, Deed("accept", 1, "ola", "")
    given_up, journal = Row(1, first, "needs_person", None), [effect(first, 1), effect(later, 2)]
    assert check(given_up, done(later, 2), journal=journal) == []
    assert check(given_up, Row(2, later, "refused", None), journal=[effect(first, 1)])
    again = [*journal, effect(first, 3)]
    assert check(given_up, done(later, 2), journal=again)


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
    command = [sys.executable, "-m", "tests.chaos", "--seed", "4", "--actions", "160"]
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
