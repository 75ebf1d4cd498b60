"""OData lists: contract G."""

from typing import Any

import pytest

from chatops.demo.adapter import StandIn
from tests.demo.conftest import Cast, Person


def ids(rows: list[Any]) -> list[int]:
    """Keys as numbers, whichever way they came."""
    return [int(row["PrimaryKey"]) for row in rows]


def test_slim_rows_have_texts_and_full_rows_numbers(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    slim = cast.mia.list(select="chatSessionId,status,chatTopic/name")[0]
    full = cast.mia.list(select="chatSessionId,status", mode="Full")[0]
    assert slim == {
        "PrimaryKey": str(chat.id),
        "EntityName": "chat",
        "chatSessionId": chat.id,
        "status": "Waiting for agent",
        "chatTopic/name": "Support",
    }
    assert full["PrimaryKey"] == chat.id
    assert full["Column"]["status"]["RawValue"] == 5


def test_display_text_is_in_the_callers_language(office: StandIn) -> None:
    office.chat(user="mia")
    for language, text in (("no", "Venter på saksbehandler"), ("*", 'US:"Waiting for agent";')):
        person = Person(office, "mia", **{"Accept-Language": language})
        assert person.list(select="status")[0]["status"].startswith(text)
        person.close()


def test_paging_by_key_reaches_every_row_and_ends(office: StandIn, cast: Cast) -> None:
    chats = [office.chat() for _ in range(7)]
    seen: list[int] = []
    last = 0
    while page := cast.mia.list(filter=f"chatSessionId gt {last}", orderBy="chatSessionId", top=3):
        seen += ids(page)
        last = seen[-1]
    assert seen == [chat.id for chat in chats]


def test_with_top_there_is_no_next_link(office: StandIn, cast: Cast) -> None:
    for _ in range(3):
        office.chat()
    answer = cast.mia.get("ChatSession", **{"$top": 2})
    assert answer["odata.nextLink"] is None
    assert len(answer["value"]) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status oneOf (4)", ["waiting"]),
        ("status notOneOf (4)", ["talking", "ended"]),
        ("status oneOf (5,6) and associateId associateIsOneOf (17,18)", ["talking"]),
        ("associateId currentAssociate", ["talking"]),
        ("agent = 9", ["talking"]),
        ("rating between ('4','5')", ["ended"]),
        ("lastMessage contains 'REFUND'", ["ended"]),
        ("whenEnded afterTime '2020-01-01T00:00:00'", ["ended"]),
        ("whenEnded beforeTime '2020-01-01T00:00:00'", []),
        ("chatTopic/name is 'Sales'", ["waiting"]),
    ],
)
def test_the_documented_operators(
    office: StandIn, cast: Cast, text: str, expected: list[str]
) -> None:
    named = {
        "waiting": office.chat(topic=8),
        "talking": office.chat(user="mia"),
        "ended": office.chat(user="ola", messages=["Where is my refund?"]),
    }
    named["ended"].end(by="ola")
    named["ended"].rate(5)
    assert ids(cast.mia.list(filter=text)) == [named[name].id for name in expected]


@pytest.mark.parametrize(
    "text",
    ["chatSessionId ge 1", "chatSessionId le 1", "rating eq 1 or rating eq 2", "(rating eq 1)",
     "noSuchColumn eq 1", "rating eq", "rating eq 'x", "rating eq 'five' and"],
)  # fmt: skip
def test_what_the_vendor_marks_as_failing_fails(office: StandIn, cast: Cast, text: str) -> None:
    office.chat()
    answer = cast.mia.call("GET", "ChatSession", params={"$filter": text})
    assert answer.status_code == 500
    assert answer.json()["ErrorType"] == "SoException"


def test_an_agent_sees_own_topics_and_a_system_user_all(office: StandIn, cast: Cast) -> None:
    billing, support = office.chat(topic=9), office.chat(topic=7)
    assert ids(cast.mia.list()) == [support.id]
    assert ids(cast.integration.list()) == [billing.id, support.id]
    assert cast.mia.call("GET", f"ChatSession/{billing.id}").status_code == 404


def test_a_chat_offered_across_topics_is_seen_by_who_it_is_offered_to(
    office: StandIn, cast: Cast
) -> None:
    chat = office.chat(topic=9, offered_to="mia")
    mine = cast.mia.get("ChatSession/ForCurrentUser")
    assert [session["ChatSessionId"] for session in mine] == [chat.id]
    assert mine[0]["TransferTo"]["AssociateId"] == 17


def test_order_and_skip(office: StandIn, cast: Cast) -> None:
    chats = [office.chat() for _ in range(4)]
    rows = cast.mia.list(orderBy="chatSessionId desc", skip=1, top=2)
    assert ids(rows) == [chats[2].id, chats[1].id]


def test_json_safe_names(office: StandIn, cast: Cast) -> None:
    office.chat()
    row = cast.mia.list(select="chatTopic/name", jsonSafe="true")[0]
    assert row["chatTopic_name"] == "Support"


def test_the_dynamic_archive_gives_new_messages_of_all_sessions(
    office: StandIn, cast: Cast
) -> None:
    first = office.chat(messages=["one"])
    second = office.chat(messages=["two"])
    cursor = first.now.messages[-1].id
    rows = cast.integration.list(
        "Archive/dynamic",
        select="chat_message.id,chat_message.session_id,chat_message.message",
        filter=f"chat_message.id gt {cursor}",
        orderBy="chat_message.id",
    )
    assert {row["chat_message.session_id"] for row in rows} == {second.id}
    assert rows[-1]["chat_message.message"] == "two"


def test_the_dynamic_archive_finds_pending_transfers_by_ejuser_id(
    office: StandIn, cast: Cast
) -> None:
    office.chat(user="ola")
    offered = office.chat(offered_to="mia")
    rows = cast.integration.list(
        "Archive/dynamic",
        select="chat_session.id,chat_session.transfer_to",
        filter="chat_session.transfer_to gt 0",
    )
    assert [(r["chat_session.id"], r["chat_session.transfer_to"]) for r in rows] == [
        (offered.id, 9)
    ]


def test_the_dynamic_archive_can_be_absent(office: StandIn, cast: Cast) -> None:
    office.options(dynamic_archive=False)
    assert cast.integration.call("GET", "Archive/dynamic").status_code == 404


def test_topics_members_presence_users_and_lists(office: StandIn, cast: Cast) -> None:
    members = cast.kari.get("ChatTopic/7/UserAgent")
    manager = next(m for m in members if m["User"]["UserName"] == "kari")
    presence = {p["UserId"]: p for p in cast.mia.get("Presence/GetAll")}
    assert manager["CanManage"] is True
    assert presence[9]["ChatTopics"] == [7, 8]
    assert [t["Name"] for t in cast.mia.get("ChatTopic/ForCurrentUser")] == ["Support", "Sales"]
    assert cast.mia.get("ChatTopic/7/IsOpen") is True
    assert cast.mia.get("MDOList/chatchannel", flat="true")[0]["Name"] == "All"
    assert {i["ExtraInfo"] for i in cast.mia.get("MDOList/chatsessionstatus")} >= {"InQueue"}
    assert len(cast.mia.get("ChatTopic/UserAgents", flat="true")) == 5
    assert len(cast.integration.list("User", select="associateDbId,fullName")) == 6
    assert {z["TZLocationID"] for z in cast.mia.get("TimeZone")} >= {1, 261, 460}
