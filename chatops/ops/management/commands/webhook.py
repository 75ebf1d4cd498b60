"""`webhook`: our hook at SuperOffice."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatops.remote import wiring
from chatops.superoffice.client import Client
from chatops.superoffice.errors import SuperOfficeError
from chatops.sync import hooks


class Command(BaseCommand):
    """Parses and prints; sync/hooks.py does it."""

    help = "Registers our webhook at SuperOffice, shows it, tries it, switches it on, removes it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("do", choices=["register", "status", "activate", "remove", "test"])

    def handle(self, *args: Any, do: str, **options: Any) -> None:
        if not hooks.configured():
            raise CommandError(hooks.NotConfigured.detail)
        try:
            client = wiring.service_client(person=True)
            if do == "register":
                made = hooks.register(client)
                self.stdout.write(f"Webhook {made.id} sends to {hooks.target_url()}.")
            elif do == "remove":
                had = hooks.remove(client)
                self.stdout.write("Removed." if had else "There was none.")
            elif do == "test":
                self.test(client)
            else:
                look = hooks.status if do == "status" else hooks.activate
                self.show(look(client), client)
        except SuperOfficeError as error:
            raise CommandError(f"SuperOffice: {error.detail}") from error

    def test(self, client: Client) -> None:
        """Have SuperOffice call us now. Raises CommandError when it did not get through."""
        url = hooks.target_url()
        tried = client.webhooks.test(url, secret=settings.WEBHOOK_SECRETS[0])
        if not tried.success:
            raise CommandError(f"SuperOffice could not deliver to {url}: {tried.message}")
        self.stdout.write(f"SuperOffice reached {url}.")

    def show(self, seen: hooks.HookState, client: Client) -> None:
        if not seen.webhook_id:
            raise CommandError("Not registered: `manage.py webhook register`.")
        last = f"{seen.last_hint_at:%Y-%m-%d %H:%M:%S} UTC" if seen.last_hint_at else "never"
        self.stdout.write(f"Webhook {seen.webhook_id} is {seen.state}; last hint: {last}.")
        if error := client.webhooks.last_error(seen.webhook_id):
            self.stdout.write(f"The last failed delivery met: {error}")
