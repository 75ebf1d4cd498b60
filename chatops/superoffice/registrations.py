"""`client.webhooks`: our registrations at SuperOffice (contract D.6, I.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from chatops.superoffice import patching
from chatops.superoffice.entities.webhooks import Webhook, WebhookTest
from chatops.superoffice.errors import UnreadableAnswer
from chatops.superoffice.resource import Resource, one, several

WebhookList = list[Webhook]  # the class below has a method called `list`


class Webhooks(Resource):
    """An app Online sees only the webhooks that it created itself."""

    def list(self, *, name: str | None = None, deadline: float | None = None) -> WebhookList:
        """All of ours, whatever their state."""
        params = {"nameFilter": name, "statusFilter": "Unknown"}  # Unknown: no filter
        return several(Webhook, self._send("GET", "Webhook", params=params, deadline=deadline))

    def get(self, webhook_id: int, *, deadline: float | None = None) -> Webhook:
        """One registration; NotFound when it is gone."""
        return one(Webhook, self._send("GET", f"Webhook/{webhook_id:d}", deadline=deadline))

    def create(
        self,
        *,
        name: str,
        events: Sequence[str],
        target_url: str,
        secret: str,
        headers: Mapping[str, str] | None = None,
        error_email: str | None = None,
        deadline: float | None = None,
    ) -> Webhook:
        """Register. SuperOffice calls the target with a test event first and fails without a 200,
        so the receiver must be up and accept the new secret already."""
        body: dict[str, Any] = {
            "Name": name,
            "Events": [*events],
            "TargetUrl": target_url,
            "Secret": secret,
            "State": "Active",
            "Type": "webhook",
        }
        if headers:
            body["Headers"] = dict(headers)
        if error_email:
            body["ErrorsEmail"] = error_email
        return one(Webhook, self._send("POST", "Webhook", json=body, deadline=deadline))

    def patch(
        self, webhook_id: int, changes: patching.Changes, *, deadline: float | None = None
    ) -> Webhook:
        """Change parts, e.g. `{"State": "Active"}` to switch it on again."""
        path = f"Webhook/{webhook_id:d}"
        return one(Webhook, patching.send(self._transport, path, changes, deadline=deadline))

    def delete(self, webhook_id: int, *, deadline: float | None = None) -> None:
        """Remove the registration."""
        self._send("DELETE", f"Webhook/{webhook_id:d}", deadline=deadline)

    def test(
        self, target_url: str, *, secret: str | None = None, deadline: float | None = None
    ) -> WebhookTest:
        """Have SuperOffice call an address with a test event, and tell what came of it."""
        body = {"Name": "test", "TargetUrl": target_url, "Secret": secret, "Type": "webhook"}
        given = {key: value for key, value in body.items() if value is not None}
        answer = self._send("POST", "Webhook/Test", json=given, deadline=deadline)
        tried = one(WebhookTest, answer)
        return replace(tried, message=self._transport.hushed(tried.message))

    def last_error(self, webhook_id: int, *, deadline: float | None = None) -> str:
        """What the last failed delivery met; empty when none did."""
        answer = self._send("GET", f"Webhook/{webhook_id:d}/LastError", deadline=deadline)
        if answer is not None and not isinstance(answer, str):
            raise UnreadableAnswer("SuperOffice's answer is not a text.")
        return self._transport.hushed(answer or "")

    def fire(
        self,
        event: str,
        primary_key: int = 0,
        *,
        values: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> None:
        """Raise an event for all listeners; a name of our own proves the path end to end (I.7)."""
        path = f"Webhook/{quote(event, safe='')}/{primary_key:d}"
        self._send("POST", path, json=dict(values or {}), deadline=deadline)
