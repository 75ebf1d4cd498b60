"""A stand-in of its own for each test, and people who call it over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from chatops.demo.adapter import StandIn

UTC_HEADERS = {"SO-TimeZone": "UTC, includeTZOffset", "Accept-Language": "en"}


class Person:
    """Somebody with a password, at the API."""

    def __init__(self, office: StandIn, user: str, **headers: str) -> None:
        self.base = f"{office.url}/v1/"
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.auth = (user, f"{user}-demo")
        self.http.headers.update({**UTC_HEADERS, **headers})

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """The raw answer, whatever its status."""
        return self.http.request(method, self.base + path, timeout=10, **more)

    def get(self, path: str, **params: Any) -> Any:
        """JSON of a GET that must be 200."""
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        """JSON of a POST that must be 200."""
        answer = self.call("POST", path, **({} if body is None else {"json": body}))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def patch(self, session_id: int, body: Any, **headers: str) -> requests.Response:
        """The raw answer of a PATCH."""
        return self.call("PATCH", f"ChatSession/{session_id}", json=body, headers=headers)

    def list(self, path: str = "ChatSession", **options: Any) -> list[Any]:
        """Rows of an OData list; options without their `$`."""
        named = {f"${name}": value for name, value in options.items()}
        rows: list[Any] = self.get(path, **named)["value"]
        return rows

    def close(self) -> None:
        """Hang up."""
        self.http.close()


class Cast:
    """`cast.mia`, `cast.ola`, …: made when first asked for."""

    def __init__(self, office: StandIn) -> None:
        self.office = office
        self.known: dict[str, Person] = {}

    def __getattr__(self, user: str) -> Person:
        if user not in self.known:
            self.known[user] = Person(self.office, user)
        return self.known[user]

    def close(self) -> None:
        """All hang up."""
        for person in self.known.values():
            person.close()


@pytest.fixture
def office() -> Iterator[StandIn]:
    """An empty one, listening."""
    with StandIn(scene="empty", seed=1) as office:
        yield office


@pytest.fixture
def cast(office: StandIn) -> Iterator[Cast]:
    """The office's people, each with an own connection."""
    cast = Cast(office)
    yield cast
    cast.close()
