"""Nothing is delivered to where an operator has not allowed it."""

import ssl
from ipaddress import ip_address
from socket import AF_INET, SOCK_STREAM, create_server
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chatops.subscriptions import addresses, sending
from chatops.subscriptions.addresses import NotAllowed
from tests.subscriptions.receiver import Receiver


@pytest.fixture(autouse=True)
def _listed(settings: Settings) -> None:
    settings.SUBSCRIPTION_ALLOWED_HOSTS = ["hooks.example.com", ".example.org", "127.0.0.1"]


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/a?b=c",
        "https://HOOKS.example.com:8443/",
        "https://any.thing.example.org/",
        "http://127.0.0.1:9000/",
    ],
)
def test_listed_hosts_are_allowed(url: str) -> None:
    addresses.check(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",  # not https
        "https://example.org/",  # the suffix stands for hosts below it
        "https://evilexample.org/",
        "https://hooks.example.com.evil.net/",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com@evil.net/",
        "https://hooks.example.com\\@evil.net/",
        "http://localhost:9000/",  # this machine, but not listed under this name
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://2130706433/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX-More: 1",
        "https://høoks.example.com/",
        "ftp://hooks.example.com/",
        "//hooks.example.com/",
        "hooks.example.com",
        "",
        "https://[",
        "https://hooks.example.com/" + "a" * 500,
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(NotAllowed):
        addresses.check(url)


@pytest.mark.parametrize(
    "inside",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "::1",
        "fd00::1",
        "fe80::1",
        "fec0::1",
        "ff0e::1",
        "::ffff:10.0.0.1",
        # Each stands for an IPv4 address of ours, on a network that translates it.
        "::7f00:1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::10.0.0.1",
        "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)
def test_a_listed_name_may_not_lead_inside(inside: str, settings: Settings) -> None:
    """Whoever owns the name could point it at our own machines."""
    settings.SUBSCRIPTION_ALLOWED_HOSTS = ["hooks.example.com"]
    assert not addresses.may_reach(ip_address(inside), "hooks.example.com")
    for outside in ("93.184.216.34", "2606:2800:220:1::1", "64:ff9b::93.184.216.34"):
        assert addresses.may_reach(ip_address(outside), "hooks.example.com")


class Names:
    """What a name leads to, an answer for each time that somebody asks."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, *_: object, **__: object) -> list[Any]:
        found = [host]  # an address is itself, and nobody is asked
        if not host[0].isdigit():
            self.asked += 1
            found = self._answers[min(self.asked, len(self._answers)) - 1]
        return [(AF_INET, SOCK_STREAM, 6, "", (one, port)) for one in found]


def test_a_name_that_leads_outside_and_inside_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SUBSCRIPTION_ALLOWED_HOSTS = ["hooks.example.com"]
    monkeypatch.setattr("socket.getaddrinfo", Names(["93.184.216.34", "10.0.0.1"]))
    outcome = sending.post("https://hooks.example.com/", ["s"], b"{}")
    assert outcome.error == "The host's name leads to an address that is not public."


def test_a_name_is_asked_once_and_connected_to_where_it_then_led(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second answer could be another one."""
    settings.SUBSCRIPTION_ALLOWED_HOSTS = ["hooks.example.com", "127.0.0.1"]
    with create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        names = Names(["127.0.0.1"], ["127.0.0.9"])
        monkeypatch.setattr("socket.getaddrinfo", names)
        settings.SUBSCRIPTION_TIMEOUT_SECONDS = 1
        address = f"https://hooks.example.com:{listening.getsockname()[1]}/"
        outcome = sending.post(address, ["s"], b"{}")
        connection, _ = listening.accept()
        connection.close()
    assert names.asked == 1
    assert (outcome.status, outcome.error) == (None, "No answer within 1 s.")


def test_a_network_may_be_listed(settings: Settings) -> None:
    settings.SUBSCRIPTION_ALLOWED_HOSTS = ["10.0.0.0/8"]
    assert addresses.resolve(addresses.check("https://10.1.2.3:8443/")) == ("10.1.2.3", 8443)
    with pytest.raises(NotAllowed):
        addresses.check("https://11.1.2.3/")


def test_a_host_taken_off_the_list_is_told_nothing_more(settings: Settings) -> None:
    with Receiver() as receiver:
        assert sending.post(receiver.url, ["s"], b"{}").status == 204
        settings.SUBSCRIPTION_ALLOWED_HOSTS = []
        outcome = sending.post(receiver.url, ["s"], b"{}")
        assert outcome.status is None
        assert "SUBSCRIPTION_ALLOWED_HOSTS" in outcome.error
        assert len(receiver.received) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with Receiver() as receiver:
        # It speaks no TLS at all: nothing of the delivery may reach it.
        outcome = sending.post(receiver.url.replace("http://", "https://"), ["s"], b"{}")
        assert outcome.status is None
        assert outcome.error.startswith(("TLS: ", "The connection failed"))
        assert receiver.received == []
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
