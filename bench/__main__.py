"""`python -m bench [--size small|10k|100k|1m] [--only NAME] [--json OUT]`.

Runs in a database of its own, made for it and dropped afterwards, of the kind that DATABASE_URL
names (SQLite without).
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LAST = HERE / "last.json"
PAGE = HERE.parent / "docs" / "figures.md"
SIZES = {"small": 2_000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--only", action="append", help="a measure's name; may be repeated")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--keep", action="store_true", help=f"make these the figures in {LAST.name}"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatops-bench-") as place:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatops.settings")
        os.environ["VAR_DIR"] = place
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{place}/bench.sqlite3")
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        os.environ.setdefault("API_RATE_PER_MINUTE", "1000000000")
        # After the environment is complete: settings read it while they are imported.
        from bench import running

        figures = running.run(options.size, repeats=options.repeats, only=options.only)
    report: dict[str, Any] = {
        "size": options.size,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        **figures,
    }
    from bench import report as reporting

    before = json.loads(LAST.read_text()) if LAST.exists() else {}
    sys.stdout.write(reporting.table(report, before))
    for path in [*([options.json] if options.json else []), *([LAST] if options.keep else [])]:
        kept = reporting.merged(before, report) if path == LAST else report
        path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        if path == LAST:
            PAGE.write_text(reporting.page(kept))
    return 0 if all(one["reached"] for one in report["results"]) else 1


if __name__ == "__main__":
    sys.exit(main())
