"""Carriers as the API answers them, tried with SuperOffice's own examples."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatops.mirror import moments, rendering
from chatops.superoffice import entities

PAYLOADS = Path(__file__).parent.parent / "payloads"
SESSIONS = ("accept-transfer", "patch-session", "reject-transfer-1", "reject-transfer-2")


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", SESSIONS)
def test_every_property_of_a_session_is_there_by_the_one_rule(name: str) -> None:
    carrier = payload(name)
    shown = rendering.session(carrier)
    assert shown["id"] == carrier["ChatSessionId"]
    assert "session_key" not in json.dumps(shown)
    left = {"ChatSessionId", "SessionKey", "TableRight", "FieldProperties", "_Links"}
    assert len(shown) == len(carrier.keys() - left) + 1
    assert shown["customer_company_name"] == carrier["CustomerCompanyName"]
    assert not any(name.startswith("when_") for name in shown)


def test_times_are_in_utc_with_what_is_known_of_the_second() -> None:
    shown = rendering.session(payload("patch-session"))
    assert shown["requested_at"] == "2011-01-11T16:54:08.007468Z"
    assert shown["started_at"] == "2024-04-15T15:54:08.007468Z"


def test_a_message_keeps_its_text_and_its_session() -> None:
    carrier = payload("add-message")
    shown = rendering.message(carrier)
    assert shown["id"] == carrier["ChatMessageId"]
    assert shown["chat_session_id"] == carrier["ChatSessionId"]
    assert shown["message"] == carrier["Message"]
    assert shown["posted_at"].endswith("Z")


@pytest.mark.parametrize(
    "written",
    [
        *("2026-03-02T09:15:00Z", "2026-03-02T09:15:00+00:00", "2026-03-02T09:15:00.1234567Z"),
        *("2026-03-02T09:15:00+01:00", "2026-03-02 09:15:00Z", "1899-12-31T23:59:59Z"),
        *("2026-02-30T09:15:00Z", "2026-W10-1T09:15:00Z", "0001-01-01T00:00:00Z", "9999-12-31"),
        *("2026-03-02T24:00:00Z", "2026-03-02T09:15:60Z", "2026x03-02T09:15:00Z"),
    ],
)
def test_the_short_way_to_a_date_gives_the_same_date(written: str) -> None:
    parsed = entities.parse_time(written)
    assert moments.moment(written) == (moments.stored_time(parsed), moments.rfc3339(parsed))


def test_dates_of_linked_records_are_dates_too() -> None:
    shown = rendering.session(
        {
            "ChatSessionId": 1,
            "Ticket": {"TicketId": 2, "CreatedAt": "2026-03-02T10:00:00+01:00", "Title": "Bread"},
            "Sale": {"SaleId": 3, "SaleDate": "0001-01-01T00:00:00"},
        }
    )
    assert shown["ticket"] == {
        "ticket_id": 2,
        "created_at": "2026-03-02T09:00:00Z",
        "title": "Bread",
    }
    assert shown["sale"]["sale_date"] is None


@pytest.mark.parametrize("name", SESSIONS)
def test_masking_leaves_no_address_number_or_host(name: str) -> None:
    carrier = payload(name)
    masked = json.dumps(rendering.masked(rendering.session(carrier)))
    for field in ("CustomerEmail", "CustomerPhone", "CustomerHost"):
        assert carrier[field] not in masked
    for link in ("Person", "Contact"):
        for field in ("Email", "EmailAddress", "DirectPhone", "MobilePhone", "FormattedAddress"):
            value = (carrier.get(link) or {}).get(field)
            assert not value or json.dumps(value) not in masked


def test_masking_reaches_into_lists_and_keeps_what_says_nothing() -> None:
    masked = rendering.masked(
        {
            "customer_email": "ola@example.net",
            "customer_phone": "+47 555 01 234",
            "customer_name": "Ola",
            "customer_host": "192.0.2.1",
            "others": [{"email": "kari@example.net"}, 7],
            "rating": 5,
        }
    )
    assert masked == {
        "customer_email": "o•••@example.net",
        "customer_phone": "•••34",
        "customer_name": "Ola",
        "customer_host": None,
        "others": [{"email": "k•••@example.net"}, 7],
        "rating": 5,
    }
