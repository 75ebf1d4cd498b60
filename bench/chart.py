"""How cost grows with the number of sessions, as an SVG: `python -m bench.chart OUT`.

Drawn from `last.json`. Colours come from the page's own scheme, so that it is sharp in print and
readable in the dark.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

LAST = Path(__file__).with_name("last.json")
COUNTS = {"small": 2_000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 380, 60, 24, 190, 44
COLOURS = ("#1f6feb", "#1a7f37", "#9a6700", "#cf222e", "#8250df")
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#57606a}.axis{stroke:#8c959f}.grid{stroke:#d0d7de}"
    "@media(prefers-color-scheme:dark){text{fill:#9da7b3}.grid{stroke:#373e47}}"
)
Point = tuple[int, float]


def lines(figures: dict[str, Any], database: str) -> dict[str, list[Point]]:
    """Sessions and milliseconds, by line, of the largest run."""
    runs = [run for run in figures["runs"] if run["database"] == database]
    for run in sorted(runs, key=lambda run: -COUNTS[run["size"]]):
        found: dict[str, list[Point]] = {}
        for one in run["results"]:
            if one["measure"] == "growth":
                point = one["more"]["sessions"], one["ours"]
                found.setdefault(one["more"]["line"], []).append(point)
        if found:
            return {name: sorted(points) for name, points in found.items()}
    raise SystemExit(f"No figures of `growth` for {database} in {LAST.name}.")


def chart(drawn: dict[str, list[Point]], title: str) -> str:
    """The SVG of lines over two logarithmic axes."""
    points = [point for line in drawn.values() for point in line]
    low, high = _decades(count for count, _ in points)
    cheap, dear = _decades(cost for _, cost in points)

    def across(count: float) -> float:
        share = (math.log10(count) - low) / (high - low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def down(cost: float) -> float:
        share = (math.log10(cost) - cheap) / (dear - cheap)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
    ]
    for power in range(cheap, dear + 1):
        y = down(10**power)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**power:g}</text>')
    for power in range(low, high + 1):
        x = across(10**power)
        parts.append(f'<path class="axis" d="M{x:.1f} {HEIGHT - BOTTOM}v5"/>')
        label = f"{10**power:,}"
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 22}" text-anchor="middle">{label}</text>')
    parts.append(f'<text x="{LEFT - 8}" y="14" text-anchor="end">ms</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">sessions</text>')
    last_label = -math.inf
    for colour, (name, line) in zip(
        COLOURS, sorted(drawn.items(), key=lambda one: -one[1][-1][1]), strict=False
    ):
        path = "L".join(f"{across(count):.1f} {down(cost):.1f}" for count, cost in line)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{across(count):.1f}" cy="{down(cost):.1f}" r="3" fill="{colour}"/>'
            for count, cost in line
        ]
        last_label = max(down(line[-1][1]) + 4, last_label + 16)
        parts.append(
            f'<text x="{across(line[-1][0]) + 10:.1f}" y="{last_label:.1f}"'
            f' style="fill:{colour}">{escape(name)}</text>'
        )
    return "".join([*parts, "</svg>\n"])


def _decades(values: Any) -> tuple[int, int]:
    """The powers of ten that hold all values."""
    held = list(values)
    low, high = math.floor(math.log10(min(held))), math.ceil(math.log10(max(held)))
    return low, max(high, low + 1)


if __name__ == "__main__":
    database = sys.argv[2] if len(sys.argv) > 2 else "sqlite"
    drawn = lines(json.loads(LAST.read_text()), database)
    Path(sys.argv[1]).write_text(chart(drawn, f"Milliseconds by number of sessions, {database}"))
