"""The whole client against the stand-in SuperOffice, over HTTP: what is meant is what happens."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from requests.auth import AuthBase

from chatops.demo.adapter import StandIn
from chatops.superoffice import entities, oauth, odata, tenant, text, webhooks
from chatops.superoffice.auth import Basic, Bearer, SessionCookie, SoTicket
from chatops.superoffice.client import Client
from chatops.superoffice.errors import (
    AnswerLost,
    Conflict,
    NotFound,
    Refused,
    ServerFailed,
    Unauthorized,
    UnreadableAnswer,
)
from chatops.superoffice.resources import has_call
from tests.superoffice.conftest import Connect
from tests.superoffice.wires import answer, serving

MIA, OLA = 17, 18


@pytest.fixture
def office() -> Iterator[StandIn]:
    with StandIn(scene="empty", seed=1) as standin:
        yield standin


@pytest.fixture
def mia(office: StandIn, connect: Connect) -> Client:
    return Client(connect(office.url, auth=Basic("mia", "mia-demo")))


@pytest.fixture
def ola(office: StandIn, connect: Connect) -> Client:
    return Client(connect(office.url, auth=Basic("ola", "ola-demo")))


@pytest.fixture
def service(office: StandIn, connect: Connect) -> Client:
    return Client(connect(office.url, auth=Basic("integration", "integration-demo")))


def test_an_offered_chat_is_accepted(office: StandIn, mia: Client) -> None:
    chat = office.chat(user="ola", offered_to="mia")
    session = mia.sessions.accept_transfer(chat.id)
    assert session is not None
    assert (session.associate_id, session.transfer_to_id) == (MIA, None)
    assert chat.now.user == MIA


def test_an_offered_chat_is_rejected(office: StandIn, mia: Client) -> None:
    chat = office.chat(user="ola", offered_to="mia")
    session = mia.sessions.reject_transfer(chat.id)
    assert session is not None
    assert (session.associate_id, session.transfer_to_id) == (OLA, None)


def test_accepting_without_an_offer_changes_nothing_and_is_no_error(
    office: StandIn, mia: Client
) -> None:
    chat = office.chat(user="ola")
    session = mia.sessions.accept_transfer(chat.id)
    assert session is not None
    assert session.associate_id == OLA


def test_a_waiting_chat_is_picked_up_by_one_only(office: StandIn, mia: Client, ola: Client) -> None:
    chat = office.chat(messages=["Hello?"])
    first = mia.sessions.pick_up(chat.id)
    assert first is not None
    assert first.associate_id == MIA
    assert ola.sessions.pick_up(chat.id) is None


def test_a_chat_is_transferred_by_id_and_by_user_name(office: StandIn, mia: Client) -> None:
    for to in (OLA, "ola"):
        chat = office.chat(user="mia")
        session = mia.sessions.transfer(chat.id, to=to)
        assert session is not None
        assert session.transfer_to_id == OLA


def test_what_was_sent_is_found_among_the_messages(office: StandIn, mia: Client) -> None:
    chat = office.chat(user="mia", messages=["Hi"])
    typed = "1 < 2 & «ok» 😀\nsecond line"
    before = mia.sessions.messages(chat.id)[-1].id
    html = text.escape_for_sending(typed)
    sent = mia.sessions.send(chat.id, text_html=html, author="Mia Berg")
    assert sent is not None
    [found] = mia.sessions.messages(chat.id, after=before)
    assert found == sent
    assert text.canonical(found.message) == text.canonical(html)
    assert (found.type, found.author) == ("ToCustomer", "Mia Berg")
    assert found.posted_at is not None
    assert abs(found.posted_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_text_that_is_stored_slightly_changed_is_still_the_same(
    office: StandIn, mia: Client
) -> None:
    office.options(normalise=True)
    chat = office.chat(user="mia")
    html = text.escape_for_sending("a  b & cafe\u0301\n“quoted” <i>")
    sent = mia.sessions.send(chat.id, text_html=html, author="Mia Berg")
    assert sent is not None
    assert text.canonical(sent.message) == text.canonical(html)


def test_a_guarded_patch_takes_or_conflicts(office: StandIn, mia: Client) -> None:
    chat = office.chat(user="mia", email="ola@example.net")
    change = {"op": "replace", "path": "CustomerEmail", "value": "new@example.net"}
    guard = {"op": "test", "path": "CustomerEmail", "value": "ola@example.net"}
    session = mia.sessions.patch(chat.id, [guard, change])
    assert session is not None
    assert session.customer_email == "new@example.net"
    with pytest.raises(Conflict):
        mia.sessions.patch(chat.id, [guard, change])
    merged = mia.sessions.patch(chat.id, {"CustomerPhone": "+47 555 01 234"})
    assert merged is not None
    assert merged.customer_phone == "+47 555 01 234"


def test_a_transcript_is_readable(office: StandIn, mia: Client) -> None:
    chat = office.chat(user="mia", messages=["Where is my order?"])
    assert "Where is my order?" in mia.sessions.transcript(chat.id)
    assert "Where is my order?" in mia.sessions.transcript(chat.id, html=True)


def test_a_deleted_chat_is_not_found(office: StandIn, service: Client) -> None:
    chat = office.chat()
    service.sessions.delete(chat.id)
    with pytest.raises(NotFound):
        service.sessions.get(chat.id)


def test_lists_agree_with_the_sessions(office: StandIn, service: Client) -> None:
    waiting = [office.chat(messages=[f"Hi {n}"]).id for n in range(5)]
    ended = office.chat(user="mia")
    ended.end(by="mia")
    assert list(service.sessions.ids(top=2)) == [*waiting, ended.id]
    assert list(service.sessions.ids(after=waiting[2])) == [*waiting[3:], ended.id]
    opened = list(service.sessions.open())
    assert [session.id for session in opened] == waiting
    assert {session.status for session in opened} == {4}
    assert opened[0].last_message == "Hi 0"
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert list(service.sessions.ended_since(yesterday)) == [ended.id]


def test_table_rows_give_all_new_messages_at_once(office: StandIn, service: Client) -> None:
    chats = [office.chat(messages=["one", "two"]) for _ in range(3)]
    columns = ["chat_message.id", "chat_message.session_id"]
    rows = [row for page in service.archive.dynamic(columns, top=2) for row in page]
    assert {row.values["chat_message.session_id"] for row in rows} == {c.id for c in chats}
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)


def test_an_empty_list_has_no_pages(service: Client) -> None:
    assert list(service.sessions.list()) == []
    assert list(odata.pages(service.transport, "ChatSession", select=["status"])) == []


def test_channels_members_and_presence_are_read(service: Client, mia: Client) -> None:
    assert {item.id for item in service.lists.channels()} == {7, 8, 9}
    topic = service.topics.get(7)
    assert (topic.id, topic.name) == (7, "Support")
    members = {m.user.associate_id: m for m in service.topics.members(7) if m.user}
    assert members[MIA].can_respond
    assert members[19].can_manage
    assert isinstance(service.topics.is_open(7), bool)
    assert {topic.id for topic in mia.topics.for_current_user()} == {7, 8}
    assert {agent.user_id for agent in service.presence.all()} >= {9, 10, 11}
    numbers = {item.id: item.extra_info for item in service.lists.statuses()}
    assert numbers[4] == "InQueue"


def test_everybody_is_who_they_are(mia: Client) -> None:
    principal = mia.associates.current_principal()
    assert (principal.associate_id, principal.ej_user_id) == (MIA, 9)
    assert principal.full_name == "Mia Berg"
    assert mia.associates.current_associate().id == MIA


def test_the_server_says_what_it_can_do(service: Client) -> None:
    assert service.service.root()["Version"] == "v1"
    assert has_call(service.service.calls(), "PATCH", "ChatSession/{}")


def test_nothing_the_standin_sends_is_unknown(office: StandIn, service: Client) -> None:
    chat = office.chat(user="mia", offered_to="ola", messages=["Hi"])
    session = service.sessions.get(chat.id)
    assert entities.unknown_fields(session.raw) == set()
    assert entities.unknown_words(session) == set()
    [message, *_] = service.sessions.messages(chat.id)
    assert entities.unknown_fields(message.raw, entities.ChatMessage) == set()
    assert b"SessionKey" in service.sessions.get_raw(chat.id)
    assert "SessionKey" not in session.raw


def test_the_odd_scene_is_read_without_a_stumble(connect: Connect) -> None:
    with StandIn(scene="odd", seed=1) as standin:
        odd = Client(connect(standin.url, auth=Basic("integration", "integration-demo")))
        ids = list(odd.sessions.ids())
        assert ids
        for session_id in ids:
            assert odd.sessions.get(session_id).id == session_id
            assert all(m.session_id == session_id for m in odd.sessions.messages(session_id))


@pytest.mark.parametrize("scheme", ["ticket", "bearer", "cookie"])
def test_every_scheme_signs_in(scheme: str, office: StandIn, connect: Connect) -> None:
    given: Any = office.credentials("mia")
    app: Any = office.control("GET", "app")
    cookies = {"SoSession": given["cookie"], "XSRF-TOKEN": given["xsrf"]}
    made: dict[str, AuthBase] = {
        "ticket": SoTicket(given["ticket"], app["client_secret"]),
        "bearer": Bearer(given["access_token"]),
        "cookie": SessionCookie(cookies, given["xsrf"]),
    }
    client = Client(connect(office.url, auth=made[scheme]))
    assert client.associates.current_principal().associate_id == MIA


def test_a_wrong_password_is_unauthorized(office: StandIn, connect: Connect) -> None:
    wrong = Client(connect(office.url, auth=Basic("mia", "guess")))
    with pytest.raises(Unauthorized):
        wrong.sessions.for_current_user()


@pytest.mark.parametrize(
    ("kind", "words", "error"),
    [
        ("drop_before", {}, AnswerLost),
        ("drop_after", {}, AnswerLost),
        ("status_after", {"status": 500}, ServerFailed),
        ("html", {}, UnreadableAnswer),
        ("cut", {}, UnreadableAnswer),
        ("status", {"status": 400}, Refused),
    ],
)
def test_faults_of_a_write_are_named_by_what_may_be_done_next(
    kind: str, words: dict[str, Any], error: type[Exception], office: StandIn, mia: Client
) -> None:
    chat = office.chat(user="ola", offered_to="mia")
    office.fault(kind, path="AcceptTransfer", times=1, **words)
    with pytest.raises(error):
        mia.sessions.accept_transfer(chat.id)
    posts = [e for e in office.journal(kind="request") if "AcceptTransfer" in str(e)]
    assert len(posts) <= 1


def test_a_webhook_is_registered_and_its_deliveries_are_signed(
    office: StandIn, service: Client
) -> None:
    with serving(answer(b"")) as receiver:
        hook = service.webhooks.create(
            name="chatops",
            events=webhooks.CHAT_EVENTS,
            target_url=receiver.url,
            secret="a long random string",
        )
        assert webhooks.parse(receiver.asked[0].body).is_test
        assert [h.id for h in service.webhooks.list()] == [hook.id]
        chat = office.chat(messages=["Hi"])
        limit = time.monotonic() + 5
        while len(receiver.asked) < 2 and time.monotonic() < limit:
            time.sleep(0.02)
        for asked in receiver.asked:
            given = asked.headers[webhooks.SIGNATURE_HEADER.lower()]
            assert webhooks.is_signed(asked.body, given, ["a long random string"])
            assert not webhooks.is_signed(asked.body, given, ["another"])
        assert webhooks.parse(receiver.asked[1].body).session_id == chat.id
        service.webhooks.patch(hook.id, {"State": "Stopped"})
        assert service.webhooks.get(hook.id).state == entities.WebhookState.STOPPED
        service.webhooks.delete(hook.id)
        with pytest.raises(NotFound):
            service.webhooks.get(hook.id)


def test_the_system_user_signs_in_and_reads(office: StandIn, connect: Connect) -> None:
    app: Any = office.control("GET", "app")
    login = connect(office.origin, auth=None)
    state = tenant.fetch(login, "Cust12345")
    assert state.is_running
    ticket = oauth.authenticate_system_user(
        login,
        system_token=app["system_token"],
        private_key=app["private_key"],
        client_secret=app["client_secret"],
        tenant="Cust12345",
    )
    chat = office.chat()
    system = Client(connect(state.api_url, auth=SoTicket(ticket, app["client_secret"])))
    assert system.sessions.get(chat.id).id == chat.id


def test_a_refresh_token_gives_a_bearer_token(office: StandIn, connect: Connect) -> None:
    app: Any = office.control("GET", "app")
    given: Any = office.credentials("mia")
    tokens = oauth.refresh(
        connect(office.origin, auth=None),
        client_id=app["client_id"],
        client_secret=app["client_secret"],
        refresh_token=given["refresh_token"],
    )
    mine = Client(connect(office.url, auth=Bearer(tokens.access_token)))
    assert mine.associates.current_principal().associate_id == MIA
