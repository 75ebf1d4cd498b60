"""The schema of an edit takes exactly what the reader of edits takes."""

from itertools import product
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its authors ship none
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.actions import patches
from chatops.actions.errors import Invalid
from chatops.api import patch_shapes

JSON_PATCH = jsonschema.Draft202012Validator(
    patch_shapes.JSON_PATCH | {"items": patch_shapes.OPERATION}
)
MERGE_PATCH = jsonschema.Draft202012Validator(patch_shapes.MERGE_PATCH)
NAMES = st.sampled_from(
    [
        "customer_name",
        "/CustomerEmail",
        "customerphone",
        "_Customer__Company_Name",
        "customer_name/",
        "person",
        "/per_son/",
        "Person//",
        "Person/PersonId",
        "/ticket//ticket_id",
        "person/contact_id",
        "status",
        "customer_name/x",
        "",
        "//customer_name",
    ]
)
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(["", "Ola", "x" * 32, "x" * 33, "x" * 256, "a\nb", "\x7f", "é"]),
    st.sampled_from([None, True, 0, 7, 7.0, 7.5, -1, 2**31 - 1, 2**31, []]),
)
INNER = st.dictionaries(
    st.sampled_from(["person_id", "/PersonId/", "//person_id", "/ticketid", "name", "contact_id"]),
    VALUES,
    max_size=2,
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from([*patches.OPERATIONS, "move"]), "path": NAMES},
    optional={"value": VALUES},
)


def is_read(changes: Any) -> bool:
    try:
        return bool(patches.parse(changes))
    except Invalid:
        return False


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(NAMES, VALUES | INNER, max_size=3))
def test_of_a_merge_patch(changes: Any) -> None:
    assert MERGE_PATCH.is_valid(changes) == is_read(changes)


def test_of_every_spelling_of_a_link() -> None:
    outer = ["person", "Person/", "/_PERSON_/", "//person", "person//"]
    inner = ["person_id", "/personid", "PersonId/", "/PERSON__ID/", "//person_id", "person_id//"]
    for one, two in product(outer, inner):
        changes = {one: {two: 7}}
        assert MERGE_PATCH.is_valid(changes) == is_read(changes), changes
    twice = {"person": {"person_id": 7, "PersonId": 7}}  # which one is meant?
    assert not MERGE_PATCH.is_valid(twice)
    assert not is_read(twice)


@settings(max_examples=500, deadline=None)
@given(st.lists(OPERATIONS, max_size=3))
def test_of_a_json_patch(changes: Any) -> None:
    plain = [one for one in changes if not (one["op"] == "remove" and "value" in one)]
    assert JSON_PATCH.is_valid(plain) == is_read(plain)


def test_what_a_removal_says_beside_its_path_is_not_written() -> None:
    removal = [{"op": "remove", "path": "/customer_name", "value": "Ola"}]
    assert patches.parse(removal) == [patches.Operation("replace", "CustomerName", "")]
