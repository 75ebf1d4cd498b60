"""Nothing is delivered to where an operator has not allowed it."""

import ssl
from ipaddress import ip_address

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
        "::ffff:10.0.0.1",
    ],
)
def test_a_listed_name_may_not_lead_inside(inside: str, settings: Settings) -> None:
    """Whoever owns the name could point it at our own machines."""
    settings.SUBSCRIPTION_ALLOWED_HOSTS = ["hooks.example.com"]
    assert not addresses.may_reach(ip_address(inside), "hooks.example.com")
    assert addresses.may_reach(ip_address("93.184.216.34"), "hooks.example.com")


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
