"""Makes the database, runs the measures one after the other, drops it."""

import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any

import django
from django.db import connection

django.setup()

from bench.measures import MEASURES  # noqa: E402 models can be imported from here on
from bench.timing import Result  # noqa: E402

Measure = Callable[[str, int], Sequence[Result]]


def run(size: str, *, repeats: int, only: Sequence[str] | None = None) -> dict[str, Any]:
    """The results of all measures, or of those named; as JSON."""
    unknown = set(only or ()) - MEASURES.keys()
    if unknown:
        raise SystemExit(f"No such measure: {min(unknown)}. There are: {', '.join(MEASURES)}.")
    logging.disable(logging.WARNING)
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        results: list[dict[str, Any]] = []
        for one in only or MEASURES:
            sys.stderr.write(f"{one} …\n")
            for result in MEASURES[one](size, repeats):
                results.append({"measure": one, **result.as_dict()})
                sys.stderr.write(f"  {result.name}: {result.ratio} × {result.against}\n")
        return {"database": connection.vendor, "results": results}
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
