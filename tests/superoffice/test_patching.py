"""PATCH paths and bodies (contract F)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.superoffice import patching
from chatops.superoffice.client import Client
from chatops.superoffice.entities import ChatSessionEntity, our_name
from chatops.superoffice.entities.carrier import plan_of
from chatops.superoffice.errors import Conflict, Refused
from tests.superoffice.conftest import Connect
from tests.superoffice.wires import answer, serving

SESSION = {"ChatSessionId": 5, "CustomerEmail": "new@example.net"}
NAMES = [plan.carried for plan in plan_of(ChatSessionEntity)]


@pytest.mark.parametrize(
    ("path", "theirs"),
    [
        ("/customeremail", "CustomerEmail"),
        ("CustomerEmail", "CustomerEmail"),
        ("customer_email", "CustomerEmail"),
        ("/requested_at", "WhenRequested"),
        ("Contact/ContactId", "Contact/ContactId"),
        ("/contact/contact_id", "Contact/ContactId"),
        ("USER/associateid", "User/AssociateId"),
        ("FieldProperties/anything/below", "FieldProperties/anything/below"),
    ],
)
def test_paths_ignore_case_underscores_and_the_slash(path: str, theirs: str) -> None:
    assert patching.carrier_path(path) == theirs


@given(st.sampled_from(NAMES), st.booleans(), st.sampled_from([str.lower, str.upper, our_name]))
def test_every_property_is_found_however_it_is_written(name, slash, write) -> None:  # type: ignore[no-untyped-def]  # drawn
    assert patching.carrier_path(("/" if slash else "") + write(name)) == name


@given(st.text())
def test_any_other_path_is_unknown_or_a_property(path: str) -> None:
    try:
        found = patching.carrier_path(path)
    except patching.UnknownPath:
        return
    assert found.split("/")[0] in NAMES


@pytest.mark.parametrize("path", ["", "/", "SessionKey", "Department", "Contact/SessionKey", "~1"])
def test_paths_to_nothing_or_to_a_secret_are_unknown(path: str) -> None:
    with pytest.raises(patching.UnknownPath):
        patching.carrier_path(path)


@pytest.mark.parametrize(
    ("path", "value"),
    [("A", 1), ("/B/C", 2), ("B/D/1", "y"), ("B/x", None), ("A/z", None), ("E~1F", 3)],
)
def test_values_are_found_at_their_path(path: str, value: object) -> None:
    raw = {"A": 1, "B": {"C": 2, "D": ["x", "y"]}, "E/F": 3}
    assert patching.value_at(raw, path) == value


def test_the_shape_of_the_changes_decides_the_content_type(connect: Connect) -> None:
    operations = [{"op": "replace", "path": "CustomerEmail", "value": "new@example.net"}]
    with serving(answer(SESSION)) as wire:
        client = Client(connect(wire))
        assert client.sessions.patch(5, operations) is not None
        client.sessions.patch(5, {"CustomerEmail": "new@example.net"}, select=["CustomerEmail"])
        first, second = wire.asked
        assert (first.method, first.target) == ("PATCH", "/api/v1/ChatSession/5")
        assert first.headers["content-type"] == "application/json-patch+json"
        assert first.json == operations
        assert second.headers["content-type"] == "application/merge-patch+json"
        assert second.target == "/api/v1/ChatSession/5?$select=CustomerEmail"


def test_a_server_that_takes_plain_json_only_gets_that(connect: Connect) -> None:
    with serving(answer("", status=415), answer(SESSION)) as wire:
        assert Client(connect(wire)).sessions.patch(5, {"CustomerEmail": "x"}) is not None
        assert [a.headers["content-type"] for a in wire.asked] == [
            "application/merge-patch+json",
            "application/json",
        ]


def test_a_test_that_fails_is_a_conflict(connect: Connect) -> None:
    guarded = [{"op": "test", "path": "CustomerEmail", "value": "old@example.net"}]
    with serving(answer("", status=409)) as wire:
        with pytest.raises(Conflict) as conflict:
            Client(connect(wire)).sessions.patch(5, guarded)
        assert isinstance(conflict.value, Refused)
        assert len(wire.asked) == 1


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "move", "from": "A", "path": "B"},
        {"op": "copy", "from": "A", "path": "B"},
        {"op": "replace", "path": "A"},
        {"op": "replace", "path": "/", "value": 1},
        {"op": "replace", "value": 1},
        {"path": "A", "value": 1},
    ],
)
def test_operations_superoffice_does_not_have_are_not_sent(
    operation: dict[str, object], connect: Connect
) -> None:
    with serving(answer(SESSION)) as wire:
        with pytest.raises(ValueError, match="patch operation"):
            Client(connect(wire)).sessions.patch(5, [operation])
        assert wire.connections == 0
