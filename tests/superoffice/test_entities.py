"""Carriers become entities: complete, tolerant, without secrets."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.superoffice import entities
from chatops.superoffice.entities.carrier import plan_of

ALL = [getattr(entities, name) for name in entities.__all__]
CARRIERS = [
    c for c in ALL if isinstance(c, type) and issubclass(c, entities.Carrier) and plan_of(c)
]


def test_the_ordered_page_of_a_session_is_read_completely(payload: Callable[[str], Any]) -> None:
    session = entities.ChatSessionEntity.from_json(payload("accept-transfer"))
    assert session.id == 459
    assert session.topic_id == 74
    assert session.user is not None
    assert session.user.full_name == "Ms. Maegan Koelpin"
    assert session.user.ej_user_id == 953
    assert session.associate_id == 579
    assert session.status == "Closed"
    assert not session.is_open
    assert session.requested_at == datetime(2002, 9, 22, 13, 5, 41, 691002, UTC)
    assert session.person is not None
    assert session.person_id == session.person.person_id > 0
    assert session.contact_id == 435
    assert session.customer_consented is True


@pytest.mark.parametrize(
    "name", ["accept-transfer", "reject-transfer-1", "reject-transfer-2", "patch-session"]
)
def test_no_field_of_the_ordered_pages_is_unknown(name: str, payload: Callable[[str], Any]) -> None:
    raw = payload(name)
    assert entities.unknown_fields(raw) == set()
    session = entities.ChatSessionEntity.from_json(raw)
    assert entities.unknown_words(session) == set()
    assert session.raw == {key: value for key, value in raw.items() if key != "SessionKey"}


def test_the_ordered_page_of_a_message_is_read_completely(payload: Callable[[str], Any]) -> None:
    raw = payload("add-message")
    message = entities.ChatMessage.from_json(raw)
    assert (message.id, message.session_id, message.message) == (568, 571, "velit")
    assert (message.type, message.special_type, message.special_param) == (
        "Invalid", "Block", "ipsa"
    )  # fmt: skip
    assert message.read_by_customer == 620
    assert message.posted_at == datetime(2009, 5, 24, 15, 54, 8, 54334, UTC)
    assert entities.unknown_fields(raw, entities.ChatMessage) == set()


def test_the_session_key_is_nowhere() -> None:
    hidden = {"SessionKey": "s3cret", "User": {"AssociateId": 1, "SessionKey": "s3cret"}}
    session = entities.ChatSessionEntity.from_json(
        {"ChatSessionId": 1, **hidden, "FieldProperties": {"x": [{"SessionKey": "s3cret"}]}}
    )
    assert "s3cret" not in json.dumps(session.raw) + repr(session) + str(session.user)
    assert session.user is not None
    assert "s3cret" not in json.dumps(session.user.raw)


def test_credentials_and_webhook_secrets_are_dropped_too() -> None:
    principal = entities.Principal.from_json(
        {"AssociateId": 5, "ProvidedCredentials": [{"Type": "Ticket", "Value": "s3cret"}]}
    )
    webhook = entities.Webhook.from_json({"WebhookId": 5, "Secret": "s3cret"})
    assert "s3cret" not in f"{principal.raw}{webhook.raw}"


def test_what_is_shown_of_an_entity_is_no_personal_data() -> None:
    person = entities.Person.from_json({"PersonId": 3, "FullName": "Ola Testmann"})
    assert repr(person) == "<Person 3>"


@pytest.mark.parametrize("carrier", CARRIERS)
def test_names_follow_the_rule(carrier: type[entities.Carrier]) -> None:
    own = {"ChatSessionEntity": "ChatSessionId", "ChatMessage": "ChatMessageId"}
    for plan in plan_of(carrier):
        expected = entities.our_name(plan.carried)
        assert plan.name == ("id" if own.get(carrier.__name__) == plan.carried else expected)


@pytest.mark.parametrize(
    ("carried", "ours"),
    [
        ("WhenRequested", "requested_at"),
        ("ChatbotIsActive", "chatbot_is_active"),
        ("URLName", "url_name"),
        ("EjUserId", "ej_user_id"),
        ("EMailAddress", "e_mail_address"),
        ("Number1", "number1"),
        ("_Links", "links"),
        ("Whenever", "whenever"),
    ],
)
def test_names_are_made_readable(carried: str, ours: str) -> None:
    assert entities.our_name(carried) == ours


@pytest.mark.parametrize("nobody", [None, {"AssociateId": 0}, {"AssociateId": -1}, {}, [], "x"])
def test_nobody_is_none_however_it_is_said(nobody: object) -> None:
    session = entities.ChatSessionEntity.from_json({"User": nobody, "TransferTo": nobody})
    assert session.user is None
    assert session.transfer_to_id is None


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("InQueue", "InQueue"),
        (4, "InQueue"),
        ("4", "InQueue"),
        ("Snoozed", "Snoozed"),
        (77, "77"),
        (None, "Invalid"),
        ({}, "Invalid"),
    ],
)
def test_a_status_is_kept_as_a_word(value: object, status: str) -> None:
    assert entities.ChatSessionEntity.from_json({"Status": value}).status == status


def test_words_that_are_new_are_reported() -> None:
    session = entities.ChatSessionEntity.from_json({"Status": "Snoozed"})
    message = entities.ChatMessage.from_json({"Type": "ToBot", "SpecialType": "Sticker"})
    assert entities.unknown_words(session) == {"Status=Snoozed"}
    assert entities.unknown_words(message) == {"Type=ToBot", "SpecialType=Sticker"}


def test_fields_that_are_new_are_reported_with_their_place() -> None:
    raw = {"ChatSessionId": 1, "Mood": 1, "User": {"AssociateId": 2, "Avatar": ""}, "_Links": {}}
    assert entities.unknown_fields(raw) == {"Mood", "User/Avatar"}


def test_every_status_is_open_or_closed_except_invalid() -> None:
    both = entities.OPEN_STATUSES | entities.CLOSED_STATUSES
    assert {str(s) for s in entities.ChatSessionStatus} - both == {"Invalid"}
    assert not entities.OPEN_STATUSES & entities.CLOSED_STATUSES
    numbers = {str(s): s.number for s in entities.ChatSessionStatus}
    assert numbers["InQueue"] == 4
    assert numbers["ClosedFromQueue"] == 11


def test_older_names_of_a_request_are_read() -> None:
    ticket = entities.Ticket.from_json({"TicketId": 1, "CustFullname": "Ola Testmann"})
    assert ticket.person_fullname == "Ola Testmann"
    assert entities.unknown_fields(ticket.raw, entities.Ticket) == set()


def test_items_of_a_grouped_list_have_children() -> None:
    item = entities.ListItem.from_json({"Id": 1, "ChildItems": [{"Id": 2, "Name": "x"}, None]})
    assert [child.name for child in item.children] == ["x"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2**31 - 1, 2**31 - 1), (2**31, 0), ("12", 12), (3.0, 3), (3.5, 0), ("x", 0), ("9" * 99, 0)],
)
def test_ids_are_int32_or_nothing(value: object, expected: int) -> None:
    assert entities.ChatSessionEntity.from_json({"ChatSessionId": value}).id == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("carrier", CARRIERS)
@given(data=st.data())
def test_no_content_breaks_an_entity(carrier: type[entities.Carrier], data: st.DataObject) -> None:
    names = [plan.carried for plan in plan_of(carrier)]
    raw = data.draw(st.dictionaries(st.sampled_from(names), JSON, max_size=6))
    entity = carrier.from_json(raw)
    assert repr(entity).startswith(f"<{carrier.__name__}")


def test_nesting_beyond_reason_is_a_value_error() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"x": deep}
    with pytest.raises(ValueError, match="deep"):
        entities.ChatSessionEntity.from_json(deep)
