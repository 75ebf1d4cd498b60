"""`backfill`: everything once; goes on where it was interrupted."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatops.mirror.ingest import Counts
from chatops.ops.filling import progress_bar
from chatops.ops.stopping import INTERRUPTED, asked_to_stop
from chatops.remote import wiring
from chatops.superoffice.errors import SuperOfficeError
from chatops.sync import backfill


def moment(text: str) -> datetime:
    """A date or a time as people write them; without a zone it is UTC."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a date such as 2026-01-31") from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class Command(BaseCommand):
    """Parses and prints; sync/backfill.py does it. Exit code 1: not complete; 130: interrupted."""

    help = "Reads every session and message from SuperOffice into the mirror."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", type=moment, help="only sessions requested at or after this date"
        )
        parser.add_argument("--no-progress", dest="progress", action="store_false")

    def handle(self, *args: Any, since: datetime | None, progress: bool, **options: Any) -> None:
        with asked_to_stop() as asked, progress_bar(shown=progress) as moved:
            try:
                report = backfill.backfill(
                    wiring.service_client(), since=since, progress=moved, stop=asked.is_set
                )
            except backfill.Stopped as stopped:
                raise CommandError(
                    "Interrupted; the next backfill goes on from here.", returncode=INTERRUPTED
                ) from stopped
            except SuperOfficeError as error:
                raise CommandError(
                    f"SuperOffice: {error.detail} The next backfill goes on from here."
                ) from error
        self.stdout.write(told(report))
        if report.failed:
            raise CommandError(f"{report.failed} sessions could not be read; they are in the log.")


def told(report: backfill.Report) -> str:
    """What it came to, in a line."""
    if report.changed_nothing:
        return f"{report.seen} sessions read; nothing had changed."
    return (
        f"{report.seen} sessions read: {counted('sessions', report.sessions)}; "
        f"{counted('messages', report.messages)}."
    )


def counted(what: str, counts: Counts) -> str:
    return f"{what} {counts.created} new, {counts.changed} changed, {counts.unchanged} as they were"
