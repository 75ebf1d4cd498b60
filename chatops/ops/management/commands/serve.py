"""`serve`: the console, the API and the streams, and the worker beside them."""

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatops.ops import serving


class Command(BaseCommand):
    """Parses; ops/serving.py does it."""

    help = "Serves until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT")
        parser.add_argument("--no-worker", action="store_true",
                            help="the worker runs elsewhere")  # fmt: skip
        # What `serve` starts the other WEB_PROCESSES with.
        parser.add_argument("--beside", type=int, help=SUPPRESS)
        parser.add_argument("--exit-with-stdin", action="store_true", help=SUPPRESS)

    def handle(
        self, *args: Any, bind: str, no_worker: bool, beside: int | None, **options: Any
    ) -> None:
        if beside is not None:
            serving.serve_beside(beside)
            serving.end_soon()
            return
        try:
            listening = serving.listen(bind)
        except serving.AddressTaken as error:
            raise CommandError(str(error)) from error
        address = serving.address_of(listening)

        def ready() -> None:
            self.stdout.write(f"Serving {address}")
            self.stdout.flush()

        serving.serve(listening, worker=serving.works_here() and not no_worker, ready=ready)
        serving.end_soon()
