"""`run`: what `make run` starts. Everything that is needed for a working console, in order."""

import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatops.mirror.models import ChatSession
from chatops.ops import demo, serving
from chatops.ops.children import Child
from chatops.remote.linking import LinkRefused
from chatops.superoffice.errors import SuperOfficeError


class Command(BaseCommand):
    """Migrates, starts the stand-in when nothing is configured, fills an empty mirror, serves."""

    help = "Migrates, fills the mirror, serves; with no SuperOffice configured it is the demo."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT")

    def handle(self, *args: Any, bind: str, **options: Any) -> None:
        try:
            # First of all: what cannot be listened on is told before anything is started.
            listening = serving.listen(bind)
        except serving.AddressTaken as error:
            raise CommandError(str(error)) from error
        address = serving.address_of(listening)
        if settings.DEMO and not serving.is_loopback(listening):
            raise CommandError(
                "The demo's passwords are known to everybody: it serves on loopback only. "
                "Configure SuperOffice, or use --bind 127.0.0.1:8000."
            )
        self.say("Preparing the database")
        call_command("migrate", verbosity=0, interactive=False)
        standin: Child | None = None
        try:
            if settings.DEMO:
                self.say("Starting the stand-in SuperOffice")
                standin = demo.start_standin()
                demo.make_people()
            self.fill()
            text = demo.told(address) if settings.DEMO else f"chatops is at {address}"
            here = serving.works_here()
            serving.serve(listening, worker=here, ready=lambda: self.say(text))
        except (demo.StandInFailed, LinkRefused) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.say("Stopped before it was ready.")
        finally:
            if standin:
                standin.end(within=1.0)
        serving.end_soon()

    def fill(self) -> None:
        """Fill an empty mirror; one that has rows is brought up to date by the worker."""
        if ChatSession.objects.exists():
            return
        self.say("Filling the mirror")
        try:
            call_command("backfill", progress=sys.stderr.isatty(), stdout=self.stdout)
        except (CommandError, SuperOfficeError) as error:
            # The console says so as well, and the worker goes on trying.
            self.stderr.write(f"The mirror is not complete yet: {error}")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
