"""`python -m tests.sync.chaos`: one run, one line, and what contradicts; fails when anything does.

On SQLite; on PostgreSQL with `scripts/with-postgres.sh`, and with `--celery` on Celery's workers.
"""

import os
import secrets
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos import stage
from tests.ops.place import Place, free_port
from tests.sync.chaos.stage import settings_for


def parse() -> Namespace:
    """The size of the run."""
    parser = ArgumentParser(prog="chaos-mirror", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of everything random; new each run")
    parser.add_argument("--changes", type=int, default=12_500)
    parser.add_argument("--seconds", type=float, default=300.0, help="for the changes; then quiet")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--deletions", type=int, default=40)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--sweep", type=float, default=15.0, help="seconds between comparisons")
    parser.add_argument("--celery", action="store_true", help="Celery's workers, and beat twice")
    parser.add_argument("--keep", type=Path, help="a folder for the database and the logs")
    return parser.parse_args()


def main() -> int:
    """Set the stage, run, tell."""
    asked = parse()
    seed = secrets.randbelow(2**31) if asked.seed is None else asked.seed
    with TemporaryDirectory(prefix="chaos-mirror-") as name:
        folder = asked.keep or Path(name)
        folder.mkdir(exist_ok=True, parents=True)
        with stage.database(folder) as database, stage.office(folder) as office:
            settings = settings_for(office.url, web=free_port(), sweep=asked.sweep)
            if asked.celery:
                settings["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{free_port()}/0"
            place = Place(folder, database, settings)
            os.environ.update(place.environment)
            import django
            import django.db

            django.setup()
            from tests.sync.chaos import run

            size = run.Size(
                seed, asked.changes, asked.seconds, asked.kills, asked.deletions, asked.workers
            )
            try:
                verdict = run.run(size, office, place)
            finally:
                place.end()
                django.db.connections.close_all()
    sys.stdout.write(f"{verdict}\n")
    for line in verdict.contradictions[:50]:
        sys.stdout.write(f"  {line}\n")
    return 1 if verdict.contradictions else 0


if __name__ == "__main__":
    sys.exit(main())
