"""`python -m tests.chaos`: one run, one line, and what contradicts; fails when anything does."""

import math
import os
import secrets
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos import stage

EACH = "how many calls of each verb meet a fault; three times as many sends"


def main() -> int:
    """Parse, run, tell."""
    parser = ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of everything random; new each run")
    parser.add_argument("--each", type=int, default=100, help=EACH)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--chats", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=math.inf, help="and then enough")
    parser.add_argument("--keep", type=Path, help="a folder for the database and the diaries")
    asked = parser.parse_args()
    seed = secrets.randbelow(2**31) if asked.seed is None else asked.seed
    with TemporaryDirectory(prefix="chaos-") as name:
        folder = asked.keep or Path(name)
        folder.mkdir(exist_ok=True)
        with stage.database(folder) as database, stage.office(folder) as office:
            os.environ.update(stage.SETTINGS, DATABASE_URL=database, SUPEROFFICE_API_URL=office.url)
            os.environ["DJANGO_SETTINGS_MODULE"] = "chatops.settings"
            import django
            import django.db

            django.setup()
            from tests.chaos import run

            size = run.Size(
                seed,
                asked.each,
                asked.kills,
                asked.processes,
                chats=asked.chats,
                minutes=asked.minutes,
            )
            verdict = run.run(size, office, folder)
            django.db.connections.close_all()
    sys.stdout.write(f"{verdict}\n")
    for line in verdict.contradictions:
        sys.stdout.write(f"  {line}\n")
    return 1 if verdict.contradictions else 0


if __name__ == "__main__":
    sys.exit(main())
