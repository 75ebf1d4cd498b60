"""`doctor`: what is right, what is not, and what to do."""

import json
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatops.ops import doctor
from chatops.ops.findings import Finding, Level

#: As wide as the longest name of a finding.
NAMES = len("subscriptions")


class Command(BaseCommand):
    """Prints; ops/doctor.py looks. Exit code 1 on any `fail`."""

    help = "Looks at settings, SuperOffice, hook, lag and actions, and says what to do."
    requires_system_checks = ()  # it tells what they find, among the rest

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="a list of findings on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        # What goes wrong is in the findings; log lines between them are hard to read.
        logging.disable(logging.CRITICAL)
        for one in doctor.examine():
            findings.append(one)
            if not options["json"]:
                self.show(one)
        if options["json"]:
            self.stdout.write(json.dumps([one.as_dict() for one in findings], indent=2))
        else:
            self.stdout.write(summed_up(findings))
        logging.disable(logging.NOTSET)
        if any(one.level is Level.FAIL for one in findings):
            raise SystemExit(1)

    def show(self, one: Finding) -> None:
        style = {
            Level.OK: self.style.SUCCESS,
            Level.WARN: self.style.WARNING,
            Level.FAIL: self.style.ERROR,
        }
        self.stdout.write(f"{style[one.level](f'{one.level:4}')}  {one.name:{NAMES}}  {one.says}")
        if one.do:
            self.stdout.write(f"{'':{6 + NAMES}}  → {one.do}")


def summed_up(findings: Sequence[Finding]) -> str:
    """The last line: what all of it comes to."""
    count = Counter(one.level for one in findings)
    parts = [f"{count[Level.OK]} in order"]
    parts += [f"{n} to look at" for n in [count[Level.WARN]] if n]
    parts += [f"{n} wrong" for n in [count[Level.FAIL]] if n]
    return ", ".join(parts) + "."
