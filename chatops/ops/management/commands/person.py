"""`person`: people, their roles, and the SuperOffice accounts they act with."""

import sys
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatops.actions import trail
from chatops.actions.callers import Role
from chatops.ops import people
from chatops.remote import linking
from chatops.remote.models import Agent, Credential

SCHEMES = [str(one) for one in linking.NEEDED]


class Command(BaseCommand):
    """Parses and prints; people.py and linking.py do it."""

    help = "Adds people, links and unlinks their SuperOffice accounts, lists them."

    def add_arguments(self, parser: CommandParser) -> None:
        parts = parser.add_subparsers(dest="do", required=True, metavar="add|link|unlink|list")
        add = parts.add_parser("add", help="a person with a role; prints a password it made")
        add.add_argument("name")
        add.add_argument("--role", required=True, choices=[str(role) for role in Role])
        add.add_argument("--password-stdin", action="store_true", help="read the password")
        link = parts.add_parser("link", help="the person's SuperOffice account, checked first")
        link.add_argument("name")
        link.add_argument("--scheme", required=True, choices=SCHEMES)
        link.add_argument("--user", help="the user name at SuperOffice, for `basic`")
        link.add_argument(
            "--secret-stdin",
            action="store_true",
            required=True,
            help="read the password, ticket or refresh token from standard input",
        )
        unlink = parts.add_parser("unlink", help="forget the account and its secrets")
        unlink.add_argument("name")
        parts.add_parser("list", help="everybody, with roles and linked account")

    def handle(self, *args: Any, **options: Any) -> None:
        do = {"add": self.add, "link": self.link, "unlink": self.unlink, "list": self.list}
        try:
            do[options["do"]](options)
        except (people.PersonRefused, linking.LinkRefused) as error:
            raise CommandError(str(error)) from error

    def add(self, options: dict[str, Any]) -> None:
        given = from_stdin() if options["password_stdin"] else None
        user, password = people.add(options["name"], Role(options["role"]), password=given)
        self.stdout.write(f"{user.username} is {' and '.join(people.roles_of(user))}.")
        if password and given is None:
            self.stdout.write(f"Password: {password}")

    def link(self, options: dict[str, Any]) -> None:
        user = people.find(options["name"])
        scheme = Credential.Scheme(options["scheme"])
        secret = {linking.NEEDED[scheme][-1]: from_stdin()}
        if scheme == Credential.Scheme.BASIC:
            secret["user"] = options["user"] or user.username
        agent = linking.link(user, scheme, secret)
        trail.record("account_linked", caller=None, object=f"user:{user.pk}", after=str(scheme))
        self.stdout.write(f"{user.username} acts as {told(agent)} at SuperOffice.")

    def unlink(self, options: dict[str, Any]) -> None:
        user = people.find(options["name"])
        if not linking.unlink(user):
            raise CommandError(f"{user.username} has no linked account.")
        trail.record("account_unlinked", caller=None, object=f"user:{user.pk}")
        self.stdout.write(f"{user.username} has no SuperOffice account any more.")

    def list(self, options: dict[str, Any]) -> None:
        agents = {agent.user_id: agent for agent in Agent.objects.select_related("credential")}
        for user in User.objects.order_by("username").prefetch_related("groups"):
            agent = agents.get(user.pk)
            account = told(agent) if agent else "no SuperOffice account"
            state = "" if user.is_active else " (switched off)"
            roles = ", ".join(people.roles_of(user)) or "no role"
            self.stdout.write(f"{user.username}{state}: {roles}; {account}")


def told(agent: Agent) -> str:
    """A linked account in a few words."""
    broken = f", broken: {agent.credential.broken_because}" if agent.credential.broken_at else ""
    return f"{agent.full_name or agent.login} (associate {agent.associate_id}){broken}"


def from_stdin() -> str:
    """One secret from standard input, without its line end. Never an argument: others see those."""
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise CommandError("Nothing came on standard input.")
    return secret
