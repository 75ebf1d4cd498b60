"""Where may be delivered to: hosts that are listed, over https, and nothing inside by chance.

SUBSCRIPTION_ALLOWED_HOSTS holds names (`hooks.example.com`, `.example.com` for every host below),
addresses and networks (`10.0.0.0/8`). An address that is not public must be listed itself: a listed
name that suddenly points into our own network is refused.
"""

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from chatops.superoffice import addresses
from chatops.superoffice.errors import HostNotAllowed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST = 500
#: Where an IPv6 network hands on to IPv4 (RFC 6052): the last 32 bits are the address meant.
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
#: All IPv6 that is routed between networks. What lies outside is ours, or stands for something.
UNICAST = ipaddress.IPv6Network("2000::/3")


class NotAllowed(ValueError):
    """The address may not be delivered to; the text says why."""


def check(url: str) -> SplitResult:
    """The parts of an address that may be delivered to, by its looks. Raises NotAllowed."""
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise NotAllowed(f"An address of at most {LONGEST} printable ASCII characters.")
    try:
        parts = urlsplit(url)
        port = parts.port
        addresses.check(url, _is_listed)
    except ValueError as error:
        raise NotAllowed("This is not an address.") from error
    except HostNotAllowed as error:
        raise NotAllowed(
            "The address must be https (http for this machine only), without a name or password "
            "in it, on a host that is listed in SUBSCRIPTION_ALLOWED_HOSTS."
        ) from error
    if port == 0 or parts.fragment:
        raise NotAllowed("This is not an address that can be delivered to.")
    return parts


def resolve(parts: SplitResult) -> tuple[str, int]:
    """The address and port to connect to. Raises NotAllowed; OSError when the name is unknown.

    The connection is made to just this address: asking a second time could tell another one.
    """
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, where in found:
        if not may_reach(ipaddress.ip_address(str(where[0]).partition("%")[0]), host):
            raise NotAllowed("The host's name leads to an address that is not public.")
    return str(found[0][4][0]), port


def _is_listed(host: str) -> bool:
    named = host.strip("[]")
    listed: Sequence[str] = [one.lower() for one in settings.SUBSCRIPTION_ALLOWED_HOSTS]
    below = any(one.startswith(".") and named.endswith(one) for one in listed)
    return below or named in listed or _in_networks(_as_address(named))


def may_reach(address: Address, host: str) -> bool:
    """Whether a listed host may lead to this address."""
    address = _meant(address)
    if address.is_loopback and addresses.is_loopback(host):
        return True  # it says what it is, and is listed
    return _is_public(address) or _in_networks(address)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one is written for, where it is."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        tunnelled = address.sixtofour or address.teredo  # to an IPv4 address that could be inside
        return address in UNICAST and address.is_global and not tunnelled
    return address.is_global and not address.is_multicast


def _as_address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _in_networks(address: Address | None) -> bool:
    if address is None:
        return False
    for one in settings.SUBSCRIPTION_ALLOWED_HOSTS:
        try:
            if address in ipaddress.ip_network(one, strict=False):
                return True
        except ValueError:
            continue  # a name
    return False
