"""`standin`: the stand-in SuperOffice alone, on loopback, until it is told to end."""

from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from chatops.demo import scenes, server


class Command(BaseCommand):
    """Parses and serves; everything else is in `chatops.demo`."""

    help = "Serves the stand-in SuperOffice on loopback."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The switches of `chatops.demo.server.serve`."""
        parser.add_argument("--port", type=int, default=9000)
        parser.add_argument("--scene", choices=scenes.SCENES, default="busy")
        parser.add_argument("--seed", type=int, default=1, help="of everything that is random")
        parser.add_argument("--sessions", type=int, default=1000, help="of the scene `many`")
        parser.add_argument("--messages", type=int, default=20, help="a session, in `many`")
        parser.add_argument("--life", action=BooleanOptionalAction, default=None,
                            help="customers come and go (on in `busy`)")  # fmt: skip
        parser.add_argument("--state", type=Path, default=None,
                            help="a file to load from and save to")  # fmt: skip
        parser.add_argument("--exit-with-stdin", action="store_true",
                            help="end when stdin closes, so that no orphan stays")  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until a signal. A taken port is told in a sentence."""
        try:
            server.serve(
                port=options["port"], scene=options["scene"], seed=options["seed"],
                sessions=options["sessions"], messages=options["messages"],
                life=options["life"], state_file=options["state"],
                exit_with_stdin=options["exit_with_stdin"], announce=self.announce,
            )  # fmt: skip
        except OSError as error:
            raise CommandError(f"port {options['port']} on 127.0.0.1: {error.strerror}") from error

    def announce(self, line: str) -> None:
        """Tell at once, also into a pipe."""
        self.stdout.write(line)
        self.stdout.flush()
