"""Every way an exchange can end, over real sockets: what may be repeated, and what may not."""

import gzip
import socket
import threading
import time
from email.utils import formatdate

import pytest

from chatops.superoffice.errors import (
    AnswerLost,
    Conflict,
    DeadlinePassed,
    Forbidden,
    HostNotAllowed,
    Misdirected,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Refused,
    ServerFailed,
    Stale,
    Throttled,
    Unauthorized,
    Unreachable,
    UnreadableAnswer,
)
from chatops.superoffice.transport import Timeouts
from tests.superoffice.conftest import Connect
from tests.superoffice.wires import (
    Step,
    answer,
    drip,
    hang_up,
    raw,
    reset,
    reset_unanswered,
    serving,
    silence,
    stall,
)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
BRIEF = Timeouts(connect=1, read=0.2, write=0.2, total_read=1, total_write=1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_refused_connection_means_that_nothing_was_sent(connect: Connect) -> None:
    transport = connect(f"http://127.0.0.1:{free_port()}/api")
    with pytest.raises(Unreachable):
        transport.send("POST", "ChatSession/1/Pickup")


def test_an_unknown_host_means_that_nothing_was_sent(connect: Connect) -> None:
    with pytest.raises(Unreachable):
        connect("https://nowhere.invalid/api").send("POST", "ChatSession/1/Pickup")


def test_a_failed_tls_handshake_means_that_nothing_was_sent(connect: Connect) -> None:
    def babble(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 mail.example.com ESMTP\r\n")
            connection.recv(100_000)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=babble, args=(listener,), daemon=True).start()
        transport = connect(f"https://127.0.0.1:{listener.getsockname()[1]}/api", timeouts=BRIEF)
        with pytest.raises(Unreachable):
            transport.send("POST", "ChatSession/1/Pickup")


@pytest.mark.parametrize("step", [hang_up, reset_unanswered, silence])
def test_a_write_that_gets_no_answer_is_unknown_and_sent_once(step: Step, connect: Connect) -> None:
    with serving(step) as wire:
        with pytest.raises(AnswerLost) as lost:
            connect(wire, timeouts=BRIEF).send("POST", "ChatSession/1/Pickup")
        assert len(wire.asked) == 1
        assert lost.value.status is None


@pytest.mark.parametrize("step", [hang_up, reset_unanswered])
def test_a_read_that_gets_no_answer_is_tried_three_times(step: Step, connect: Connect) -> None:
    with serving(step) as wire:
        with pytest.raises(AnswerLost):
            connect(wire).send("GET", "ChatSession/1")
        assert len(wire.asked) == 3


def test_a_read_succeeds_when_a_later_try_does(connect: Connect) -> None:
    with serving(hang_up, answer(status=503), answer({"Ok": True})) as wire:
        assert connect(wire).send("GET", "ChatSession/1") == {"Ok": True}


def test_a_post_that_only_reads_is_tried_again_and_other_posts_are_not(connect: Connect) -> None:
    with serving(hang_up, answer(b'"text"')) as wire:
        assert connect(wire).send("POST", "x", idempotent=True) == "text"
    with serving(hang_up, answer({})) as wire:
        with pytest.raises(AnswerLost):
            connect(wire).send("POST", "x", tries=3)
        assert len(wire.asked) == 1


def test_a_body_that_stalls_is_lost(connect: Connect) -> None:
    with serving(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[1,", then=stall)) as wire:
        with pytest.raises(AnswerLost) as lost:
            connect(wire, timeouts=BRIEF).send("POST", "x")
        assert lost.value.status == 200


@pytest.mark.parametrize(
    "slow",
    [
        OK % (400, b" " * 400),  # headers first, then the body, one byte at a time
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 70,
    ],
    ids=["length", "chunks"],
)
def test_a_server_that_drips_cannot_hold_a_caller_past_the_deadline(
    slow: bytes, connect: Connect
) -> None:
    with serving(drip(slow, every=0.02)) as wire:
        started = time.monotonic()
        with pytest.raises(AnswerLost):
            connect(wire, timeouts=BRIEF).send("POST", "x")
        assert 0.9 < time.monotonic() - started < 2


def test_the_callers_own_deadline_shortens_the_total(connect: Connect) -> None:
    with serving(drip(OK % (400, b" " * 400), every=0.02)) as wire:
        started = time.monotonic()
        with pytest.raises(AnswerLost):
            connect(wire, timeouts=BRIEF).send("POST", "x", deadline=started + 0.3)
        assert time.monotonic() - started < 0.8


def test_no_time_left_means_that_nothing_was_sent(connect: Connect) -> None:
    with serving(answer({})) as wire:
        with pytest.raises(DeadlinePassed):
            connect(wire).send("GET", "x", deadline=time.monotonic() - 1)
        assert wire.connections == 0


@pytest.mark.parametrize(
    "cut",
    [
        raw(b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"ChatSessionId":'),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,2,\r\n"),
        raw(b'HTTP/1.1 200 OK\r\n\r\n{"ChatSessionId": 1'),  # ends with the connection, too early
        answer(gzip.compress(b"{}" * 99)[:12], headers={"Content-Encoding": "gzip"}),
        answer(b"nonsense", headers={"Content-Encoding": "gzip"}),
        answer("<html><body>Sign in</body></html>"),
        answer(b'{"Rating": NaN}'),
        answer(b'{"Amount": 1e999}'),
        answer(b"[" * 100_000),
        answer(b'"\xff"'),
    ],
    ids=["length", "chunks", "close", "gzip", "nogzip", "page", "nan", "1e999", "deep", "latin"],
)
def test_a_success_that_cannot_be_read_is_unknown(cut: Step, connect: Connect) -> None:
    with serving(cut) as wire:
        with pytest.raises(UnreadableAnswer):
            connect(wire).send("POST", "x")
        assert len(wire.asked) == 1


def test_a_body_that_breaks_off_with_a_reset_is_lost(connect: Connect) -> None:
    torn = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n[1", then=reset)
    with serving(torn) as wire, pytest.raises(AnswerLost):
        connect(wire).send("POST", "x")


@pytest.mark.parametrize(
    "huge",
    [
        answer(b"[" + b"1," * 50_000 + b"1]"),
        answer(gzip.compress(b" " * 50_000_000), headers={"Content-Encoding": "gzip"}),
    ],
    ids=["plain", "bomb"],
)
def test_a_body_over_the_cap_is_unreadable_and_not_asked_for_again(
    huge: Step, connect: Connect
) -> None:
    with serving(huge) as wire:
        with pytest.raises(UnreadableAnswer) as unreadable:
            connect(wire, size_cap=10_000).send("GET", "x")
        assert unreadable.value.too_large
        assert len(wire.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, connect: Connect) -> None:
    with serving(answer({"secret": 1})) as elsewhere:
        to_it = answer("", status=status, headers={"Location": elsewhere.url})
        with serving(to_it) as wire:
            with pytest.raises(Refused) as refused:
                connect(wire).send("GET", "x")
            assert refused.value.status == status
            assert len(wire.asked) == 1
        assert elsewhere.connections == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (412, Stale),
        (421, Misdirected),
        (422, Refused),
    ],
)
def test_a_refusal_has_its_name_and_is_final(
    status: int, kind: type[Refused], connect: Connect
) -> None:
    said = {"Error": True, "ErrorType": "SoNotFoundException", "ErrorMessage": "no\nsuch id"}
    with serving(answer(said, status=status)) as wire:
        with pytest.raises(Refused) as refused:
            connect(wire).send("GET", "ChatSession/1")
        assert type(refused.value) is kind
        assert refused.value.error_type == "SoNotFoundException"
        assert "no such id" in refused.value.detail
        assert len(wire.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_server_leaves_a_write_unknown(status: int, connect: Connect) -> None:
    with serving(answer("<html>", status=status, headers={"Retry-After": "7"})) as wire:
        with pytest.raises(ServerFailed) as failed:
            connect(wire).send("POST", "x")
        assert isinstance(failed.value, OutcomeUnknown)
        assert (failed.value.status, failed.value.retry_after) == (status, 7)
        assert len(wire.asked) == 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("42", 42),
        ("999999999", 900),
        ("9" * 400, 900),
        ("", None),
        ("in 100 s", 100),
        ("in -100 s", 0),
        ("soon", None),
        ("-5", None),
        ("٤٢", None),
        ("1e3", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(
    header: str, expected: float | None, connect: Connect
) -> None:
    if header.startswith("in "):
        header = formatdate(time.time() + int(header.split()[1]), usegmt=True)
    headers = {"Retry-After": header.encode().decode("latin-1")}
    with serving(answer("", status=429, headers=headers)) as wire:
        with pytest.raises(Throttled) as throttled:
            connect(wire, timeouts=BRIEF).send("POST", "x")
        if expected is None:
            assert throttled.value.retry_after is None
        else:
            assert throttled.value.retry_after == pytest.approx(expected, abs=3)


def test_a_retry_after_date_is_measured_by_the_servers_own_clock(connect: Connect) -> None:
    wrong = time.time() + 86_400
    headers = {
        "Date": formatdate(wrong, usegmt=True),
        "Retry-After": formatdate(wrong + 60, usegmt=True),
    }
    with serving(answer("", status=429, headers=headers)) as wire:
        with pytest.raises(Throttled) as throttled:
            connect(wire).send("POST", "x")
        assert throttled.value.retry_after == 60


def test_a_read_waits_as_long_as_it_is_told_if_there_is_time(connect: Connect) -> None:
    quiet = answer("", status=429, headers={"Retry-After": "1"})
    with serving(quiet, answer({"Ok": 1})) as wire:
        assert connect(wire).send("GET", "x") == {"Ok": 1}
        assert wire.asked[1].at - wire.asked[0].at >= 1


def test_a_read_gives_up_at_once_when_it_is_told_to_wait_too_long(connect: Connect) -> None:
    with serving(answer("", status=429, headers={"Retry-After": "600"})) as wire:
        started = time.monotonic()
        with pytest.raises(Throttled):
            connect(wire).send("GET", "x")
        assert time.monotonic() - started < 1
        assert len(wire.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com/api",
        "ftp://127.0.0.1/api",
        "https://user:word@crm.example.com/api",
        "https:///api",
        "http://127.0.0.1.example.com/api",
    ],
)
def test_only_https_and_plain_http_to_this_machine_are_called(url: str, connect: Connect) -> None:
    with pytest.raises(HostNotAllowed) as refused:
        connect(url).send("GET", "x")
    assert isinstance(refused.value, NotSent)
    assert "word" not in refused.value.detail


def test_only_listed_hosts_are_called(connect: Connect) -> None:
    with serving(answer({})) as wire:
        with pytest.raises(HostNotAllowed):
            connect(wire, allowed_hosts={"crm.example.com", ".superoffice.com"}).send("GET", "x")
        with pytest.raises(HostNotAllowed):
            connect(wire, allowed_hosts=lambda host: False).send("GET", "x")
        assert wire.connections == 0
        assert connect(wire, allowed_hosts={"127.0.0.1"}).send("GET", "x") == {}


@pytest.mark.parametrize("host", ["online2.superoffice.com", "a.b.superoffice.com"])
def test_a_leading_dot_lists_every_host_below(host: str, connect: Connect) -> None:
    transport = connect(f"https://{host}:1/api", allowed_hosts=[".superoffice.com"], timeouts=BRIEF)
    with pytest.raises(Unreachable):  # so it was allowed
        transport.send("GET", "x", tries=1)


def test_a_secret_that_an_error_repeats_is_taken_out(connect: Connect) -> None:
    said = {"ErrorMessage": "token app-token-word is bad"}
    with serving(answer(said, status=400)) as wire:
        with pytest.raises(Refused) as refused:
            connect(wire, app_token="app-token-word").send("GET", "x")
        assert "app-token-word" not in refused.value.detail
        assert "is bad" in refused.value.detail


def test_a_write_does_not_go_over_a_connection_that_was_long_idle(connect: Connect) -> None:
    with serving(answer({})) as wire:
        transport = connect(wire)
        transport.send("GET", "x")
        transport.send("POST", "x")
        assert wire.connections == 1  # used a moment ago
        time.sleep(3.2)
        transport.send("GET", "x")
        assert wire.connections == 1
        time.sleep(3.2)
        transport.send("POST", "x")
        assert wire.connections == 2


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("8A:Cust12345.-zw4-L3vfI-UW4apOSF6uf==", "zw4-L3vfI"),
        ("7T:abcdef", "abcdef"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "c2ln"),
        ("TMKe48FFgH7bVq04v4O0", "TMKe48FFgH7bVq04v4O0"),
        ("0f8d3b2f101b4c4d88266842ce5ae974", "ce5ae974"),
        ("SessionKey quite-a-long-one", "quite-a-long-one"),
        ('password="correct-horse-battery"', "correct-horse"),
        ("hushed-word", "hushed-word"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out_of_an_errors_words(
    connect: Connect, said: str, secret: str
) -> None:
    told = {"Error": True, "ErrorType": "SoException", "ErrorMessage": f"Cannot use {said} here"}
    with serving(answer(told, status=400)) as wire, pytest.raises(Refused) as refused:
        connect(wire, hush=["hushed-word"]).send("GET", "x")
    words = refused.value.detail
    assert words.startswith("SuperOffice refused (400): Cannot use ")
    assert words.endswith(" here")
    assert "…" in words
    assert secret not in words


@pytest.mark.parametrize(
    "words",
    [
        "ChatSession id 99999 not found",
        "Error converting value to 'SuperOffice.Services.Implementation.ChatSessionStatus'",
        "The token has expired; password is required",
        "Column chatTopic/chatTopicId is not known in 2026-03-02T09:15:27",
    ],
)
def test_ordinary_words_stay(connect: Connect, words: str) -> None:
    told = {"ErrorMessage": words}
    with serving(answer(told, status=400)) as wire, pytest.raises(Refused) as refused:
        connect(wire).send("GET", "x")
    assert refused.value.detail == f"SuperOffice refused (400): {words}"
