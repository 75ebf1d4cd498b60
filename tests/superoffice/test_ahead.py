"""A read that is begun while another one is on its way."""

import socket
import threading

import pytest

from chatops.superoffice.auth import RenewableBearer
from chatops.superoffice.errors import HostNotAllowed, NotFound, ServerFailed
from chatops.superoffice.exchange import Exchange
from chatops.superoffice.sessions import ChatSessions
from tests.superoffice.conftest import Connect
from tests.superoffice.test_renewal import Source
from tests.superoffice.wires import Asked, answer, serving


def test_a_session_and_its_messages_are_on_the_wire_at_the_same_time(connect: Connect) -> None:
    both_there = threading.Barrier(2)

    def answered_together(connection: socket.socket, asked: Asked) -> bool:
        both_there.wait(5)  # each is answered only once the other has been asked, too
        return answer([] if "Messages" in asked.target else {"ChatSessionId": 1})(connection, asked)

    with serving(answered_together) as wire:
        body, listed = ChatSessions(connect(wire)).with_messages_raw(1, after=7)
        assert (b"ChatSessionId" in body, listed) == (True, b"[]")
        assert {one.target.partition("/v1/")[2] for one in wire.asked} == {
            "ChatSession/1",
            "ChatSession/1/Messages?after=7",
        }


def test_a_read_begun_ahead_is_repeated_and_told_like_any_other(connect: Connect) -> None:
    told: list[Exchange] = []
    with serving(answer("", status=503), answer("", status=502), answer([])) as wire:
        wait = connect(wire, on_exchange=told.append).read_ahead("ChatSession/1/Messages")
        assert wait() == b"[]"
        assert [(one.attempt, one.status, one.path_pattern) for one in told] == [
            (1, 503, "ChatSession/{id}/Messages"),
            (2, 502, "ChatSession/{id}/Messages"),
            (3, 200, "ChatSession/{id}/Messages"),
        ]
    with serving(answer("", status=500)) as wire:
        wait = connect(wire).read_ahead("x")
        with pytest.raises(ServerFailed):
            wait()
        assert len(wire.asked) == 3


def test_a_refusal_of_a_read_begun_ahead_is_told_to_who_waits_for_it(connect: Connect) -> None:
    with serving(answer("", status=404)) as wire:
        wait = connect(wire).read_ahead("ChatSession/1/Messages")
        with pytest.raises(NotFound):
            wait()
        assert len(wire.asked) == 1


def test_an_expired_token_is_renewed_for_a_read_begun_ahead(connect: Connect) -> None:
    with serving(answer("", status=401), answer([])) as wire:
        wait = connect(wire, auth=RenewableBearer(Source("old", "new"))).read_ahead("x")
        assert wait() == b"[]"
        assert [one.headers["authorization"] for one in wire.asked] == ["Bearer old", "Bearer new"]


def test_nothing_begins_where_calls_may_not_go(connect: Connect) -> None:
    with serving(answer([])) as wire:
        transport = connect(wire, allowed_hosts=lambda _: False)
        with pytest.raises(HostNotAllowed):
            transport.read_ahead("x")
        assert wire.connections == 0
