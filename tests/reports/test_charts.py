"""Words below a chart stand where their bars do."""

import pytest

from chatops.reports import charts


def test_every_bar_has_its_word_under_its_middle() -> None:
    found = charts.stacked([("a", [1, 2])], ["one", "two"], ["1", "2"])
    middles = [bar.x + bar.width / 2 for bar in found.bars]
    assert [tick.x * 10 for tick in found.ticks] == pytest.approx(middles)


def test_words_of_many_places_are_evenly_apart() -> None:
    hours = [f"{hour:02}" for hour in range(24)]
    assert [one.label for one in charts.ticks(hours)] == ["00", "04", "08", "12", "16", "20"]


def test_a_long_word_at_an_edge_begins_or_ends_there() -> None:
    weeks = [f"{one} Jan – {one} Feb" for one in range(53)]
    found = charts.ticks(weeks)
    assert (found[0].x, found[0].anchor) == (0, "start")
    assert {one.anchor for one in found[1:-1]} == {"middle"}


def test_nothing_has_no_words() -> None:
    assert charts.ticks([]) == []
