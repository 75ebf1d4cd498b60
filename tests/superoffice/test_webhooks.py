"""Signatures and bodies of deliveries (contract I.3 to I.5)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.superoffice.webhooks import UnreadableWebhook, is_signed, parse, signature

CHANGED = (
    b'{"EventId":"5b1d6a0e-2f4c-4a8e-9b57-0c6f3d2e1a90","Timestamp":"2026-03-02T09:15:27.1234567Z"'
    b',"Changes":[],"Event":"chatsession.changed","PrimaryKey":48213,"Entity":"chatsession",'
    b'"ContextIdentifier":"Cust00042","ChangedByAssociateId":17,"WebhookName":"chatops"}'
)
TEST = '{"EventId":"x","Event":"test","WebhookName":"Kundestøtte"}'.encode()
VECTORS = [
    ("chatops-demo-secret", CHANGED, 260, "Z5ddOME7jcpRFcd/d4pt5UkrvzXlp6DVkGPuHMwM36g="),
    ("blåbær", TEST, 59, "p5l1wpVxiftpY/KZpBm66zghP51rUYMJpJpW9uBJgaw="),
]


@pytest.mark.parametrize(("secret", "body", "length", "expected"), VECTORS)
def test_the_contracts_vectors_hold(secret: str, body: bytes, length: int, expected: str) -> None:
    assert len(body) == length
    assert signature(body, secret) == expected
    assert is_signed(body, expected, [secret])
    assert is_signed(body, f" {expected} ", ["newer", secret, "older"])


@pytest.mark.parametrize("header", ["", "x", "Z5ddOME7", "Å" * 44, "\udcff", "=" * 44])
def test_a_wrong_signature_is_not_taken(header: str) -> None:
    assert not is_signed(CHANGED, header, ["chatops-demo-secret"])


def test_without_a_secret_nothing_is_signed() -> None:
    assert not is_signed(CHANGED, signature(CHANGED, ""), [])
    assert not is_signed(CHANGED, signature(CHANGED, ""), [""])


@given(st.binary(max_size=200), st.text(min_size=1), st.integers(0, 199))
def test_any_changed_byte_breaks_the_signature(body: bytes, secret: str, where: int) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    signed = signature(body, secret)
    assert is_signed(body, signed, [secret])
    if body:
        at = where % len(body)
        other = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert not is_signed(other, signed, [secret])


def test_a_delivery_is_read() -> None:
    payload = parse(CHANGED)
    assert payload.event_id == "5b1d6a0e-2f4c-4a8e-9b57-0c6f3d2e1a90"
    assert (payload.event, payload.entity) == ("chatsession.changed", "chatsession")
    assert payload.primary_key == payload.session_id == 48213
    assert payload.timestamp == datetime(2026, 3, 2, 9, 15, 27, 123456, UTC)
    assert (payload.context, payload.changed_by) == ("Cust00042", 17)
    assert payload.webhook_name == "chatops"
    assert not payload.is_test


def test_a_test_call_is_known_as_one() -> None:
    payload = parse(TEST)
    assert payload.is_test
    assert payload.session_id is None


def test_odd_types_and_missing_values_pass() -> None:
    payload = parse(b'{"Event": "chatsession.message", "PrimaryKey": "12", "EventId": 7}')
    assert (payload.session_id, payload.event_id, payload.timestamp) == (12, "7", None)
    assert parse(b"{}").event == ""


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b"{", b"\xff", b"[" * 10**5])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableWebhook):
        parse(body)
