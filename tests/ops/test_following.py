"""What the streams of one caller share: one question for all, and a new one where it failed."""

import asyncio
from collections.abc import Callable
from typing import TypeVar, cast

import pytest
from django.db import OperationalError

from chatops.api.broadcast import Broadcast, Line
from chatops.api.following import Shared
from chatops.api.listeners import Audience

T = TypeVar("T")
LINES = [Line(7, 1, b"seven"), Line(8, 2, b"eight")]


class Restarting:
    """A process whose database is away for the first `fails` questions."""

    broadcast: Broadcast

    def __init__(self, fails: int) -> None:
        self.asked = 0
        self._fails = fails

    async def ask(self, question: Callable[..., T], *arguments: object) -> T:
        self.asked += 1
        await asyncio.sleep(0)
        if self.asked <= self._fails:
            raise OperationalError("the server is restarting")
        return question(*arguments)


class First:
    """Somebody who may hear the first of the lines."""

    hears_all = False

    def hears(self, lines: list[Line]) -> list[Line]:
        return lines[:1]


def shared(home: Restarting) -> Shared:
    return Shared(home, cast(Audience, First()))


def test_streams_of_one_caller_ask_once() -> None:
    home = Restarting(fails=0)

    async def hear() -> list[list[Line]]:
        ours = shared(home)
        found = await asyncio.gather(ours.hears(LINES), ours.hears(LINES))
        return [*found, await ours.hears(LINES)]

    assert asyncio.run(hear()) == [LINES[:1]] * 3
    assert home.asked == 1


def test_a_question_that_failed_is_asked_again() -> None:
    home = Restarting(fails=1)

    async def hear() -> list[Line]:
        ours = shared(home)
        # Both wait for the same answer, and end with it.
        found = await asyncio.gather(ours.hears(LINES), ours.hears(LINES), return_exceptions=True)
        assert [type(one) for one in found] == [OperationalError, OperationalError]
        # Who comes back hears.
        return await ours.hears(LINES)

    assert asyncio.run(hear()) == LINES[:1]
    assert home.asked == 2


def test_a_stream_that_ends_while_it_waits_takes_nothing_from_the_others() -> None:
    home = Restarting(fails=0)

    async def hear() -> list[Line]:
        ours = shared(home)
        leaving = asyncio.ensure_future(ours.hears(LINES))
        staying = asyncio.ensure_future(ours.hears(LINES))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return await staying

    assert asyncio.run(hear()) == LINES[:1]
    assert home.asked == 1
