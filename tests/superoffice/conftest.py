"""Transports against servers on real sockets; nothing is patched."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatops.superoffice import jsontext
from chatops.superoffice.auth import Basic
from chatops.superoffice.transport import Transport
from tests.superoffice.wires import Wire

PAYLOADS = Path(__file__).parent.parent / "payloads"

Connect = Callable[..., Transport]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes transports to a server, with short waits, and closes them."""
    made: list[Transport] = []

    def to(wire: Wire | str, **options: Any) -> Transport:
        url = wire if isinstance(wire, str) else wire.url
        auth = options.pop("auth", Basic("mia", "mia-secret-word"))
        options.setdefault("backoff", (0.01,))
        made.append(Transport(url, auth, **options))
        return made[-1]

    yield to
    for transport in made:
        transport.close()


@pytest.fixture
def payload() -> Callable[[str], Any]:
    """JSON as the ordered pages show it."""
    return lambda name: jsontext.parse((PAYLOADS / f"{name}.json").read_bytes())
