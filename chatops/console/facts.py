"""Facts about a session for its side panel: the customer, and the records it is linked with."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.mirror.models import ChatSession

JSONDict = dict[str, Any]


class Fact(NamedTuple):
    """A label, what stands behind it, and SuperOffice's id of it."""

    label: str
    value: str
    id: int | None = None


def rendered(session: ChatSession, caller: Caller) -> JSONDict:
    """The session as the API would answer this caller: masked unless personal data is theirs."""
    text = session.rendered if policy.sees_personal(caller, session) else session.masked
    found: JSONDict = json.loads(text or "{}")
    return found


def customer(data: JSONDict) -> list[Fact]:
    """Who the customer is, as typed. Empty fields are left out, except what one looks for first."""
    always = {"customer_email", "customer_phone"}
    labels = {
        "customer_name": _("Name"),
        "customer_alias": _("Alias"),
        "customer_company_name": _("Company"),
        "customer_email": _("E-mail"),
        "customer_phone": _("Phone"),
        "customer_host": _("From"),
    }
    facts = [
        Fact(label, str(data.get(name) or "") or "–")
        for name, label in labels.items()
        if data.get(name) or name in always
    ]
    if data.get("customer_alias") == data.get("customer_name"):
        facts = [one for one in facts if one.label != labels["customer_alias"]]
    if "customer_consented" in data:
        facts.append(Fact(_("Consented"), _("yes") if data["customer_consented"] else _("no")))
    return facts


def linked(data: JSONDict) -> list[Fact]:
    """The SuperOffice records that the session is linked with."""
    kinds = (
        ("person", _("Person"), "full_name", "person_id"),
        ("contact", _("Company"), "name", "contact_id"),
        ("ticket", _("Request"), "title", "ticket_id"),
        ("sale", _("Sale"), "title", "sale_id"),
        ("project", _("Project"), "name", "project_id"),
    )
    found = []
    for name, label, title, key in kinds:
        record = data.get(name)
        if isinstance(record, dict) and record.get(key):
            found.append(Fact(label, str(record.get(title) or label), record[key]))
    return found
