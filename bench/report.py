"""The figures as a table, beside those of the last run that was kept."""

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
    """What was kept, with this run in it: results that it made replace those of the same name."""
    held = _of(before, report["size"], report["database"])
    held.update({key(one): one for one in report["results"]})
    same = (report["size"], report["database"])
    others = [run for run in before.get("runs", []) if (run["size"], run["database"]) != same]
    return {"runs": [*others, {**report, "results": list(held.values())}]}


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
