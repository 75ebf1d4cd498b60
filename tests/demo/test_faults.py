"""Faults: each kind does what its name says, and only to the calls it is for."""

import time
from typing import Any

import pytest
import requests

from chatops.demo.adapter import StandIn
from tests.demo.conftest import Cast

LINE = {"Type": "ToCustomer", "Message": "Hello", "Author": "Mia Berg"}


def send(cast: Cast, session_id: int) -> requests.Response:
    """A message by Mia."""
    return cast.mia.call("POST", f"ChatSession/{session_id}/Messages", json=LINE)


def sent(office: StandIn, session_id: int) -> int:
    """How many messages of Mia are really there."""
    return sum(m.type == "ToCustomer" for m in office.session(session_id).messages)


@pytest.mark.parametrize(("kind", "applied"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_says_nothing_about_what_was_applied(
    office: StandIn, cast: Cast, kind: str, applied: int
) -> None:
    chat = office.chat(user="mia")
    office.fault(kind, path="/Messages$", method="POST", times=1)
    with pytest.raises(requests.ConnectionError):
        send(cast, chat.id)
    assert sent(office, chat.id) == applied
    assert send(cast, chat.id).status_code == 200


def test_late_takes_effect_after_the_caller_was_cut_off(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    office.fault("late", path="/Messages$", seconds=0.3, times=1)
    with pytest.raises(requests.ConnectionError):
        send(cast, chat.id)
    before = sent(office, chat.id)
    time.sleep(0.6)
    assert (before, sent(office, chat.id)) == (0, 1)


@pytest.mark.parametrize(("kind", "applied"), [("status", 0), ("status_after", 1)])
def test_a_status_of_choice_with_headers(
    office: StandIn, cast: Cast, kind: str, applied: int
) -> None:
    chat = office.chat(user="mia")
    office.fault(
        kind, path="/Messages$", status=503, body="busy", headers={"Retry-After": "2"}, times=1
    )
    answer = send(cast, chat.id)
    assert (answer.status_code, answer.text) == (503, "busy")
    assert answer.headers["Retry-After"] == "2"
    assert sent(office, chat.id) == applied


def test_no_effect_is_200_with_the_session_as_it_was(office: StandIn, cast: Cast) -> None:
    chat = office.chat(offered_to="mia")
    office.fault("no_effect", path="AcceptTransfer")
    answer = cast.mia.post(f"ChatSession/{chat.id}/AcceptTransfer")
    assert answer["TransferTo"]["AssociateId"] == 17
    assert chat.now.user == 18


def test_a_message_without_effect_has_no_id(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    office.fault("no_effect", path="/Messages$", method="POST")
    assert send(cast, chat.id).json()["ChatMessageId"] == 0
    assert sent(office, chat.id) == 0


@pytest.mark.parametrize(
    ("form", "status", "body"), [("null", 200, "null"), ("204", 204, ""), ("empty", 200, "")]
)
@pytest.mark.parametrize("apply", [True, False])
def test_null_in_its_three_forms(
    office: StandIn, cast: Cast, form: str, status: int, body: str, apply: bool
) -> None:
    chat = office.chat(user="mia")
    office.fault("null", path="/Messages$", form=form, apply=apply)
    answer = send(cast, chat.id)
    assert (answer.status_code, answer.text) == (status, body)
    assert sent(office, chat.id) == int(apply)


def test_a_page_instead_of_json(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    office.fault("html", path="/Messages$")
    answer = send(cast, chat.id)
    assert answer.status_code == 200
    assert answer.text.startswith("<html>")


def test_a_cut_answer_fails_while_it_is_read(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    office.fault("cut", path="/Messages$", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        send(cast, chat.id)
    assert sent(office, chat.id) == 1


@pytest.mark.parametrize("kind", ["stall", "slow"])
def test_slow_answers_come_in_the_end(office: StandIn, cast: Cast, kind: str) -> None:
    chat = office.chat(user="mia")
    office.fault(kind, path="/Messages$", seconds=0.3)
    start = time.monotonic()
    assert send(cast, chat.id).status_code == 200
    assert time.monotonic() - start >= 0.3


def test_blank_lists_and_404_for_everything(office: StandIn, cast: Cast) -> None:
    chat = office.chat(offered_to="mia")
    office.fault("blank")
    assert cast.mia.list() == []
    assert cast.mia.get("ChatSession/ForCurrentUser") == []
    assert cast.mia.get(f"ChatSession/{chat.id}/Messages") == []
    office.clear_faults()
    office.fault("all404")
    assert cast.mia.call("GET", f"ChatSession/{chat.id}").status_code == 404
    office.clear_faults()
    assert cast.mia.get(f"ChatSession/{chat.id}")["ChatSessionId"] == chat.id


def test_a_huge_body_is_as_large_as_asked(office: StandIn, cast: Cast) -> None:
    office.fault("huge", path="currentPrincipal", size=1_000_000)
    assert len(cast.mia.call("GET", "User/currentPrincipal").content) == 1_000_002


def test_hidden_ids_appear_later_and_lower_ids_can_be_hidden(office: StandIn, cast: Cast) -> None:
    first, second = office.chat(), office.chat(messages=["one", "two"])
    low, high = [m.id for m in second.now.messages[-2:]]
    office.fault("hide_ids", path="/ChatSession$")
    office.fault("hide_ids", path="/Messages$", ids=[low])
    assert [int(row["PrimaryKey"]) for row in cast.mia.list()] == [first.id]
    seen = {m["ChatMessageId"] for m in cast.mia.get(f"ChatSession/{second.id}/Messages")}
    assert (low in seen, high in seen) == (False, True)
    office.clear_faults()
    assert len(cast.mia.list()) == 2


def test_a_rule_is_for_some_calls_of_somebody_after_some(office: StandIn, cast: Cast) -> None:
    office.fault("status", user="mia", path="currentPrincipal", status=500, after_n=1, times=1)
    mia = [cast.mia.call("GET", "User/currentPrincipal").status_code for _ in range(3)]
    ola = [cast.ola.call("GET", "User/currentPrincipal").status_code for _ in range(3)]
    assert (mia, ola) == ([200, 500, 200], [200, 200, 200])
    rule = office.control("GET", "faults")["rules"][0]
    assert (rule["seen"], rule["hit"]) == (3, 1)


def test_chance_is_the_same_with_the_same_seed(office: StandIn, cast: Cast) -> None:
    def story() -> list[int]:
        rule = {"kind": "status", "status": 500, "probability": 0.5}
        office.control("PUT", "faults", rules=[rule], seed=7)
        return [cast.mia.call("GET", "User/currentPrincipal").status_code for _ in range(20)]

    first = story()
    assert first == story()
    assert set(first) == {200, 500}


def test_the_journal_names_the_fault(office: StandIn, cast: Cast) -> None:
    office.fault("status", status=500)
    cast.mia.call("GET", "User/currentPrincipal")
    assert office.journal(kind="request")[-1]["fault"] == "status"


def test_a_rule_nobody_knows_is_refused(office: StandIn) -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        office.fault("explode")
    with pytest.raises(ValueError, match="unknown fault"):
        office.fault("status", colour="red")


def test_latency_and_throttling(office: StandIn, cast: Cast) -> None:
    office.control("PUT", "faults", latency_ms=50)
    start = time.monotonic()
    cast.mia.get("User/currentPrincipal")
    assert time.monotonic() - start >= 0.05
    office.control("PUT", "faults", latency_ms=0)
    office.options(calls_per_second=5)
    answers = [cast.mia.call("GET", "User/currentPrincipal") for _ in range(20)]
    refused = [a for a in answers if a.status_code == 429]
    assert refused
    assert {a.headers["Retry-After"] for a in refused} == {"1"}


def test_an_uncaught_error_of_the_service_is_500_and_no_dropped_connection(
    office: StandIn, cast: Cast
) -> None:
    rows: Any = ["not an object"]
    assert cast.mia.call("POST", "Presence/SaveAll", json=rows).status_code == 500
    assert cast.mia.call("GET", "User/currentPrincipal").status_code == 200
