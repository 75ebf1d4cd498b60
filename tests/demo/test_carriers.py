"""How things look: every field of the contract, dates, nobody, languages (C, E, K, M)."""

import json
from pathlib import Path

import pytest

from chatops.demo import crm
from chatops.demo.adapter import StandIn
from chatops.demo.records import SPECIAL_TYPES
from tests.demo.conftest import Cast, Person

PAYLOADS = Path(__file__).parent.parent / "payloads"
SESSION_FIELDS = [
    "ChatSessionId",
    "TopicId",
    "User",
    "Person",
    "CustomerAlias",
    "CustomerHost",
    "CustomerName",
    "CustomerEmail",
    "CustomerPhone",
    "CustomerConsented",
    "CustomerCompanyName",
    "Status",
    "FirstMessage",
    "LastMessage",
    "WhenRequested",
    "WhenStarted",
    "WhenEnded",
    "WhenIdle",
    "WhenFetched",
    "SessionKey",
    "InitialQueuePos",
    "AlertLevel",
    "Rank",
    "Flags",
    "Contact",
    "Project",
    "Sale",
    "Ticket",
    "TransferTo",
    "ChatbotIsActive",
    "Rating",
    "TableRight",
    "FieldProperties",
]


def test_a_session_has_every_field_and_links_only_when_read_alone(
    office: StandIn, cast: Cast
) -> None:
    chat = office.chat(user="mia")
    alone = cast.mia.get(f"ChatSession/{chat.id}")
    listed = cast.mia.get("ChatSession/ForCurrentUser")[0]
    assert set(alone) == {*SESSION_FIELDS, "_Links"}
    assert set(listed) == set(SESSION_FIELDS)
    assert alone["SessionKey"]


def test_a_linked_record_is_complete(office: StandIn, cast: Cast) -> None:
    chat = office.chat(
        user="mia",
        fields={"person_id": 1001, "contact_id": 2001, "project_id": 4001, "sale_id": 5001,
                "ticket_id": 3001},
    )  # fmt: skip
    session = cast.mia.get(f"ChatSession/{chat.id}")
    for name in ("Person", "Contact", "Project", "Sale", "Ticket"):
        assert set(session[name]) == set(crm.EMPTY[name])
        assert session[name][crm.ID_FIELD[name]] > 0


def test_nobody_is_null_in_one_session_and_an_object_in_another(
    office: StandIn, cast: Cast
) -> None:
    chats = [office.chat() for _ in range(3)]
    users = [cast.mia.get(f"ChatSession/{chat.id}")["User"] for chat in chats]
    assert users.count(None) == 2
    assert [u["AssociateId"] for u in users if u] == [0]


def test_dates_have_seven_digits_and_an_offset_when_asked_for(office: StandIn) -> None:
    moment = "2026-07-01T10:00:00.123456+00:00"
    chat = office.chat(user="mia")
    chat.now.requested = chat.now.requested.fromisoformat(moment)
    chat.now.messages[0].posted = chat.now.requested
    for zone, session_time, message_time in (
        ("UTC, includeTZOffset", "2026-07-01T10:00:00.1234566+00:00",
         "2026-07-01T10:00:00.1234566+00:00"),
        ("NO, includeTZOffset", "2026-07-01T12:00:00.1234566+02:00",
         "2026-07-01T10:00:00.1234566+00:00"),
        ("460", "2026-07-01T06:00:00.1234566", "2026-07-01T10:00:00.1234566"),
        ("", "2026-07-01T12:00:00.1234566", "2026-07-01T10:00:00.1234566"),
    ):  # fmt: skip
        person = Person(office, "mia", **{"SO-TimeZone": zone})
        session = person.get(f"ChatSession/{chat.id}")
        message = person.get(f"ChatSession/{chat.id}/Messages")[-1]
        times = {m["WhenPosted"] for m in person.get(f"ChatSession/{chat.id}/Messages")}
        person.close()
        assert session["WhenRequested"] == session_time
        assert session["WhenEnded"] == "0001-01-01T00:00:00"
        assert message_time in times, message


def test_select_nulls_what_is_not_selected(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    answer = cast.mia.get(f"ChatSession/{chat.id}", **{"$select": "status,User/AssociateId"})
    assert set(answer) == {*SESSION_FIELDS, "_Links"}
    assert answer["Status"] == "CustomerLast"
    assert answer["User"]["AssociateId"] == 17
    assert answer["User"]["FullName"] is None
    assert answer["CustomerName"] is None


def test_the_busy_scene_has_all_special_types_and_hostile_text() -> None:
    with StandIn(scene="quiet", seed=3) as office:
        lines = [m for s in office.office.sessions.values() for m in s.messages]
    assert {m.special for m in lines} == set(SPECIAL_TYPES)
    assert any("<script>" in m.text for m in lines)
    assert any("🎉" in m.text for m in lines)


def test_the_odd_scene_is_still_json_with_its_extremes() -> None:
    with StandIn(scene="odd") as office:
        person = Person(office, "integration")
        sessions = [person.get(f"ChatSession/{number}") for number in list(office.office.sessions)]
        newest = person.post(f"ChatSession/{2**31 - 1}/Messages", {"Type": "ToCustomer"})
        person.close()
    assert max(s["ChatSessionId"] for s in sessions) == 2**31 - 1
    assert any("Rating" not in s for s in sessions)
    assert any(s["Status"] == "Paused" for s in sessions)
    assert any(str(s["WhenRequested"]).startswith("1760") for s in sessions)
    assert newest["ChatMessageId"] < 2**31 - 1


@pytest.mark.parametrize("name", ["accept-transfer", "reject-transfer-2", "patch-session"])
def test_the_vendors_own_sample_has_no_field_we_lack(name: str) -> None:
    sample = json.loads((PAYLOADS / f"{name}.json").read_text())
    assert set(sample) <= {*SESSION_FIELDS, "_Links"}
    for carrier in ("Person", "Contact", "Project", "Sale", "Ticket"):
        assert set(sample[carrier] or {}) <= set(crm.EMPTY[carrier])
    assert set(sample["User"] or {}) <= set(crm.EMPTY["Associate"])
