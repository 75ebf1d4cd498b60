"""`reconcile`: compares the mirror with SuperOffice, repairs it, and says what it found."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from chatops.ops.stopping import INTERRUPTED, asked_to_stop
from chatops.remote import wiring
from chatops.superoffice.errors import SuperOfficeError
from chatops.sync import reconcile
from chatops.sync.backfill import Stopped


class Command(BaseCommand):
    """Parses and prints; sync/reconcile.py does it. Exit code 1 unless all is equal in the end."""

    help = "Compares every session with SuperOffice and repairs what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="look only")
        parser.add_argument("--json", action="store_true", help="the report as JSON on stdout")
        parser.add_argument("--no-progress", dest="progress", action="store_false")
        parser.add_argument(
            "--accept-gone",
            action="store_true",
            help="you have looked: however many sessions are missing at SuperOffice may go",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"] and options["accept_gone"]:
            raise CommandError("--dry-run changes nothing, so it cannot --accept-gone.")
        report = self.compare(options)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2))
        else:
            self.stdout.write(told(report))
        if not report.is_equal:
            raise CommandError("The mirror was not proved equal.")

    def compare(self, options: dict[str, Any]) -> reconcile.Report:
        shown = options["progress"] and not options["json"]
        bar = tqdm(unit=" sessions", desc="reconcile", disable=not shown)
        with asked_to_stop() as asked, bar:
            try:
                return reconcile.reconcile(
                    wiring.service_client(),
                    dry_run=options["dry_run"],
                    accept_gone=options["accept_gone"],
                    progress=lambda done: moved(bar, done),
                    stop=asked.is_set,
                )
            except Stopped as stopped:
                raise CommandError("Interrupted.", returncode=INTERRUPTED) from stopped
            except SuperOfficeError as error:
                raise CommandError(f"SuperOffice: {error.detail}") from error


def moved(bar: "tqdm[Any]", done: int) -> None:
    bar.update(done - bar.n)


def told(report: reconcile.Report) -> str:
    """What was found and done, in a few sentences."""
    parts = [
        f"{report.sessions} sessions compared in {report.ranges} ranges, {report.ranges_equal} "
        f"of them equal.",
        f"{report.differed} differed ({report.unknown_here} unknown here), "
        f"{report.repaired} were repaired.",
        f"{report.missing} are missing at SuperOffice, {report.gone} have a tombstone now.",
    ]
    if report.unread:
        parts.append(f"{report.unread} could not be read.")
    if report.held_back:
        parts.append(report.held_back)
    return " ".join(parts)
