"""`serve`, `worker` and `run` as real processes: they start, answer, and leave nothing behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.ops.place import MANAGE, ROOT, Place, Response, Site, eventually, free_port, is_alive

BOTH = [signal.SIGTERM, signal.SIGINT]


@pytest.mark.parametrize("how", BOTH)
def test_a_signal_ends_server_worker_and_open_streams_within_two_seconds(
    make_place: Callable[..., Place], how: signal.Signals
) -> None:
    place = make_place(STANDIN_PORT=str(free_port()))  # nobody there: the worker fails, and stays
    site = place.serve()
    children = eventually(site.children)
    place.command("person", "add", "programs", "--role", "auditor")
    plain = place.command("token", "create", "--person=programs", "--label=x", "--scope", "feed")
    path = "/api/v1/changes/stream/"
    with site.stream(path, Authorization=f"Bearer {plain.strip()}") as events:
        assert site.end(how) < 2.0
        assert events.ended.wait(1.0)
    assert site.process.returncode == 0
    assert not [one for one in children if is_alive(one)]


@pytest.mark.parametrize("how", BOTH)
def test_another_process_answers_beside_the_first_and_ends_with_it(
    make_place: Callable[..., Place], how: signal.Signals
) -> None:
    place = make_place(WEB_PROCESSES="2")
    site = place.serve("--no-worker")
    (beside,) = eventually(site.children)
    place.command("person", "add", "programs", "--role", "auditor")
    plain = place.command("token", "create", "--person=programs", "--label=x", "--scope", "feed")
    site.process.send_signal(signal.SIGSTOP)  # so that it can only be the other one
    site.answering(place)
    path = "/api/v1/changes/stream/"
    with site.stream(path, Authorization=f"Bearer {plain.strip()}") as events:
        site.process.send_signal(signal.SIGCONT)
        site.end(how)
        assert events.ended.wait(10.0)
    assert site.process.returncode == 0
    assert not is_alive(beside)


def test_a_signal_to_every_process_lets_what_is_being_answered_finish(
    make_place: Callable[..., Place],
) -> None:
    place = make_place(WEB_PROCESSES="2")
    site = place.serve("--no-worker")
    (beside,) = eventually(site.children)
    site.process.send_signal(signal.SIGSTOP)
    host, _, port = site.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n")
        line.sendall(b"Connection: close\r\n\r\n")
        site.answering(place)  # it is at work, and has the other line as well
        os.kill(beside, signal.SIGTERM)
        site.process.send_signal(signal.SIGCONT)
        site.process.send_signal(signal.SIGTERM)
        line.sendall(b"{}")
        assert line.recv(100).startswith(b"HTTP/1.1 200")
    site.process.wait(timeout=60)
    assert not is_alive(beside)


def test_a_killed_server_leaves_nobody_behind(make_place: Callable[..., Place]) -> None:
    site = make_place(STANDIN_PORT=str(free_port()), WEB_PROCESSES="2").serve()
    children = eventually(lambda: len(found := site.children()) == 2 and found)
    site.end(signal.SIGKILL)
    eventually(lambda: not [one for one in children if is_alive(one)])


def test_a_worker_that_dies_is_started_again(make_place: Callable[..., Place]) -> None:
    site = make_place(STANDIN_PORT=str(free_port())).serve()
    (worker,) = eventually(site.children)
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: [one for one in site.children() if one != worker])


def test_a_taken_address_is_told_in_a_sentence(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = place.manage("serve", "--bind", f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened on" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_comes_over_the_wire_is_met_before_it_reaches_a_thread(place: Place) -> None:
    site = place.serve("--no-worker")
    for path in ("/api/v1/sessions/1/messages/", "/hooks/superoffice/"):
        large = site.call("POST", path, b"x" * 1_100_000)
        assert (large.status, large.json["code"]) == (413, "too_large")
    assert site.get("/healthz", X_Request_Id="mine-1").headers["x-request-id"] == "mine-1"
    assert site.get("/healthz", X_Request_Id="no good").headers["x-request-id"] != "no good"
    assert chunked(site, 3 * [b"x" * 500_000]).startswith(b"HTTP/1.1 413")
    assert raw(site, b"GET /api/v1/sessions/?search=\xe6\xff HTTP/1.1") < 500
    assert "Traceback" not in place.log()


def test_a_request_that_does_not_come_to_its_end_is_refused(
    make_place: Callable[..., Place],
) -> None:
    site = make_place(REQUEST_SECONDS="1").serve("--no-worker")
    post = b"POST /api/v1/sessions/1/messages/ HTTP/1.1\r\nHost: localhost\r\n"
    length = b"Content-Length: 10\r\n\r\n"
    late_head, late_body = dripped(site, post + b"X-More: "), dripped(site, post + length)
    large = dripped(site, post + b"X-More: " + b"x" * 100_000)
    no_http = dripped(site, b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n")
    told = [(answer.status, answer.json["code"]) for answer in (late_head, late_body, large)]
    assert told == [(408, "too_slow"), (408, "too_slow"), (431, "head_too_large")]
    assert (no_http.status, no_http.json["code"]) == (400, "malformed")
    assert dripped(site, b"").status == 0  # who asks nothing is told nothing
    assert site.get("/healthz").status == 200


def dripped(site: Site, beginning: bytes) -> Response:
    """What comes back to a request that begins like this and never ends."""
    host, _, port = site.url.removeprefix("http://").partition(":")
    found = b""
    line = socket.create_connection((host, int(port)), timeout=10)
    with line, contextlib.suppress(ConnectionError):
        line.sendall(beginning)
        while part := line.recv(65_536):
            found += part
    head, _, body = found.partition(b"\r\n\r\n")
    return Response(int(head.split()[1]) if head else 0, {}, body)


def chunked(site: Site, parts: list[bytes]) -> bytes:
    """Send a body without a length; what came back before its end was sent."""
    host, _, port = site.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b"POST /api/v1/x HTTP/1.1\r\nHost: localhost\r\n")
        line.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
        for part in parts:
            line.sendall(b"%x\r\n%b\r\n" % (len(part), part))
        return line.recv(4096)


def raw(site: Site, line_of_request: bytes) -> int:
    """The status of a request line as it stands."""
    host, _, port = site.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(line_of_request + b"\r\nHost: localhost\r\n\r\n")
        return int(line.recv(4096).split()[1])


@pytest.mark.sqlite
def test_run_with_nothing_configured_is_a_living_demo(make_place: Callable[..., Place]) -> None:
    place = make_place(STANDIN_PORT=str(free_port()))
    port = free_port()
    process = place.start(*MANAGE, "run", "--bind", f"127.0.0.1:{port}")
    site = Site(process, f"http://127.0.0.1:{port}").answering(place)
    said = eventually(lambda: "Ctrl-C" in place.log() and place.log())
    for name in ("mia", "ola", "kari", "audrey", "oscar"):
        assert f"{name}-demo" in said
    linked = "from chatops.remote.models import Agent\nout = Agent.objects.count()"
    assert place.do(linked) == 3
    head = "from chatops.mirror import feed\nout = feed.position().last"
    filled = place.do(head)
    assert filled > 100
    assert (place.folder / "standin.json").exists()
    # Customers write by themselves, and the worker reads it.
    eventually(lambda: place.do(head) > filled, every=0.5)
    children = site.children()
    assert len(children) == 2
    assert site.end(signal.SIGINT) < 2.0
    assert not [one for one in children if is_alive(one)]


def test_the_demo_is_not_served_to_others(place: Place) -> None:
    done = place.manage("run", "--bind", f"0.0.0.0:{free_port()}")
    assert done.returncode == 1
    assert "loopback only" in done.stderr


def test_a_production_without_keys_does_not_start(make_place: Callable[..., Place]) -> None:
    place = make_place(SUPEROFFICE_API_URL="https://crm.example.com/api", SECRET_KEY="")
    done = place.manage("serve")
    assert done.returncode == 1
    assert "SECRET_KEY and FIELD_KEYS are required" in done.stderr


#: Large answers, one after the other, each made by another thread: what is kept of them, in KiB.
ANSWERS = """
import threading
from pathlib import Path
{first}
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4
def answer(again, done):
    for _ in range(3):
        text = b"x" * (8 << 20)
        del text
    done.wait()
    again.wait()
again, done = threading.Event(), threading.Barrier(9)
before = held()
for _ in range(8):
    threading.Thread(target=answer, args=(again, done)).start()
done.wait()
print(held() - before)
again.set()
"""


@pytest.mark.sqlite  # no database is asked
@pytest.mark.skipif(sys.platform != "linux", reason="about glibc")
def test_what_large_answers_took_goes_back_to_the_machine() -> None:
    first = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'chatops.settings';"
        "django.setup(); from chatops.ops import serving; serving.give_memory_back()"
    )
    told = subprocess.run(
        [sys.executable, "-c", ANSWERS.format(first=first)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert int(told.stdout) < 8 << 10
