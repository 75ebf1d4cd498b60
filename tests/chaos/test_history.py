"""The history check itself can fail; and a run of a fixed seed finds nothing."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from tests.chaos.history import Deed, Ground, Line, Row, Told, contradictions, waits
from tests.chaos.stage import ROOT

HI = Deed("message", 1, "mia", "Hi")
ACCEPT = Deed("accept", 1, "mia", "")


#: Where the journal keeps what a deed was about.
WHAT = {"message": "text", "patch": "email", "transfer": "to", "created": "topic"}


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
    lines = []
    for row in rows:
        way = ["", "sending", *(["needs_person"] if row.state == "closed" else []), row.state]
        lines += [Line(row.id, before, after) for before, after in pairwise(way)]
    return lines


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


def test_a_new_session_waits_from_when_it_can_be_told_from_a_customers() -> None:
    row = done(Deed("created", 501, "mia", "7"))
    lines = [
        Line(1, "", "sending", 1.0),
        Line(1, "sending", "unknown", 2.0),
        Line(1, "unknown", "done", 9.0),
    ]
    assert waits([row], [effect(row.deed, at=1.5)], lines) == [7.0]
    assert waits([row], [effect(row.deed, at=1.5)], lines, quiet=5.0) == [2.5]
    message = done(HI, message=100)
    assert waits([message], [effect(HI, at=1.5)], lines, quiet=5.0) == [7.0]


def test_the_lease_of_a_killed_worker_is_no_waiting() -> None:
    row = done(ACCEPT)
    lines = [
        Line(1, "", "sending", 1.0),
        Line(1, "sending", "unknown", 3.0),
        Line(1, "unknown", "done", 20.0),
    ]
    journal = [effect(ACCEPT, at=2.0)]
    for deaths, waited in (
        ([], 17.0),
        ([5.0], 13.0),
        ([5.0, 7.0], 11.0),
        ([1.0], 15.0),
        ([18.0], 15.0),
        ([25.0], 17.0),
    ):
        assert waits([row], journal, lines, deaths=deaths, lease=4.0) == [waited], deaths


# --- New chats -----------------------------------------------------------------------------------

NEW, OLAS = Deed("created", 501, "mia", "7"), Deed("created", 502, "ola", "7")
LOST = Row(1, NEW._replace(session=0), "needs_person", None, Ground(highest=500))
#: Of a wish that is not known to have made one, which found the first session there or did not.
SEES_IT, SEES_IT_NOT = Ground(highest=501), Ground(highest=500)


def test_a_new_session_for_each_start_that_is_done_is_no_contradiction() -> None:
    nothing = Row(3, Deed("created", 0, "kari", "7"), "needs_person", None)
    rows = (done(NEW, 1), done(OLAS, 2), nothing, nothing._replace(id=4, state="refused"))
    assert check(*rows, journal=[effect(NEW, 1), effect(OLAS, 2)]) == []
    customers = effect(NEW._replace(session=503, user="customer"), 3)
    assert check(*rows, journal=[effect(NEW, 1), effect(OLAS, 2), customers]) == []


@pytest.mark.parametrize(
    "made",
    [
        [],
        # By somebody else, in another channel, another one, a customer's, and a second one.
        [NEW._replace(user="ola")],
        [NEW._replace(what="8")],
        [NEW._replace(session=502)],
        [NEW._replace(user="customer")],
        [NEW, NEW._replace(session=502)],
    ],
)
def test_a_start_that_is_done_by_a_session_it_did_not_make_alone_is_found(
    made: list[Deed],
) -> None:
    found = check(done(NEW), journal=[effect(one, n) for n, one in enumerate(made, start=1)])
    assert "action 1 created" in "".join(found)


def test_one_new_session_claimed_by_two_is_found() -> None:
    assert check(done(NEW, 1), done(NEW, 2), journal=[effect(NEW)]) == [
        "action 1 created [] and is done by session 501"
    ]


def test_sessions_claimed_the_wrong_way_round_are_found() -> None:
    first, second = done(NEW, 1), done(NEW._replace(session=502), 2)
    lines = [Line(row.id, "", "sending", row.id * 10.0) for row in (first, second)]
    lines += [Line(row.id, "sending", "done", row.id * 10.0 + 5) for row in (first, second)]
    journal = [effect(first.deed, 1, at=11.0), effect(second.deed, 2, at=21.0)]
    assert contradictions([first, second], journal, lines, []) == []
    swapped = [first._replace(deed=second.deed), second._replace(deed=first.deed)]
    assert contradictions(swapped, journal, lines, [])


def test_a_new_session_from_before_it_was_wished_is_nobodys() -> None:
    lines = [Line(1, "", "sending", 10.0), Line(1, "sending", "done", 15.0)]
    found = contradictions([done(NEW)], [effect(NEW, at=9.0)], lines, [])
    assert found[0] == "session 501 was created, and nobody wished it"


@pytest.mark.parametrize("state", ["no_effect", "refused", "expired", "needs_person", "closed"])
def test_a_new_session_of_a_start_that_is_not_done_is_found(state: str) -> None:
    found = check(LOST._replace(state=state), journal=[effect(NEW)])
    assert found == [f"action 1 created [501] and is {state}"]


@pytest.mark.parametrize(
    ("others", "journal"),
    [
        # Another new session there that nobody has claimed.
        ([Row(0, OLAS._replace(session=0), "closed", None, SEES_IT_NOT)], [effect(OLAS, 2)]),
        # Whoever came later did not see it, and has none to show.
        ([Row(2, OLAS._replace(session=0), "needs_person", None, SEES_IT_NOT)], []),
        # A customer's address is in it.
        ([done(PATCH._replace(session=501), 2)], [effect(PATCH._replace(session=501), 2)]),
    ],
)
def test_a_new_session_that_cannot_be_told_from_others_may_stay_with_a_person(
    others: list[Row], journal: list[dict[str, object]]
) -> None:
    assert check(LOST, *others, journal=[effect(NEW), *journal]) == []
    refused = check(LOST._replace(state="refused"), *others, journal=[effect(NEW), *journal])
    assert "action 1 created [501] and is refused" in refused


@pytest.mark.parametrize(
    ("others", "journal"),
    [
        # The other one is known to be somebody's, is in another channel, or was there before.
        ([done(OLAS, 2)], [effect(OLAS, 2)]),
        ([done(OLAS._replace(what="8"), 2)], [effect(OLAS._replace(what="8"), 2)]),
        ([done(OLAS._replace(session=499), 2)], [effect(OLAS._replace(session=499), 2)]),
        # Whoever came later saw it, came before, did nothing, or was in another channel.
        ([Row(2, OLAS._replace(session=0), "needs_person", None, SEES_IT)], []),
        ([Row(0, OLAS._replace(session=0), "needs_person", None, SEES_IT_NOT)], []),
        ([Row(2, OLAS._replace(session=0), "refused", None, SEES_IT_NOT)], []),
        ([Row(2, OLAS._replace(session=0, what="8"), "closed", None, SEES_IT_NOT)], []),
        # The address is in another one.
        ([done(PATCH._replace(session=502), 2)], [effect(PATCH._replace(session=502), 2)]),
        # A customer's chat is told from ours.
        ([], [effect(NEW._replace(session=502, user="customer"), 2)]),
    ],
)
def test_a_new_session_that_can_be_told_from_others_and_stays_with_a_person_is_found(
    others: list[Row], journal: list[dict[str, object]]
) -> None:
    found = check(LOST, *others, journal=[effect(NEW), *journal])
    assert found == ["action 1 created [501] and is needs_person"]


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
