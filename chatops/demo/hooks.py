"""Webhooks: contract I. Registrations, events, and when a hook is switched off."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chatops.demo import carriers
from chatops.demo.delivery import Delivery, Post, post, signed_headers
from chatops.demo.dialects import BOM
from chatops.demo.errors import Answer, not_found
from chatops.demo.office import Office
from chatops.demo.times import Clock
from chatops.demo.wire import JSONDict, dump

FAILURES_ALLOWED = 9  # failed deliveries in a row (I.6)
UTC = Clock.of("UTC")


@dataclass(slots=True)
class Hook:
    """A webhook's row (I.2)."""

    id: int
    name: str = ""
    events: list[str] = field(default_factory=list)
    target: str = ""
    secret: str = ""
    state: str = "Active"
    type: str = "webhook"
    headers: dict[str, str] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    errors_email: str = ""
    registered: datetime | None = None
    registered_by: int = 0
    updated: datetime | None = None
    calls: int = 0
    errors: int = 0
    in_a_row: int = 0
    last_error: str = ""


class Hooks:
    """All webhooks of the office. Take the office's lock before changing anything here."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.rows: dict[int, Hook] = {}
        self.ids = 300
        self._posts = Post(self._delivered)
        office.listeners.append(self.happened)

    def get(self, hook_id: int) -> Hook:
        """Raises `Answer` 404."""
        if hook_id not in self.rows:
            raise not_found("Webhook", hook_id)
        return self.rows[hook_id]

    def save(self, hook: Hook) -> None:
        """Call the target with a test event first; refuse to save unless it answers 200 (I.2).

        Called without the office's lock: the target may take its time.
        """
        success, message = self.test(hook)
        if not success:
            raise Answer(500, "SoException", f"The webhook target did not answer 200: {message}")
        with self.office.lock:
            self.rows[hook.id] = hook
            self.office.version += 1

    def test(self, hook: Hook) -> tuple[bool, str]:
        """Deliver a test event now; whether it was answered 200, and what came back (I.5)."""
        body = self._body(hook, "test", 0, 0, [], None, str(uuid.uuid4()))
        headers = signed_headers(
            hook.secret, self._headers(hook), "test", str(uuid.uuid4()), body, 0
        )
        status, answer = post(hook.target, body, {**headers, "X-Hook-Test": "true"})
        return status == 200, f"{status} {answer}"

    def happened(
        self, event: str, key: int, by: int, changes: list[str], values: dict[str, Any] | None
    ) -> None:
        """Send an event to every active hook that wants it; the sender never waits (I.6)."""
        options, random = self.office.options, self.office.random
        for hook in self.rows.values():
            if hook.state != "Active" or event not in hook.events:
                continue
            if random.random() < options.webhook_lost:
                continue
            event_id = str(uuid.UUID(int=random.getrandbits(128), version=4))
            body = self._body(hook, event, key, by, changes, values, event_id)
            for _ in range(2 if random.random() < options.webhook_doubled else 1):
                delivery = Delivery(
                    hook.id,
                    hook.target,
                    hook.secret,
                    self._headers(hook),
                    event,
                    event_id,
                    body,
                    list(options.webhook_waits),
                )
                self._posts.later(random.random() * options.webhook_shuffled, delivery)

    def _body(
        self,
        hook: Hook,
        event: str,
        key: int,
        by: int,
        changes: list[str],
        values: dict[str, Any] | None,
        event_id: str,
    ) -> bytes:
        body = {
            "EventId": event_id,
            "Timestamp": f"{self.office.now():%Y-%m-%dT%H:%M:%S.%f}7Z",
            "Changes": changes,
            "Event": event,
            "PrimaryKey": key,
            "Entity": event.partition(".")[0],
            "ContextIdentifier": "Cust12345",
            "ChangedByAssociateId": by,
            "WebhookName": hook.name,
            **hook.properties,
        }
        if values is not None:
            body["FieldValues"] = values
        if not self.office.options.webhook_dialect:
            return dump(body)
        return BOM + dump({**body, "PrimaryKey": str(key), "FieldValues": {"status": "5", "x": []}})

    def _headers(self, hook: Hook) -> dict[str, str]:
        if not self.office.options.webhook_dialect:
            return hook.headers
        # In two of the vendor's samples the header's id is not the body's (I.3).
        other = {"Content-Type": "text/json", "X-SuperOffice-EventId": str(uuid.uuid4())}
        return {**hook.headers, **other}

    def _delivered(self, delivery: Delivery, status: int, answer: str) -> bool:
        """Count a try; whether trying this event again makes sense."""
        with self.office.lock:
            hook = self.rows.get(delivery.hook_id)
            if hook is None or hook.state != "Active":
                return False
            hook.calls += 1
            if status == 200:
                hook.in_a_row = 0
                return False
            hook.errors, hook.in_a_row = hook.errors + 1, hook.in_a_row + 1
            hook.last_error = f"{status} {answer}"[:1000]
            if status == 410:
                hook.state = "Stopped"
            elif hook.in_a_row >= FAILURES_ALLOWED:
                hook.state = "TooManyErrors"
            self.office.version += 1
            return hook.state == "Active"

    def new_id(self) -> int:
        """A fresh id."""
        self.ids += 1
        return self.ids

    def carrier(self, hook: Hook) -> JSONDict:
        """`Webhook` (I.2); dates are UTC."""
        owner = self.office.people.get(hook.registered_by)
        who = carriers.associate(owner) if owner else None
        return {
            "WebhookId": hook.id,
            "Name": hook.name,
            "Events": hook.events,
            "TargetUrl": hook.target,
            "Secret": "*" * 8 if hook.secret else "",
            "State": hook.state,
            "Type": hook.type,
            "Headers": hook.headers,
            "Properties": hook.properties,
            "Registered": UTC.write(hook.registered),
            "RegisteredAssociate": who,
            "Updated": UTC.write(hook.updated),
            "UpdatedAssociate": who,
            "ErrorsEmail": hook.errors_email,
            "ErrorEmails": [],
            "ErrorAssociates": [],
            "Description": "",
            "NotifyVia": "None",
            "NotifyWhen": "None",
            "TotalCalls": hook.calls,
            "TotalErrors": hook.errors,
            "ConsecutiveErrors": hook.in_a_row,
            "LastError": hook.last_error,
        }
