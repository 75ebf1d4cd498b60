"""`doctor`: what is right, what is not, and what to do."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatops.ops import doctor
from chatops.ops.findings import Finding, Level


class Command(BaseCommand):
    """Prints; ops/doctor.py looks. Exit code 1 on any `fail`."""

    help = "Looks at settings, SuperOffice, hook, lag and actions, and says what to do."
    requires_system_checks = ()  # it tells what they find, among the rest

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="a list of findings on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for one in doctor.examine():
            findings.append(one)
            if not options["json"]:
                self.show(one)
        if options["json"]:
            self.stdout.write(json.dumps([one.as_dict() for one in findings], indent=2))
        if any(one.level is Level.FAIL for one in findings):
            raise SystemExit(1)

    def show(self, one: Finding) -> None:
        style = {
            Level.OK: self.style.SUCCESS,
            Level.WARN: self.style.WARNING,
            Level.FAIL: self.style.ERROR,
        }
        self.stdout.write(f"{style[one.level](f'{one.level:4}')}  {one.name}: {one.says}")
        if one.do:
            self.stdout.write(f"      {one.do}")
