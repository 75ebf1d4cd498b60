"""Two ways of doing one thing, timed in turns on the same machine, and what comes of it."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Result:
    """A figure of ours beside its yardstick's."""

    name: str
    against: str
    #: What a figure counts: "rows/s" (more is better) or "ms" (less is better).
    unit: str
    ours: float
    theirs: float
    #: How many times better ours is than the yardstick; below 1 it is worse.
    ratio: float
    #: Lowest and highest ratio of a single turn; of many turns, without the outer tenths.
    spread: tuple[float, float]
    #: What the ratio must reach; None: told for information.
    reach: float | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reached(self) -> bool:
        return self.reach is None or self.ratio >= self.reach

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "spread": list(self.spread), "reached": self.reached}


def seconds(run: Run) -> float:
    """How long one call takes, without the collector's pauses."""
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        run()
        return time.perf_counter() - start
    finally:
        gc.enable()


def in_turns(
    ways: Mapping[str, Run], *, repeats: int, before: Run | None = None
) -> dict[str, list[float]]:
    """Seconds of each way, `repeats` times, each turn in another order; `before` is not timed."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for turn in range(repeats):
        for name in names if turn % 2 == 0 else reversed(names):
            if before is not None:
                before()
            taken[name].append(seconds(ways[name]))
    return taken


def compared(
    name: str,
    against: str,
    ours: list[float],
    theirs: list[float],
    *,
    amount: float | None = None,
    reach: float | None = None,
    share: float = 1.0,
    **more: Any,
) -> Result:
    """Ours against the yardstick, by medians. With `amount` the figures are that many per second.

    `share`: the yardstick did only this part of the amount.
    """
    ratios = sorted(their / share / our for our, their in zip(ours, theirs, strict=True))
    edge = len(ratios) // 10  # of many turns the outer tenths are somebody else's work
    our, their = statistics.median(ours), statistics.median(theirs) / share
    return Result(
        name=name,
        against=against,
        unit="per s" if amount else "ms",
        ours=round(amount / our if amount else our * 1000, 3),
        theirs=round(amount / their if amount else their * 1000, 3),
        ratio=round(their / our, 3),
        spread=(round(ratios[edge], 3), round(ratios[-1 - edge], 3)),
        reach=reach,
        more=more,
    )
