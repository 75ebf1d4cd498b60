"""kill -9 between any two statements of the action path, and a restart some time later."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

import chatops.actions
from chatops.actions import settle, verbs
from chatops.actions.models import OPEN_STATES, Action, State, TrailEntry
from chatops.actions.perform import Wish
from chatops.demo.adapter import Chat, StandIn
from chatops.mirror import ingest
from chatops.remote import wiring
from tests import processes
from tests.actions.conftest import Mirrored
from tests.conftest import Person

PATH = str(Path(chatops.actions.__file__).parent)
#: One statement in so many is killed at; with 1 it is all of them, which takes minutes.
STEP = int(os.environ.get("KILL_STEP", "14"))
Do = Callable[[int, Wish], Action]
#: The journal's word, and how to do it.
DEEDS: dict[str, tuple[str, Do]] = {
    "send": ("message", lambda chat, wish: verbs.send_message(chat, "Coming", wish=wish)),
    "accept": ("accept", lambda chat, wish: verbs.accept_transfer(chat, wish=wish)),
}


def offered(superoffice: StandIn, deed: str) -> Chat:
    """A chat on which the deed can be done by Mia; in the mirror."""
    if deed == "send":
        chat = superoffice.chat(user="mia", messages=[])
    else:
        chat = superoffice.chat(user="ola", offered_to="mia", messages=[])
    body = wiring.service_client().sessions.get_raw(chat.id)
    ingest.store_sessions([ingest.Answer(chat.id, body)], reading=ingest.next_reading())
    return chat


def settle_at(seconds: float) -> None:
    """The worker's round, so long from now."""
    while settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=seconds)):
        if seconds < 60:
            break


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_doubled_forgotten_or_sent_late(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, deed: str
) -> None:
    mirrored()
    word, do = DEEDS[deed]
    killed: list[tuple[Chat, Wish]] = []
    line = 1 + list(DEEDS).index(deed) * STEP // 2
    while True:
        chat, wish = offered(superoffice, deed), mia.wish(f"{deed}-{line}")
        if not processes.killed_at(line, PATH, do, chat.id, wish):
            break
        killed.append((chat, wish))
        line += STEP
    assert len(killed) * STEP > 100

    def effects_in(chat: Chat) -> int:
        mine = superoffice.effects(word, session=chat.id)
        return sum(one["user"] == "mia" for one in mine)

    happened = {chat.id: effects_in(chat) for chat, _ in killed}

    settle_at(2)
    settle_at(300)
    settle_at(310)

    ended = {one.session_id: one for one in Action.objects.all()}
    for chat, _ in killed:
        effects = effects_in(chat)
        assert effects == happened[chat.id], "it was sent late"
        action = ended.get(chat.id)
        assert effects == (action is not None and action.state == State.DONE)
        assert action is None or action.state in {State.DONE, State.NEEDS_PERSON}
    # Every phase had its turn: nothing recorded, recorded only, sent and not judged, all done.
    assert {0, 1} <= set(happened.values())
    assert {State.DONE, State.NEEDS_PERSON} <= {State(one.state) for one in ended.values()}
    assert len(ended) < len(killed)

    for chat, wish in killed:  # the client, which heard nothing, repeats itself
        again = do(chat.id, wish)
        assert again.replayed == (chat.id in ended)
        assert effects_in(chat) == (again.state == State.DONE)
    assert not Action.objects.filter(state__in=OPEN_STATES).exists()
    for action in Action.objects.all():
        last = TrailEntry.objects.filter(action=action).order_by("id").last()
        assert last is not None
        assert last.after == action.state
