"""`$select` on entities (C.3): what is not selected comes back as null, it is not left out."""

from typing import Any

JSONDict = dict[str, Any]


def selected(carrier: JSONDict, select: str) -> JSONDict:
    """The carrier with everything else nulled, at every level; all of it without `$select`."""
    paths = [path.strip().lower().split("/") for path in select.split(",") if path.strip()]
    return _keep(carrier, paths) if paths else carrier


def _keep(carrier: JSONDict, paths: list[list[str]]) -> JSONDict:
    result: JSONDict = {}
    for name, value in carrier.items():
        mine = [path[1:] for path in paths if path[0] == name.lower()]
        deeper = [path for path in mine if path]
        if mine and deeper and len(deeper) == len(mine) and isinstance(value, dict):
            result[name] = _keep(value, deeper)
        else:
            result[name] = value if mine else None
    return result
