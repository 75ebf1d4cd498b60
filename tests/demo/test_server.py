"""The server: HTTP itself, the command, the state file, the control door."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command

from chatops.demo import scenes, state
from chatops.demo.adapter import StandIn
from chatops.demo.door import Door
from chatops.demo.wire import WireRequest
from tests.demo.conftest import Cast

ROOT = Path(__file__).parent.parent.parent


def spoken(office: StandIn, text: str) -> str:
    """What comes back on a bare socket."""
    host, port = office.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_a_post_without_a_length_is_411(office: StandIn) -> None:
    chat = office.chat(offered_to="mia")
    line = f"POST /api/v1/ChatSession/{chat.id}/AcceptTransfer HTTP/1.1\r\nHost: x\r\n\r\n"
    assert spoken(office, line).startswith("HTTP/1.1 411 ")
    assert chat.now.transfer_to == 17


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    ],
)
def test_what_is_not_http_is_refused(office: StandIn, text: str, status: int) -> None:
    assert spoken(office, text).startswith(f"HTTP/1.1 {status} ")


def test_a_connection_serves_many_requests_and_chunked_bodies(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    body = json.dumps({"Type": "ToCustomer", "Message": "In pieces"}).encode()
    answer = cast.mia.call(
        "POST",
        f"ChatSession/{chat.id}/Messages",
        data=iter([body[:10], body[10:]]),
        headers={"Content-Type": "application/json"},
    )
    assert answer.json()["Message"] == "In pieces"
    assert answer.headers["Connection"] == "keep-alive"


def test_any_prefix_is_a_tenant(office: StandIn) -> None:
    for prefix in ("", "/Cust12345", "/SuperOffice", "/deep/down"):
        url = f"{office.origin}{prefix}/api/v1/User/currentAssociate"
        assert requests.get(url, auth=("mia", "mia-demo"), timeout=5).json()["Name"] == "MIB"


def test_a_method_that_is_not_there_is_405(cast: Cast) -> None:
    answer = cast.mia.call("DELETE", "User/currentPrincipal")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_off_and_on_again(office: StandIn, cast: Cast) -> None:
    cast.mia.get("User/currentPrincipal")
    port = office.down()
    with pytest.raises(requests.ConnectionError):
        cast.mia.call("GET", "User/currentPrincipal")
    office.listen(port)
    assert cast.mia.get("User/currentPrincipal")["UserName"] == "mia"


def test_the_adapter_answers_without_a_socket_and_with_the_same_faults(office: StandIn) -> None:
    chat = office.chat(user="mia")
    http_ = requests.Session()
    http_.mount("http://", office.adapter())
    http_.auth = ("mia", "mia-demo")
    url = f"http://nowhere.example/api/v1/ChatSession/{chat.id}"
    assert http_.get(url, timeout=5).json()["ChatSessionId"] == chat.id
    office.fault("drop_before", times=1)
    with pytest.raises(requests.ConnectionError):
        http_.get(url, timeout=5)
    office.fault("cut", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        http_.get(url, timeout=5)
    http_.close()


def test_the_control_door_is_for_this_machine_only(office: StandIn) -> None:
    inside = office.door.handle(WireRequest("GET", "/_standin/health"))
    outside = office.door.handle(WireRequest("GET", "/_standin/health", peer="192.0.2.1"))
    unknown = office.door.handle(WireRequest("GET", "/_standin/nowhere"))
    assert (inside.status, outside.status, unknown.status) == (200, 403, 404)


def test_the_control_door_over_http(office: StandIn) -> None:
    door = f"{office.origin}/_standin"
    chat = requests.post(f"{door}/chat", json={"transfer_to": "mia", "user": "ola"}, timeout=5)
    number = chat.json()["id"]
    journal = requests.get(f"{door}/journal", params={"after": 1}, timeout=5).json()
    wrong = requests.post(f"{door}/say", json={"session": number}, timeout=5)
    assert chat.json()["transfer_to"] == 17
    assert journal["entries"][0]["number"] == 2
    assert journal["last"] == journal["entries"][-1]["number"]
    assert wrong.status_code == 400
    assert "text" in wrong.json()["error"]
    assert requests.delete(f"{door}/session/{number}", timeout=5).status_code == 200
    assert requests.get(f"{door}/session/{number}", timeout=5).status_code == 404


def test_somebody_else_changes_a_session_and_the_clock_jumps(office: StandIn, cast: Cast) -> None:
    chat = office.chat()
    office.control("PATCH", f"session/{chat.id}", email="x@y.example", status="Closed")
    office.control("POST", "clock", skew=86_400)
    later = office.chat()
    assert cast.mia.get(f"ChatSession/{chat.id}")["CustomerEmail"] == "x@y.example"
    assert chat.now.status == "Closed"
    assert (later.now.requested - chat.now.requested).days == 1


def test_state_survives_and_ids_jump(tmp_path: Path) -> None:
    door = Door(scenes.make("busy", seed=1))
    token = door.identity.new_refresh_token("mia")
    key = door.sign_in.keys.app_pem()
    state.save(door, tmp_path / "state.json")
    loaded = state.load(tmp_path / "state.json", seed=1)
    assert loaded is not None
    assert loaded.office.sessions == door.office.sessions
    assert loaded.office.session_ids == door.office.session_ids + 1000
    assert loaded.office.message_ids == door.office.message_ids + 1000
    assert loaded.identity.refresh_tokens == {token: "mia"}
    assert loaded.sign_in.keys.app_pem() == key
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0
    assert os.listdir(tmp_path) == ["state.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 0}'])
def test_a_state_file_that_is_none_is_not_believed(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert state.load(tmp_path / "state.json", seed=1) is None


class Command:
    """The command in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        code = (
            "import sys; from pathlib import Path; from chatops.demo import server;"
            "server.serve(port=int(sys.argv[1]), scene='quiet', state_file=Path(sys.argv[2]),"
            " exit_with_stdin=True, announce=lambda line: print(line, flush=True))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert "stand-in SuperOffice" in self.process.stdout.readline()

    def ended_within(self, seconds: float) -> int:
        """The exit code; fails when it takes longer."""
        start = time.monotonic()
        code = self.process.wait(timeout=10)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        assert time.monotonic() - start < seconds
        return code


@pytest.fixture
def port() -> int:
    """A port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def session_count(port: int) -> Any:
    """Asked over the control door."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/_standin/health")
    count = json.loads(connection.getresponse().read())["sessions"]
    connection.close()
    return count


def test_sigterm_ends_it_within_a_second_and_saves(port: int, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    command = Command(str(port), str(file))
    before = session_count(port)
    chat = requests.post(f"http://127.0.0.1:{port}/_standin/chat", json={}, timeout=5).json()
    command.process.send_signal(signal.SIGTERM)
    assert command.ended_within(1.0) == 0
    again = Command(str(port), str(file))
    after = session_count(port)
    new = requests.post(f"http://127.0.0.1:{port}/_standin/chat", json={}, timeout=5).json()
    again.process.send_signal(signal.SIGINT)
    assert again.ended_within(1.0) == 0
    assert after == before + 1
    assert new["id"] >= chat["id"] + 1000


def test_a_taken_port_is_told_in_a_sentence(office: StandIn) -> None:
    taken = int(office.origin.rpartition(":")[2])
    with pytest.raises(CommandError, match=f"port {taken} on 127.0.0.1"):
        call_command("standin", port=taken, scene="empty")


def test_it_ends_when_its_parent_is_gone(port: int, tmp_path: Path) -> None:
    command = Command(str(port), str(tmp_path / "state.json"))
    assert command.process.stdin is not None
    command.process.stdin.close()
    assert command.ended_within(1.5) == 0
