"""An expired token is made good once, and what became of the call stays clear (contract B.1)."""

from collections.abc import Callable

import pytest
import requests

from chatops.superoffice.auth import Bearer, RenewableBearer, RenewableTicket
from chatops.superoffice.errors import (
    AnswerLost,
    CredentialsMissing,
    Forbidden,
    ServerFailed,
    Unauthorized,
    Unreachable,
)
from tests.superoffice.conftest import Connect
from tests.superoffice.wires import Asked, Step, answer, serving


class Source:
    """Tokens in a row; what is reported stale is replaced by the next."""

    def __init__(self, *tokens: str, failing: Exception | None = None) -> None:
        self.tokens = list(tokens)
        self.failing = failing
        self.reported: list[str] = []

    def current(self) -> str:
        return self.tokens[0]

    def renew(self, stale: str) -> str:
        self.reported.append(stale)
        if self.failing:
            raise self.failing
        if len(self.tokens) > 1:
            self.tokens.pop(0)
        return self.tokens[0]


def only(token: str, refusal: int) -> Step:
    def step(connection: object, asked: Asked) -> bool:
        good = asked.headers["authorization"].endswith(f" {token}")
        reply = answer({"Ok": 1}) if good else answer("", status=refusal)
        return reply(connection, asked)  # type: ignore[arg-type]

    return step


@pytest.mark.parametrize("refusal", [401, 403])
@pytest.mark.parametrize("make", [RenewableBearer, RenewableTicket])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_expired_token_is_renewed_once_and_the_call_repeated(
    make: Callable[[Source], requests.auth.AuthBase], refusal: int, method: str, connect: Connect
) -> None:
    source = Source("old", "new")
    with serving(only("new", refusal)) as wire:
        assert connect(wire, auth=make(source)).send(method, "x") == {"Ok": 1}
        assert source.reported == ["old"]
        assert len(wire.asked) == 2


def test_a_second_refusal_is_final(connect: Connect) -> None:
    source = Source("old", "new", "newer")
    with serving(answer("", status=401)) as wire:
        with pytest.raises(Unauthorized):
            connect(wire, auth=RenewableBearer(source)).send("GET", "x")
        assert len(wire.asked) == 2


def test_a_renewal_that_brings_the_same_token_is_not_worth_a_repeat(connect: Connect) -> None:
    with serving(answer("", status=401)) as wire:
        with pytest.raises(Unauthorized):
            connect(wire, auth=RenewableBearer(Source("only"))).send("GET", "x")
        assert len(wire.asked) == 1


def test_missing_rights_do_not_renew_a_token_again_and_again(connect: Connect) -> None:
    source = Source("a", "b", "c", "d")
    with serving(answer("", status=403)) as wire:
        transport = connect(wire, auth=RenewableBearer(source))
        for _ in range(3):
            with pytest.raises(Forbidden):
                transport.send("GET", "x")
        assert source.reported == ["a"]


def test_every_token_that_dies_with_a_403_is_renewed_however_soon(connect: Connect) -> None:
    source = Source("a", "b", "c")
    dying = [answer("", status=403), answer({"Ok": 1})]
    with serving(*dying, *dying) as wire:
        transport = connect(wire, auth=RenewableBearer(source))
        assert [transport.send("POST", "x") for _ in range(2)] == [{"Ok": 1}] * 2
        assert source.reported == ["a", "b"]


def test_a_renewal_that_fails_leaves_the_first_refusal(connect: Connect) -> None:
    source = Source("old", failing=ServerFailed("sign-in is down", status=503))
    with serving(answer("", status=401)) as wire:
        with pytest.raises(Unauthorized):  # not "unknown": the write was certainly not applied
            connect(wire, auth=RenewableBearer(source)).send("POST", "x")
        assert len(wire.asked) == 1


def test_a_token_that_cannot_be_had_means_that_nothing_was_sent(connect: Connect) -> None:
    def lost() -> str:
        raise AnswerLost("sign-in is silent")

    def revoked() -> str:
        raise Unauthorized("consent withdrawn", status=401)

    with serving(answer({})) as wire:
        with pytest.raises(Unreachable):
            connect(wire, auth=Bearer(lost)).send("POST", "x")
        with pytest.raises(CredentialsMissing):
            connect(wire, auth=Bearer(revoked)).send("POST", "x")
        assert wire.connections == 0
