"""`worker`: keeps the mirror fresh and settles open actions."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatops.ops import working
from chatops.ops.children import end_with_stdin
from chatops.ops.stopping import asked_to_stop

#: Seconds for what is under way when `serve` ends its worker.
CHILD_PATIENCE = 0.8


class Command(BaseCommand):
    """Parses; ops/working.py and sync/worker.py do it."""

    help = "Reads hints, polls, compares, settles actions, until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round of each task, then exit")
        parser.add_argument("--exit-with-stdin", action="store_true",
                            help="end when stdin closes, so that no orphan stays")  # fmt: skip

    def handle(self, *args: Any, once: bool, exit_with_stdin: bool, **options: Any) -> None:
        worker = working.make()
        if once:
            self.once(worker.run_once())
            return
        with asked_to_stop() as asked:
            if exit_with_stdin:
                end_with_stdin(asked.set)
            patience = CHILD_PATIENCE if exit_with_stdin else settings.SERVE_DRAIN_SECONDS
            working.run(worker, asked, patience=patience)

    def once(self, results: dict[str, bool | None]) -> None:
        words = {True: "done", False: "failed", None: "another worker is at it"}
        for name, went_well in results.items():
            self.stdout.write(f"{name}: {words[went_well]}")
        failed = [name for name, went_well in results.items() if went_well is False]
        if failed:
            raise CommandError(f"{', '.join(failed)} failed; the log says why.")
