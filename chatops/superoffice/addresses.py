"""Which addresses may be called at all."""

import ipaddress
from collections.abc import Callable, Collection
from functools import lru_cache
from urllib.parse import urlsplit

from chatops.superoffice.errors import HostNotAllowed

AllowedHosts = Callable[[str], bool] | Collection[str]


@lru_cache(maxsize=64)
def is_loopback(host: str) -> bool:
    """Whether the host name or address is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check(url: str, allowed: AllowedHosts | None) -> None:
    """HostNotAllowed unless `url` is https (plain http for loopback only) to a host in `allowed`.

    `allowed` is a function of the host name, or a collection of names in which `.example.com`
    stands for every host below it; None allows every host.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if not host or parts.username is not None:
        raise HostNotAllowed("The SuperOffice address is not a plain https address.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise HostNotAllowed(f"The SuperOffice address must be https: {host}")
    if allowed is not None and not _listed(host, allowed):
        raise HostNotAllowed(f"This host is not on the list of SuperOffice hosts: {host}")


def _listed(host: str, allowed: AllowedHosts) -> bool:
    if callable(allowed):
        return allowed(host)
    names = {name.lower() for name in allowed}
    parents = (host[i:] for i, letter in enumerate(host) if letter == ".")
    return host in names or any(parent in names for parent in parents)
