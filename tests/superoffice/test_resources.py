"""Each method calls its endpoint, and reads the answer for what it is (contract D)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from chatops.superoffice.client import Client
from chatops.superoffice.errors import NotFound, OutcomeUnknown, UnreadableAnswer
from chatops.superoffice.resources import has_call
from tests.superoffice.conftest import Connect
from tests.superoffice.wires import Asked, answer, serving

SESSION = {"ChatSessionId": 5, "User": {"AssociateId": 17}, "SessionKey": "k"}
TOPIC = {"ChatTopicId": 7, "Name": "Support"}
HOOK = {"WebhookId": 3, "State": "Active", "Events": ["a.b"]}
Call = Callable[[Client], Any]


@pytest.mark.parametrize(
    ("call", "target"),
    [
        (lambda c: c.sessions.accept_transfer(5), "POST ChatSession/5/AcceptTransfer"),
        (lambda c: c.sessions.reject_transfer(5), "POST ChatSession/5/RejectTransfer"),
        (lambda c: c.sessions.pick_up(5), "POST ChatSession/5/Pickup"),
        (lambda c: c.sessions.pick_up_first(), "POST ChatSession/Pickup"),
        (lambda c: c.sessions.reset(5), "POST ChatSession/5/Reset"),
        (lambda c: c.sessions.transfer(5, to=18), "POST ChatSession/5/TransferTo/18"),
        (lambda c: c.sessions.transfer(5, to="a/b@x"), "POST ChatSession/5/TransferTo/a%2Fb%40x"),
        (lambda c: c.sessions.create(7), "POST ChatTopic/7/Sessions"),
        (lambda c: c.sessions.get(5), "GET ChatSession/5"),
        (lambda c: c.sessions.default(), "GET ChatSession/default"),
    ],
)
def test_a_call_about_a_session_gives_the_session(
    call: Call, target: str, connect: Connect
) -> None:
    with serving(answer(SESSION)) as wire:
        session = call(Client(connect(wire)))
        assert f"{wire.asked[0].method} {wire.asked[0].target}" == target.replace(" ", " /api/v1/")
        assert wire.asked[0].body == b""
        assert (session.id, session.associate_id) == (5, 17)
        assert "SessionKey" not in session.raw


@pytest.mark.parametrize("nothing", [answer(b"null"), answer(b""), answer(b"", status=204)])
def test_an_action_answered_with_null_gives_none(nothing: Any, connect: Connect) -> None:
    with serving(nothing) as wire:
        sessions = Client(connect(wire)).sessions
        assert sessions.pick_up(5) is None
        assert sessions.pick_up_first() is None
        assert sessions.accept_transfer(5) is None
        assert sessions.send(5, text_html="x", author="Mia") is None


@pytest.mark.parametrize("odd", [[], True, {"ChatSessionId": 6}, {}])
def test_an_answer_that_is_not_the_session_leaves_the_outcome_open(
    odd: Any, connect: Connect
) -> None:
    with serving(answer(odd)) as wire:
        with pytest.raises(OutcomeUnknown):
            Client(connect(wire)).sessions.accept_transfer(5)
        with pytest.raises(UnreadableAnswer):
            Client(connect(wire)).sessions.get(5)


def test_a_session_that_is_gone_is_not_found(connect: Connect) -> None:
    with serving(answer("", status=404)) as wire, pytest.raises(NotFound):
        Client(connect(wire)).sessions.get(5)


def test_a_message_is_sent_without_ids_or_times(connect: Connect) -> None:
    stored = {"ChatMessageId": 901, "ChatSessionId": 5, "Message": "Hi<br>there"}
    with serving(answer(stored)) as wire:
        sent = Client(connect(wire)).sessions.send(5, text_html="Hi<br>there", author="Mia Berg")
        assert sent is not None
        assert sent.id == 901
        assert wire.asked[0].target == "/api/v1/ChatSession/5/Messages"
        assert wire.asked[0].json == {
            "Type": "ToCustomer",
            "Message": "Hi<br>there",
            "Author": "Mia Berg",
            "SpecialType": "None",
        }


def test_a_stored_message_without_an_id_leaves_the_outcome_open(connect: Connect) -> None:
    with serving(answer({})) as wire, pytest.raises(OutcomeUnknown):
        Client(connect(wire)).sessions.send(5, text_html="x", author="Mia")


def test_messages_come_sorted_and_only_newer_ones(connect: Connect) -> None:
    rows = [{"ChatMessageId": n} for n in (9, 3, 7)]
    with serving(answer(rows)) as wire:
        sessions = Client(connect(wire)).sessions
        assert [m.id for m in sessions.messages(5, after=3)] == [7, 9]
        assert wire.asked[0].target == "/api/v1/ChatSession/5/Messages?after=3"
        assert b"ChatMessageId" in sessions.messages_raw(5)


@pytest.mark.parametrize("odd", [None, {}, [1], True])
def test_a_conversation_that_is_no_list_is_not_an_empty_one(odd: Any, connect: Connect) -> None:
    with serving(answer(odd)) as wire:
        with pytest.raises(UnreadableAnswer):
            Client(connect(wire)).sessions.messages(5)
        if odd is None:
            with pytest.raises(UnreadableAnswer):
                Client(connect(wire)).sessions.messages_raw(5)


def test_the_raw_session_is_what_came(connect: Connect) -> None:
    with serving(answer(b'{"ChatSessionId":5 }')) as wire:
        assert Client(connect(wire)).sessions.get_raw(5) == b'{"ChatSessionId":5 }'
    with serving(answer(b"null")) as wire, pytest.raises(UnreadableAnswer):
        Client(connect(wire)).sessions.get_raw(5)


def test_a_transcript_is_a_string_and_may_be_asked_for_again(connect: Connect) -> None:
    with serving(answer("", status=503), answer(b'"Mia: Hi\\n"')) as wire:
        assert Client(connect(wire)).sessions.transcript(5, html=True) == "Mia: Hi\n"
        assert wire.asked[1].method == "POST"
        assert wire.asked[1].target == "/api/v1/ChatSession/5/Transcript?html=true"


def test_a_selection_may_leave_the_id_out(connect: Connect) -> None:
    with serving(answer({"ChatSessionId": None, "Rating": 4})) as wire:
        assert Client(connect(wire)).sessions.get(5, select=["Rating"]).rating == 4
        assert wire.asked[0].target == "/api/v1/ChatSession/5?$select=Rating"


def test_the_open_set_has_numbers_and_last_messages(connect: Connect) -> None:
    cells = {"status": {"RawValue": 5}, "lastMessage": {"RawValue": "hi"}}
    odd = {"status": {"RawValue": "Waiting"}, "lastMessage": {"RawValue": None}}
    rows = [{"PrimaryKey": 8, "Column": cells}, {"PrimaryKey": 9, "Column": odd}]
    with serving(answer({"value": rows}), answer({"value": []})) as wire:
        first, second = Client(connect(wire)).sessions.open()
        assert first == (8, 5, "hi")
        assert second == (9, None, "")
        assert "status oneOf (1,2,3,4,5,6)" in unquote(wire.asked[0].target)


def test_ids_and_ended_sessions_are_read_page_by_page(connect: Connect) -> None:
    one = {"value": [{"PrimaryKey": "8"}]}
    with serving(answer(one), answer({"value": []})) as wire:
        assert list(Client(connect(wire)).sessions.ids(after=7)) == [8]
        assert "chatSessionId gt 7" in unquote(wire.asked[0].target)
    with serving(answer(one), answer({"value": []})) as wire:
        since = datetime(2026, 3, 1, tzinfo=UTC)
        assert list(Client(connect(wire)).sessions.ended_since(since)) == [8]
        assert "whenEnded afterTime '2026-03-01T00:00:00'" in unquote(wire.asked[0].target)


@pytest.mark.parametrize(
    ("call", "body", "target", "expected"),
    [
        (lambda c: c.sessions.for_current_user()[0].id, [SESSION], "ChatSession/ForCurrentUser", 5),
        (lambda c: c.sessions.delete(5), None, "ChatSession/5", None),
        (lambda c: c.topics.for_current_user()[0].id, [TOPIC], "ChatTopic/ForCurrentUser", 7),
        (lambda c: c.topics.get(7).name, TOPIC, "ChatTopic/7", "Support"),
        (lambda c: c.topics.is_open(7), True, "ChatTopic/7/IsOpen", True),
        (
            lambda c: c.topics.members(7)[0].can_manage,
            [{"TopicId": 7, "CanManage": True}],
            "ChatTopic/7/UserAgent",
            True,
        ),
        (
            lambda c: c.topics.member(7, "mia").topic_id,
            {"TopicId": 7},
            "ChatTopic/7/UserAgent/mia",
            7,
        ),
        (
            lambda c: c.topics.agents(only_present=True),
            [],
            "ChatTopic/UserAgents?flat=true&onlyPresent=true",
            [],
        ),
        (
            lambda c: c.associates.current_principal().ej_user_id,
            {"AssociateId": 17, "EjUserId": 9},
            "User/currentPrincipal",
            9,
        ),
        (
            lambda c: c.associates.current_associate().id,
            {"AssociateId": 17},
            "User/currentAssociate",
            17,
        ),
        (
            lambda c: [i.id for i in c.lists.channels()],
            [{"Id": 0}, {"Id": 7}],
            "MDOList/chatchannel?flat=true",
            [7],
        ),
        (
            lambda c: c.lists.statuses()[0].extra_info,
            [{"Id": 4, "ExtraInfo": "InQueue"}],
            "MDOList/chatsessionstatus",
            "InQueue",
        ),
        (lambda c: c.lists.users(), None, "MDOList/chatuser?flat=true", []),
        (lambda c: c.webhooks.get(3).state, HOOK, "Webhook/3", "Active"),
        (lambda c: c.webhooks.list()[0].events, [HOOK], "Webhook?statusFilter=Unknown", ("a.b",)),
        (lambda c: c.webhooks.last_error(3), b'"timeout"', "Webhook/3/LastError", "timeout"),
        (lambda c: c.webhooks.delete(3), None, "Webhook/3", None),
        (lambda c: c.webhooks.patch(3, {"State": "Active"}).id, HOOK, "Webhook/3", 3),
        (lambda c: c.webhooks.fire("chatops.ping"), None, "Webhook/chatops.ping/0", None),
        (
            lambda c: c.webhooks.test("https://x/").success,
            {"Success": True},
            "Webhook/Test",
            True,
        ),
        (lambda c: c.service.calls(), {}, "", {}),
        (lambda c: c.service.time_zone(), {"Id": 1}, "TimeZone/current", {"Id": 1}),
    ],
)
def test_other_calls_reach_their_endpoint(
    call: Call, body: Any, target: str, expected: Any, connect: Connect
) -> None:
    with serving(answer(body)) as wire:
        assert call(Client(connect(wire))) == expected
        assert unquote(wire.asked[0].target) == f"/api/v1/{target}".rstrip("/")


def test_a_webhook_is_registered_active_with_its_secret(connect: Connect) -> None:
    with serving(answer(HOOK)) as wire:
        hook = Client(connect(wire)).webhooks.create(
            name="chatops",
            events=("chatsession.created",),
            target_url="https://chatops.example/hooks/superoffice/",
            secret="a long random string",
            headers={"X-Chatops-Hook": "1"},
        )
        assert hook.id == 3
        assert wire.asked[0].json == {
            "Name": "chatops",
            "Events": ["chatsession.created"],
            "TargetUrl": "https://chatops.example/hooks/superoffice/",
            "Secret": "a long random string",
            "State": "Active",
            "Type": "webhook",
            "Headers": {"X-Chatops-Hook": "1"},
        }


def test_presence_is_found_on_older_servers_too(connect: Connect) -> None:
    there = [{"UserId": 9, "Present": True, "OngoingChats": 2, "ChatTopics": [7, 8]}]
    with serving(answer("", status=404), answer(there)) as wire:
        [presence] = Client(connect(wire)).presence.all()
        assert (presence.user_id, presence.present, presence.chat_topics) == (9, True, (7, 8))
        assert wire.asked[1].target == "/api/v1/ChatPresence/GetAll"


def test_the_version_document_tells_what_the_server_has(connect: Connect) -> None:
    def document(connection: Any, asked: Asked) -> bool:
        calls = {
            "https://inner/api/v1/ChatSession/{id}": {"GET": "", "PATCH": ""},
            "https://inner/api/v1/Presence/GetAll": {"GET": ""},
        }
        root = {"NetServerVersion": "11.10"}
        return answer(root if asked.target == "/api" else calls)(connection, asked)

    with serving(document) as wire:
        service = Client(connect(wire)).service
        assert service.root()["NetServerVersion"] == "11.10"
        calls = service.calls()
        assert has_call(calls, "PATCH", "chatsession/{}")
        assert not has_call(calls, "PATCH", "Presence/GetAll")
        assert not has_call(calls, "GET", "Session/{}")


def test_table_rows_are_read_by_their_first_column_and_never_the_session_key(
    connect: Connect,
) -> None:
    rows = {"value": [{"PrimaryKey": "4", "chat_message.id": 4, "chat_message.session_id": 5}]}
    with serving(answer(rows), answer({"value": []})) as wire:
        archive = Client(connect(wire)).archive
        [[row]] = archive.dynamic(["chat_message.id", "chat_message.session_id"], after=3)
        assert row.values["chat_message.session_id"] == 5
        assert "chat_message.id gt 3" in unquote(wire.asked[0].target)
        with pytest.raises(ValueError, match="secret"):
            archive.dynamic(["chat_session.id", "chat_session.session_key"])


def test_topic_sessions_and_users_are_lists_too(connect: Connect) -> None:
    empty = answer({"value": []})
    with serving(empty) as wire:
        client = Client(connect(wire))
        assert list(client.topics.sessions(7)) == []
        assert list(client.associates.list()) == []
        first, second = (unquote(asked.target) for asked in wire.asked)
        assert first.startswith("/api/v1/ChatTopic/7/Sessions?")
        assert second.startswith("/api/v1/Archive/internalusers?")
        assert "associateDbId gt 0" in second
