"""Scenes and life: what there is to start from, and that a seed tells the same story."""

import itertools

import pytest

from chatops.demo import scenes
from chatops.demo.life import MOST_WAITING, Life
from chatops.demo.office import Office


def told(office: Office) -> list[tuple[object, ...]]:
    """The scene without its times."""
    return [
        (s.id, s.topic_id, s.status, s.name, s.user, s.transfer_to, s.rating,
         [(m.id, m.text, m.special) for m in s.messages])
        for s in office.sessions.values()
    ]  # fmt: skip


def test_busy_is_as_promised() -> None:
    office = scenes.make("busy", seed=1)
    sessions = office.sessions.values()
    mia, ola = office.associate("mia").id, office.associate("ola").id
    offered = [s for s in sessions if s.transfer_to == mia]
    assert len(sessions) > 120
    assert len(office.waiting()) == 5
    assert sum(s.user == mia and s.is_open for s in sessions) == 3
    assert [s.user for s in offered] == [ola, ola]
    assert all("Mia" in s.messages[-1].text for s in offered)
    assert {s.rating for s in sessions} >= {0, 3, 4, 5}
    assert any(s.status == "ClosedFromQueue" for s in sessions)
    assert all(s.requested <= office.now() for s in sessions)


def test_ids_and_times_ascend_together_in_history() -> None:
    office = scenes.make("quiet", seed=2)
    past = [s for s in office.sessions.values() if s.id <= 48_120]
    assert all(a.requested <= b.requested for a, b in itertools.pairwise(past))


@pytest.mark.parametrize("scene", ["busy", "odd", "many"])
def test_a_seed_tells_the_same_scene(scene: str) -> None:
    first = scenes.make(scene, seed=5, sessions=50, messages=4)
    second = scenes.make(scene, seed=5, sessions=50, messages=4)
    assert told(first) == told(second)


def test_many_has_exactly_as_many_as_asked() -> None:
    office = scenes.make("many", sessions=100, messages=7)
    assert len(office.sessions) == 100
    assert {len(s.messages) for s in office.sessions.values()} == {7}
    assert sum(s.is_open for s in office.sessions.values()) == 5


def test_an_unknown_scene_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown scene"):
        scenes.make("paradise")


class Faster(Life):
    """Plans from the told time instead of the clock's, so that hours pass in a moment."""

    at = 0.0

    def clock(self) -> float:
        """The told time."""
        return self.at


def hours_of_life(office: Office, hours: float) -> None:
    """Let that much time pass, a second a step."""
    life = Faster(office)
    for second in range(int(hours * 3600)):
        life.at = float(second)
        life.step(life.at)


def test_life_goes_on_for_hours_and_nobody_acts_for_mia() -> None:
    office = scenes.make("busy", seed=4)
    before = len(office.sessions)
    hours_of_life(office, 1)
    effects = [e for e in office.journal if e["kind"] == "effect"]
    verbs = {e["verb"] for e in effects}
    assert len(office.sessions) - before > 60
    assert len(office.waiting()) <= MOST_WAITING
    assert {"created", "message", "pickup", "transfer", "end", "rate"} <= verbs
    assert not any(e["user"] == "mia" for e in effects)
    offered = [s for s in office.sessions.values() if s.transfer_to == office.associate("mia").id]
    assert 1 <= len(offered) <= 4


def test_customers_answer_what_an_agent_wrote_within_seconds() -> None:
    office = scenes.make("busy", seed=4)
    life = Faster(office)
    session = next(s for s in office.sessions.values() if s.status == "UserLast")
    for second in range(10):
        life.at = float(second)
        life.step(life.at)
    assert session.messages[-1].type == "ToUser" or not session.is_open


def test_the_same_seed_lives_the_same_hour() -> None:
    first, second = scenes.make("busy", seed=6), scenes.make("busy", seed=6)
    hours_of_life(first, 0.2)
    hours_of_life(second, 0.2)
    assert told(first) == told(second)
