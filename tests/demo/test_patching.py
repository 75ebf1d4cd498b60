"""PATCH: contract F."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from chatops.demo.adapter import StandIn
from tests.demo.conftest import Cast


@pytest.mark.parametrize("path", ["CustomerEmail", "/customeremail", "/CUSTOMEREMAIL"])
def test_paths_ignore_case_and_the_leading_slash(office: StandIn, cast: Cast, path: str) -> None:
    chat = office.chat(user="mia")
    answer = cast.mia.patch(chat.id, [{"op": "replace", "path": path, "value": "new@x.example"}])
    assert answer.status_code == 200
    assert answer.json()["CustomerEmail"] == "new@x.example"
    assert set(answer.json()["_Links"]) == {"Self", "Archive"}
    assert chat.now.email == "new@x.example"


def test_a_merge_patch_does_the_same_and_null_clears(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia", phone="1")
    answer = cast.mia.patch(chat.id, {"customername": "Ola Testmann", "CustomerPhone": None})
    assert answer.json()["CustomerName"] == "Ola Testmann"
    assert chat.now.phone == ""


def test_a_test_that_does_not_hold_is_409_and_saves_nothing(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    answer = cast.mia.patch(
        chat.id,
        [
            {"op": "replace", "path": "CustomerName", "value": "Somebody"},
            {"op": "test", "path": "CustomerEmail", "value": "other@x.example"},
        ],
    )
    assert answer.status_code == 409
    assert answer.json()["Error"] is True
    assert chat.now.name == "Test Customer"


def test_links_are_set_by_the_id_path_and_unknown_ones_do_not_take(
    office: StandIn, cast: Cast
) -> None:
    chat = office.chat(user="mia")
    set_known = [{"op": "replace", "path": "Contact/ContactId", "value": 2001}]
    set_unknown = [{"op": "replace", "path": "Person/PersonId", "value": 77}]
    assert cast.mia.patch(chat.id, set_known).json()["Contact"]["Name"] == "Nordlys Bakeri AS"
    assert not (cast.mia.patch(chat.id, set_unknown).json()["Person"] or {}).get("PersonId")
    assert (chat.now.contact_id, chat.now.person_id) == (2001, 0)


def test_fields_that_are_not_honoured_silently_do_not_take(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    answer = cast.mia.patch(
        chat.id,
        [
            {"op": "replace", "path": "Rating", "value": 5},
            {"op": "replace", "path": "TransferTo/AssociateId", "value": 18},
            {"op": "replace", "path": "SessionKey", "value": "mine"},
        ],
    )
    assert answer.status_code == 200
    assert answer.json()["Rating"] == 0
    assert chat.now.transfer_to is None
    assert office.effects("patch") == []


def test_status_finished_ends_the_chat_without_a_closing_message(
    office: StandIn, cast: Cast
) -> None:
    chat = office.chat(user="mia")
    lines = len(chat.now.messages)
    answer = cast.mia.patch(chat.id, {"Status": "Finished"})
    assert answer.json()["Status"] == "Finished"
    assert answer.json()["WhenEnded"][:4] != "0001"
    assert len(chat.now.messages) == lines


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([{"op": "move", "from": "CustomerName", "path": "CustomerEmail"}], 400),
        ([{"op": "copy", "from": "CustomerName", "path": "CustomerEmail"}], 400),
        ([{"op": "replace", "path": "NoSuchField", "value": 1}], 400),
        ([{"op": "replace", "path": "CustomerName"}], 400),
        ([{"op": "replace"}], 400),
        (["replace"], 400),
        ("text", 400),
        ([{"op": "replace", "path": "CustomerName", "value": {"a": 1}}], 500),
        ([{"op": "replace", "path": "Status", "value": "Sleeping"}], 500),
    ],
)
def test_what_cannot_be_done_is_refused(
    office: StandIn, cast: Cast, body: Any, status: int
) -> None:
    chat = office.chat(user="mia")
    assert cast.mia.patch(chat.id, body).status_code == status
    assert office.effects("patch") == []


def test_long_values_are_cut_at_the_column(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    answer = cast.mia.patch(chat.id, {"CustomerPhone": "5" * 50})
    assert answer.json()["CustomerPhone"] == "5" * 32


def test_an_unknown_session_is_404_and_an_odd_body_type_415(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    url = f"ChatSession/{chat.id}"
    assert cast.mia.patch(999_999, {}).status_code == 404
    assert cast.mia.call("PATCH", url, data="<x/>").status_code == 415
    broken = cast.mia.call("PATCH", url, data="{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 400


def test_if_unmodified_since_counts_only_with_the_switch(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    old = format_datetime(office.office.now() - timedelta(hours=1), usegmt=True)
    change = {"CustomerName": "A"}
    ignored = cast.mia.patch(chat.id, change, **{"If-Unmodified-Since": old})
    office.options(unmodified_since=True)
    refused = cast.mia.patch(chat.id, {"CustomerName": "B"}, **{"If-Unmodified-Since": old})
    assert (ignored.status_code, refused.status_code) == (200, 412)
    assert chat.now.name == "A"


def test_a_server_without_patch_says_405_and_leaves_it_out_of_its_list(
    office: StandIn, cast: Cast
) -> None:
    chat = office.chat(user="mia")
    calls = cast.mia.get("")
    office.options(patch_supported=False)
    answer = cast.mia.patch(chat.id, {"CustomerName": "A"})
    url = f"{office.url}/v1/ChatSession/{{id}}"
    assert answer.status_code == 405
    assert "PATCH" in calls[url]
    assert "PATCH" not in cast.mia.get("")[url]


def test_put_replaces_and_loses_what_is_left_out(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia", phone="123")
    answer = cast.mia.call("PUT", f"ChatSession/{chat.id}", json={"CustomerName": "Only this"})
    assert answer.json()["CustomerName"] == "Only this"
    assert (chat.now.phone, chat.now.email) == ("", "")
