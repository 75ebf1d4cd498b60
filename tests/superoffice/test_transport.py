"""What goes out, what is told about it, and how an expired token is made good."""

import io
import logging
import threading
from pathlib import Path

import pytest
import requests
from requests.adapters import BaseAdapter

from chatops.superoffice.auth import (
    Basic,
    Bearer,
    SessionCookie,
    SoTicket,
)
from chatops.superoffice.errors import (
    AnswerLost,
    CredentialsMissing,
    NotSent,
    Refused,
    Unreachable,
)
from chatops.superoffice.exchange import Exchange, Rank
from tests.superoffice.conftest import Connect
from tests.superoffice.wires import Asked, Step, answer, hang_up, serving


def test_a_read_carries_the_headers_of_the_ordered_pages(connect: Connect) -> None:
    with serving(answer({})) as wire:
        transport = connect(
            wire, auth=Basic("tje0", "tje0"), language="nb", culture="en-GB", app_token="app-token"
        )
        transport.send("GET", "ChatSession/1")
        headers = wire.asked[0].headers
        assert headers["authorization"] == "Basic dGplMDp0amUw"
        assert headers["accept"] == "application/json"
        assert headers["accept-language"] == "nb"
        assert headers["so-language"] == "nb"
        assert headers["so-culture"] == "en-GB"
        assert headers["so-timezone"] == "UTC, includeTZOffset"
        assert headers["so-apptoken"] == "app-token"
        assert "content-type" not in headers


def test_by_default_the_language_is_english_and_nothing_else_is_said(connect: Connect) -> None:
    with serving(answer({})) as wire:
        connect(wire).send("GET", "x")
        headers = wire.asked[0].headers
        assert headers["accept-language"] == "en"
        assert not {"so-language", "so-culture", "so-apptoken", "x-xsrf-token"} & set(headers)


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (Basic("mia", "pæss:word"), {"authorization": "Basic bWlhOnDDpnNzOndvcmQ="}),
        (Bearer("8A:Cust12345.x=="), {"authorization": "Bearer 8A:Cust12345.x=="}),
        (Bearer(lambda: "8A:now"), {"authorization": "Bearer 8A:now"}),
        (SoTicket("7T:abc"), {"authorization": "SOTicket 7T:abc"}),
        (SoTicket("7T:abc", "app"), {"authorization": "SOTicket 7T:abc", "so-apptoken": "app"}),
        (SessionCookie({"a": "1", "b": "2"}, "x1"), {"cookie": "a=1; b=2", "x-xsrf-token": "x1"}),
    ],
)
def test_each_scheme_signs_in_its_own_way(
    auth: requests.auth.AuthBase, expected: dict[str, str], connect: Connect
) -> None:
    with serving(answer({})) as wire:
        connect(wire, auth=auth).send("GET", "x")
        assert expected.items() <= wire.asked[0].headers.items()
        signing = {"authorization", "cookie", "x-xsrf-token", "so-apptoken"}
        assert signing & set(wire.asked[0].headers) == set(expected)


@pytest.mark.parametrize(
    "auth",
    [Bearer(""), Bearer("two\r\nlines"), SoTicket("tïcket"), Basic("", "x"), Bearer(lambda: "")],
)
def test_a_credential_that_cannot_be_sent_is_not_sent(
    auth: requests.auth.AuthBase, connect: Connect
) -> None:
    with serving(answer({})) as wire:
        with pytest.raises(CredentialsMissing):
            connect(wire, auth=auth).send("POST", "x")
        assert wire.connections == 0


@pytest.mark.parametrize(
    "auth", [Basic("mia", "hush-hush"), Bearer("hush-hush"), SoTicket("hush-hush", "hush-hush")]
)
def test_credentials_do_not_show_themselves(auth: requests.auth.AuthBase) -> None:
    assert "hush" not in repr(auth) + str(auth)


def test_a_body_is_json_in_utf8_without_what_no_database_can_hold(connect: Connect) -> None:
    with serving(answer({})) as wire:
        connect(wire).send("POST", "x", json={"Message": "Hei 😀 \ud83d \x00!"})
        assert wire.asked[0].headers["content-type"] == "application/json; charset=utf-8"
        assert wire.asked[0].json == {"Message": "Hei 😀 \ufffd !"}


def test_a_post_without_a_body_says_so(connect: Connect) -> None:
    with serving(answer(b"")) as wire:
        assert connect(wire).send("POST", "ChatSession/1/AcceptTransfer") is None
        assert wire.asked[0].headers["content-length"] == "0"
        assert "content-type" not in wire.asked[0].headers


@pytest.mark.parametrize(
    "step", [answer(b"null"), answer(b""), answer(b" \r\n"), answer(b"", status=204)]
)
def test_null_an_empty_body_and_204_are_all_nothing(step: Step, connect: Connect) -> None:
    with serving(step) as wire:
        assert connect(wire).send("POST", "x") is None
        assert connect(wire).send_raw("POST", "x") is None


def test_raw_answers_are_the_bytes_that_came(connect: Connect) -> None:
    with serving(answer(b' [1.50,  "\\u00e5"] ')) as wire:
        assert connect(wire).send_raw("GET", "x") == b' [1.50,  "\\u00e5"] '


def test_text_that_no_database_can_hold_is_replaced_on_arrival(connect: Connect) -> None:
    body = rb'{"a": "\ud83d\ude00", "b": "x\ud83dy", "c": ["n\u0000l"], "\udc00": 1}'
    with serving(answer(body)) as wire:
        assert connect(wire).send("GET", "x") == {
            "a": "😀", "b": "x\ufffdy", "c": ["nl"], "\ufffd": 1
        }  # fmt: skip


def test_the_query_is_written_as_in_the_vendors_samples(connect: Connect) -> None:
    with serving(answer([])) as wire:
        params = {"$select": ["a", "b/c"], "$filter": "x is 'å&b'", "flat": True, "none": None}
        connect(wire).send("GET", "ChatSession", params=params)
        assert wire.asked[0].target == (
            "/api/v1/ChatSession?$select=a%2Cb%2Fc&$filter=x%20is%20%27%C3%A5%26b%27&flat=true"
        )


def test_paths_go_below_v1_unless_they_start_with_a_slash(connect: Connect) -> None:
    with serving(answer({})) as wire:
        transport = connect(wire)
        for path in ("ChatTopic/7", "/v1", "/"):
            transport.send("GET", path)
        assert [asked.target for asked in wire.asked] == ["/api/v1/ChatTopic/7", "/api/v1", "/api"]


def test_cookies_of_an_answer_do_not_travel(connect: Connect) -> None:
    with serving(answer({}, headers={"Set-Cookie": "who=somebody; Path=/"})) as wire:
        transport = connect(wire)
        transport.send("GET", "x")
        transport.send("GET", "x")
        assert "cookie" not in wire.asked[1].headers


def test_netrc_is_not_read(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login x password y\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(answer({})) as wire:
        connect(wire, auth=None).send("GET", "x")
        assert "authorization" not in wire.asked[0].headers


def test_a_proxy_of_the_environment_is_used(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = answer("", status=407)
    with serving(refusing) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(Unreachable):  # what the proxy refused has not left
            connect("https://crm.example.com/api").send("POST", "ChatSession/1/Pickup")
        assert [asked.method for asked in proxy.asked] == ["CONNECT"]
        assert "authorization" not in proxy.asked[0].headers


def test_many_threads_share_one_transport(connect: Connect) -> None:
    def echo(connection: object, asked: Asked) -> bool:
        return answer({"target": asked.target})(connection, asked)  # type: ignore[arg-type]

    with serving(echo) as wire:
        transport = connect(wire, pool_size=4)
        wrong: list[str] = []

        def ask(who: int) -> None:
            for number in range(20):
                path = f"{who}/{number}"
                if transport.send("GET", path)["target"] != f"/api/v1/{path}":
                    wrong.append(path)

        threads = [threading.Thread(target=ask, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(wire.asked) == 80


# The gate, and what is told


class Recorder:
    """A gate that lets everything pass, or raises what it is given."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.before_calls: list[tuple[bool, Rank]] = []
        self.done: list[Exchange] = []

    def before(self, *, write: bool, rank: Rank) -> None:
        self.before_calls.append((write, rank))
        if self.errors:
            raise self.errors.pop(0)

    def after(self, exchange: Exchange) -> None:
        self.done.append(exchange)


def test_the_gate_is_asked_before_and_told_after_every_attempt(connect: Connect) -> None:
    gate = Recorder()
    with serving(hang_up, answer({})) as wire:
        polls = connect(wire, gate=gate)
        polls.ranked(Rank.PERSON).send("GET", "ChatSession/48213/Messages")
        polls.send("POST", "ChatSession/48213/TransferTo/mia%40x")
    assert gate.before_calls == [(False, Rank.PERSON), (False, Rank.PERSON), (True, Rank.POLL)]
    facts = [(e.path_pattern, e.status, e.attempt, e.error, e.write) for e in gate.done]
    assert facts == [
        ("ChatSession/{id}/Messages", None, 1, "AnswerLost", False),
        ("ChatSession/{id}/Messages", 200, 2, None, False),
        ("ChatSession/{id}/TransferTo/{id}", 200, 1, None, True),
    ]


def test_a_closed_gate_means_that_nothing_was_sent(connect: Connect) -> None:
    gate = Recorder(NotSent("closed", retry_after=60))
    with serving(answer({})) as wire:
        with pytest.raises(NotSent) as closed:
            connect(wire, gate=gate).send("GET", "x")
        assert closed.value.retry_after == 60
        assert wire.connections == 0
        assert gate.done == []


def test_a_listener_that_fails_does_not_lose_the_answer(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Exchange) -> None:
        raise RuntimeError("disk full")

    with serving(answer({"Ok": 1})) as wire:
        assert connect(wire, on_exchange=broken).send("POST", "x") == {"Ok": 1}
    assert "a listener failed" in caplog.text


def test_each_attempt_is_one_log_line_of_facts_only(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="chatops.superoffice")
    secret = {"ErrorMessage": "Ola Testmann is not here"}
    told = answer(secret, status=404, headers={"Retry-After": "3"})
    with serving(told) as wire, pytest.raises(Refused):
        connect(wire).send("POST", "ChatSession/48213/Messages", json={"Message": "hello"})
    [record] = [r for r in caplog.records if r.name.startswith("chatops")]
    facts = vars(record)
    assert facts["method"] == "POST"
    assert facts["path_pattern"] == "ChatSession/{id}/Messages"
    assert (facts["status"], facts["attempt"], facts["error"]) == (404, 1, "NotFound")
    assert facts["retry_after"] == 3
    assert facts["ms"] > 0
    assert not {"48213", "Ola", "hello", "mia"} & set(str(sorted(facts.items())).split())


# An adapter of somebody else's


class InProcess(BaseAdapter):
    """Answers without a socket, as a stand-in may."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]
        if self.error:
            raise self.error
        response = requests.Response()
        response.status_code = 200
        response.raw = io.BytesIO(b'{"path": "%s"}' % str(request.path_url).encode())
        return response

    def close(self) -> None:
        pass


def test_another_adapter_can_answer(connect: Connect) -> None:
    assert connect("https://demo.invalid/api", adapter=InProcess()).send("GET", "a/1") == {
        "path": "/api/v1/a/1"
    }


def test_without_proof_that_nothing_left_an_outcome_is_unknown(connect: Connect) -> None:
    broken = connect("https://demo.invalid/api", adapter=InProcess(requests.ConnectionError()))
    with pytest.raises(AnswerLost):
        broken.send("POST", "x")
    unreached = connect("https://demo.invalid/api", adapter=InProcess(requests.ConnectTimeout()))
    with pytest.raises(Unreachable):
        unreached.send("POST", "x")
