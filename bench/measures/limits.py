"""Figures that stand against a limit."""

from typing import Any

from bench.timing import Result


def at_most(name: str, value: float, limit: float, unit: str, **more: Any) -> Result:
    """A figure that must not be above its limit; the ratio is the room."""
    room = round(limit / max(value, 0.001), 2)
    return Result(
        name=name,
        against=f"at most {limit:g} {unit}",
        unit=unit,
        ours=round(value, 2),
        theirs=limit,
        ratio=room,
        spread=(room, room),
        reach=1,
        more=more,
    )
