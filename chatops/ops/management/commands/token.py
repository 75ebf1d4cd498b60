"""`token`: the API tokens that programs act with."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatops.actions import tokens
from chatops.actions.callers import SCOPES
from chatops.actions.errors import ActionError
from chatops.actions.models import ApiToken
from chatops.ops import people


class Command(BaseCommand):
    """Parses and prints; actions/tokens.py does it. A new token is alone on standard output."""

    help = "Makes, lists, rotates and revokes API tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        parts = parser.add_subparsers(dest="do", required=True, metavar="create|list|revoke|rotate")
        create = parts.add_parser("create", help="prints the token, once, alone on stdout")
        create.add_argument("--person", required=True, help="who owns it and whose account acts")
        create.add_argument("--label", required=True, help="what it is for")
        create.add_argument("--scope", required=True, nargs="+", choices=SCOPES, metavar="SCOPE",
                            help=", ".join(SCOPES))  # fmt: skip
        create.add_argument("--topic", type=int, nargs="+", default=[], help="only these topics")
        create.add_argument("--days", type=int, help="its life (API_TOKEN_DAYS)")
        parts.add_parser("list", help="every token that lives")
        for name in ("revoke", "rotate"):
            parts.add_parser(name).add_argument("id", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        do = {
            "create": self.create,
            "list": self.list,
            "revoke": self.revoke,
            "rotate": self.rotate,
        }
        try:
            do[options["do"]](options)
        except (people.PersonRefused, ActionError) as error:
            raise CommandError(str(error)) from error

    def create(self, options: dict[str, Any]) -> None:
        token, plain = tokens.issue(
            owner=people.find(options["person"]),
            label=options["label"],
            scopes=options["scope"],
            topics=options["topic"],
            days=options["days"],
        )
        self._show(token, plain)

    def list(self, options: dict[str, Any]) -> None:
        for token in ApiToken.objects.select_related("owner").filter(revoked_at=None):
            topics = f", topics {token.topics}" if token.topics else ""
            used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never"
            self.stdout.write(
                f"{token.pk}: {token.prefix}… {token.owner.get_username()} {token.label!r} "
                f"{' '.join(token.scopes)}{topics}, to {token.expires_at:%Y-%m-%d}, used {used}"
            )

    def revoke(self, options: dict[str, Any]) -> None:
        token = living(options["id"])
        tokens.revoke(token)
        self.stdout.write(f"Token {token.pk} is revoked.")

    def rotate(self, options: dict[str, Any]) -> None:
        fresh, plain = tokens.rotate(living(options["id"]))
        self._show(fresh, plain)

    def _show(self, token: ApiToken, plain: str) -> None:
        self.stdout.write(plain)
        sys.stderr.write(
            f"Token {token.pk}, to {token.expires_at:%Y-%m-%d}. It is not shown again.\n"
        )
        if caveat := tokens.caveat(token):
            sys.stderr.write(f"{caveat}\n")


def living(pk: int) -> ApiToken:
    """The token with this number. Raises CommandError when there is none, or none any more."""
    token = ApiToken.objects.select_related("owner").filter(pk=pk, revoked_at=None).first()
    if token is None:
        raise CommandError(f"There is no living token {pk}: `manage.py token list`.")
    return token
