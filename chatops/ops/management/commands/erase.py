"""`erase`: a customer out of one session, or a SuperOffice person out of all of theirs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatops.actions.callers import caller_of
from chatops.actions.errors import ActionError
from chatops.ops import people
from chatops.reports import forgetting


class Command(BaseCommand):
    """Parses and prints; reports/forgetting.py does it."""

    help = "Erases a customer here, in every copy, for good. SuperOffice is not changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["session", "person"])
        parser.add_argument("id", type=int, help="SuperOffice's id of it")
        parser.add_argument("--by", required=True, help="the operator whom the trail names")

    def handle(self, *args: Any, **options: Any) -> None:
        erase = {"session": forgetting.erase_session, "person": forgetting.erase_person}
        try:
            operator = caller_of(people.find(options["by"]), source="ops")
            report = erase[options["what"]](operator, options["id"])
        except (people.PersonRefused, ActionError) as error:
            raise CommandError(str(error)) from error
        for name, count in report._asdict().items():
            self.stdout.write(f"{name.replace('_', ' ')}: {count}")
        if report.open_actions:
            self.stdout.write("Actions are under way and keep their texts: erase again later.")
