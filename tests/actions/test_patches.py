"""Editing a session, in both patch formats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.actions import errors, patches, verbs
from chatops.actions.models import Action, State
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from tests.actions.conftest import Mirrored
from tests.conftest import Person


@pytest.fixture
def chat_id(superoffice: StandIn, mirrored: Mirrored, mia: Person) -> int:
    chat = superoffice.chat(user="mia", email="old@example.net", messages=["Hello?"])
    mirrored(chat.id)
    return chat.id


def email(superoffice: StandIn, chat_id: int) -> str:
    return superoffice.session(chat_id).email


@pytest.mark.parametrize(
    "changes",
    [
        [{"op": "replace", "path": "/customer_email", "value": "new@example.net"}],
        [{"op": "add", "path": "CUSTOMEREMAIL", "value": "new@example.net"}],
        {"customerEmail": "new@example.net"},
        [
            {"op": "test", "path": "CustomerEmail", "value": "old@example.net"},
            {"op": "replace", "path": "customer_email", "value": "new@example.net"},
        ],
    ],
)
def test_an_edit_in_any_spelling_reaches_superoffice_and_the_mirror(
    superoffice: StandIn, chat_id: int, mia: Person, changes: object
) -> None:
    action = verbs.patch_session(chat_id, changes, wish=mia.wish())
    assert action.state == State.DONE
    assert email(superoffice, chat_id) == "new@example.net"
    assert ChatSession.objects.get(pk=chat_id).customer_email == "new@example.net"


def test_what_was_so_already_is_told_as_no_effect(
    superoffice: StandIn, chat_id: int, mia: Person
) -> None:
    edit = {"CustomerEmail": "new@example.net"}
    assert verbs.patch_session(chat_id, edit, wish=mia.wish()).state == State.DONE
    again = verbs.patch_session(chat_id, edit, wish=mia.wish())
    assert (again.state, again.code) == (State.NO_EFFECT, "already_so")


def test_a_lost_answer_to_what_was_so_already_proves_nothing(
    superoffice: StandIn, chat_id: int, mia: Person
) -> None:
    superoffice.fault("drop_before", method="PATCH", times=1)
    again = verbs.patch_session(chat_id, {"CustomerEmail": "old@example.net"}, wish=mia.wish())
    assert (again.state, again.code) == (State.NO_EFFECT, "already_so")


def test_removing_a_text_empties_it(superoffice: StandIn, chat_id: int, mia: Person) -> None:
    changes = [{"op": "remove", "path": "CustomerEmail"}]
    assert verbs.patch_session(chat_id, changes, wish=mia.wish()).state == State.DONE
    assert email(superoffice, chat_id) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"SessionKey": "x"},
        {"Status": "Finished"},
        {"User": {"AssociateId": 17}},
        {"nothing": "x"},
        {"CustomerPhone": "9" * 33},
        {"CustomerEmail": 7},
        {"Person": {"PersonId": -1}},
        {"Person": {"PersonId": 2**31}},
        {"Person": {"PersonId": True}},
        {"CustomerName": "a\nb"},
        {},
        [],
        "text",
        [{"op": "move", "path": "CustomerName", "from": "CustomerEmail"}],
        [{"op": "replace", "path": "CustomerName"}],
        [{"op": "replace", "path": 5, "value": "x"}],
        [{"op": "test", "path": "CustomerName", "value": "x"}],
        [{"op": "replace", "path": "CustomerName", "value": "x"}] * 10_001,
        ["x"],
    ],
)
def test_what_may_not_be_changed_is_refused_before_any_call(
    superoffice: StandIn, chat_id: int, mia: Person, changes: object
) -> None:
    before = len(superoffice.journal(kind="request"))
    with pytest.raises(errors.Invalid):
        verbs.patch_session(chat_id, changes, wish=mia.wish())
    assert len(superoffice.journal(kind="request")) == before


def test_a_value_that_somebody_changed_meanwhile_is_a_conflict_and_nothing_is_written(
    superoffice: StandIn, chat_id: int, mia: Person
) -> None:
    superoffice.control("PATCH", f"session/{chat_id}", email="theirs@example.net")
    changes = [
        {"op": "test", "path": "CustomerEmail", "value": "old@example.net"},
        {"op": "replace", "path": "CustomerEmail", "value": "mine@example.net"},
    ]
    with pytest.raises(errors.StateConflict) as conflict:
        verbs.patch_session(chat_id, changes, wish=mia.wish())
    assert conflict.value.extra["fields"] == ["CustomerEmail"]
    assert email(superoffice, chat_id) == "theirs@example.net"
    assert ChatSession.objects.get(pk=chat_id).customer_email == "theirs@example.net"


@pytest.mark.parametrize(
    ("status", "code"), [(404, "not_found"), (409, "state_conflict"), (412, "version_old")]
)
def test_what_superoffice_refuses_comes_back_as_itself(
    superoffice: StandIn, chat_id: int, mia: Person, status: int, code: str
) -> None:
    superoffice.fault("status", method="PATCH", status=status, times=1)
    action = verbs.patch_session(chat_id, {"customer_name": "New"}, wish=mia.wish())
    assert (action.state, action.code) == (State.REFUSED, code)


def test_a_field_that_did_not_take_is_told(superoffice: StandIn, chat_id: int, mia: Person) -> None:
    superoffice.fault("no_effect", method="PATCH", times=1)
    action = verbs.patch_session(chat_id, {"customer_name": "New"}, wish=mia.wish())
    assert action.state == State.NO_EFFECT
    assert action.proof == {"taken": [], "not_taken": ["CustomerName"]}


def test_an_old_version_is_412_and_nothing_is_sent(
    superoffice: StandIn, chat_id: int, mia: Person
) -> None:
    version = ChatSession.objects.get(pk=chat_id).version
    superoffice.control("PATCH", f"session/{chat_id}", email="theirs@example.net")
    with pytest.raises(errors.VersionOld):
        verbs.patch_session(chat_id, {"customer_name": "New"}, wish=mia.wish(version=version))
    assert not Action.objects.exists()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(json_values)
def test_any_json_is_a_patch_or_a_clear_refusal(changes: object) -> None:
    try:
        operations = patches.parse(changes)
    except errors.Invalid as invalid:
        told, paths = invalid.detail, set[str]()
    else:
        told, paths = "changed", {one.path for one in operations}
    assert told
    assert paths <= patches.ALLOWED


paths = st.sampled_from(sorted(patches.ALLOWED))


@given(paths, st.booleans(), st.data())
def test_case_underscores_and_a_leading_slash_do_not_matter(
    path: str, slash: bool, data: st.DataObject
) -> None:
    spelled = "".join(data.draw(st.sampled_from([char.lower(), char.upper()])) for char in path)
    value = "x" if path in patches.TEXTS else 5
    changes = [{"op": "replace", "path": "/" * slash + spelled, "value": value}]
    assert patches.parse(changes)[0].path == path
