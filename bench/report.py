"""The figures as a table, beside those of the last run that was kept, and as a page of the docs."""

from typing import Any

JSONDict = dict[str, Any]


def key(result: JSONDict) -> tuple[str, ...]:
    """What makes a figure the same one in two runs."""
    return result["measure"], result["name"], result["against"]


def _of(figures: JSONDict, size: str, database: str) -> dict[tuple[str, ...], JSONDict]:
    """The results of a run of that size on that database in what was kept."""
    for run in figures.get("runs", []):
        if (run["size"], run["database"]) == (size, database):
            return {key(one): one for one in run["results"]}
    return {}


def merged(before: JSONDict, report: JSONDict) -> JSONDict:
    """What was kept, with this run in it: the measures that it made replace the same ones."""
    made = {one["measure"] for one in report["results"]}
    held = _of(before, report["size"], report["database"])
    held = {name: one for name, one in held.items() if one["measure"] not in made}
    held.update({key(one): one for one in report["results"]})
    same = (report["size"], report["database"])
    others = [run for run in before.get("runs", []) if (run["size"], run["database"]) != same]
    return {"runs": [*others, {**report, "results": list(held.values())}]}


FIGURES = """# The latest figures

Written by `make bench ARGS="--keep"`; each line is of the last run of its measure. What is
measured, and why it is as it is: [How fast it is](performance.md).
"""
SIZES = {"small": 0, "10k": 1, "100k": 2, "1m": 3}
DATABASES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


def page(kept: JSONDict) -> str:
    """What was kept, as a page of tables: a table for each size and database."""
    parts = [FIGURES]
    for run in sorted(
        kept["runs"], key=lambda run: (SIZES[run["size"]], run["database"] != "sqlite")
    ):
        parts.append(f"\n## {run['size']}, {DATABASES[run['database']]}\n\n{HEAD}")
        parts += [_line(one) for one in run["results"]]
    return "".join(parts)


def _place(run: JSONDict) -> tuple[int, str]:
    return SIZES[run["size"]], DATABASES[run["database"]]


HEAD = (
    "| measure | against | ours | theirs | ratio | spread | must reach |\n"
    "|---|---|--:|--:|--:|---|--:|\n"
)


def _line(one: JSONDict) -> str:
    unit = one["unit"].removeprefix("per ")
    apart = "/" if one["unit"].startswith("per ") else " "
    low, high = one["spread"]
    reach = "" if one["reach"] is None else f"{one['reach']:.3g}"
    cells = (
        one["name"],
        one["against"],
        f"{one['ours']:,.1f}{apart}{unit}",
        f"{one['theirs']:,.1f}{apart}{unit}",
        f"{one['ratio']:.2f}",
        f"{low:.2f} to {high:.2f}",
        reach if one["reached"] else f"{reach} (not reached)",
    )
    return f"| {' | '.join(cells)} |\n"


def table(report: JSONDict, before: JSONDict) -> str:
    """Lines of text, one per figure."""
    held = _of(before, report["size"], report["database"])
    head = f"{report['size']}, {report['database']}, {report['machine']}\n"
    lines = [f"{'':42}{'ours':>12}{'theirs':>12} {'':6}{'ratio':>8}  {'spread':15}{'last':>8}"]
    for one in report["results"]:
        low, high = one["spread"]
        last = held.get(key(one), {}).get("ratio")
        reach = "" if one["reach"] is None else f"  must reach {one['reach']}"
        lines.append(
            f"{one['name'][:41]:42}{one['ours']:>12,.1f}{one['theirs']:>12,.1f} {one['unit']:6}"
            f"{one['ratio']:>7.2f}×  {f'{low:.2f} to {high:.2f}':15}"
            f"{'' if last is None else f'{last:.2f}×':>8}"
            f"{reach}{'' if one['reached'] else ' NOT REACHED'}"
        )
        lines.append(f"  against {one['against']}")
    return head + "\n".join(lines) + "\n"
