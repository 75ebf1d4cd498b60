"""Reading and writing messages: contract D.1 (15 to 17), E.2, H.1."""

import pytest

from chatops.demo.adapter import StandIn
from tests.demo.conftest import Cast

HELLO = {"Type": "ToCustomer", "Message": "Hello, <b>Mia</b> here.", "Author": "Mia Berg"}


def test_a_message_is_stored_as_sent_except_for_its_ids(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    stale = {"ChatMessageId": 5, "ChatSessionId": 6, "WhenPosted": "2001-01-01T00:00:00Z"}
    answer = cast.mia.post(f"ChatSession/{chat.id}/Messages", {**HELLO, **stale})
    assert answer["ChatMessageId"] > 900_000
    assert answer["ChatSessionId"] == chat.id
    assert answer["WhenPosted"] > "2026"
    assert (answer["Message"], answer["Author"]) == (HELLO["Message"], "Mia Berg")


def test_who_spoke_last_is_the_status(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    cast.mia.post(f"ChatSession/{chat.id}/Messages", HELLO)
    after_agent = (chat.now.status, chat.now.last_message)
    chat.say("Hi Mia")
    assert after_agent == ("UserLast", HELLO["Message"])
    assert (chat.now.status, chat.now.last_message) == ("CustomerLast", "Hi Mia")


def test_writing_in_the_queue_does_not_leave_it(office: StandIn) -> None:
    chat = office.chat(messages=["First", "Second"])
    assert chat.now.status == "InQueue"
    assert (chat.now.first_message, chat.now.last_message) == ("First", "Second")


def test_after_gives_only_what_is_newer(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia", messages=["one", "two", "three"])
    every = cast.mia.get(f"ChatSession/{chat.id}/Messages")
    cursor = sorted(m["ChatMessageId"] for m in every)[-2]
    newer = cast.mia.get(f"ChatSession/{chat.id}/Messages", after=cursor)
    assert [m["Message"] for m in newer] == ["three"]
    assert [m["SpecialType"] for m in every] == ["NewSession", "None", "None", "None"]


def test_the_same_text_twice_is_two_messages(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    ids = {
        cast.mia.post(f"ChatSession/{chat.id}/Messages", HELLO)["ChatMessageId"] for _ in range(2)
    }
    assert len(ids) == 2


def test_copies_are_cut_and_messages_are_not(office: StandIn) -> None:
    chat = office.chat(messages=["x" * 3000])
    assert len(chat.now.last_message) == 1024
    assert len(chat.now.messages[-1].text) == 3000


def test_read_flags_of_old_messages_flip_when_the_widget_polls(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    cast.mia.post(f"ChatSession/{chat.id}/Messages", HELLO)
    before = cast.mia.get(f"ChatSession/{chat.id}/Messages")[-1]["ReadByCustomer"]
    office.control("POST", "poll", session=chat.id)
    after = cast.mia.get(f"ChatSession/{chat.id}/Messages")[-1]["ReadByCustomer"]
    assert (before, after) == (0, 1)


def test_text_comes_back_changed_when_the_switch_is_on(office: StandIn, cast: Cast) -> None:
    office.options(normalise=True)
    chat = office.chat(user="mia")
    sent = {**HELLO, "Message": "  Smør&amp;  brød e\u0301 "}
    answer = cast.mia.post(f"ChatSession/{chat.id}/Messages", sent)
    assert answer["Message"] == "Smør& brød é"


@pytest.mark.parametrize("name", ["Type", "SpecialType"])
def test_an_unknown_enum_word_is_refused(office: StandIn, cast: Cast, name: str) -> None:
    chat = office.chat(user="mia")
    answer = cast.mia.call("POST", f"ChatSession/{chat.id}/Messages", json={**HELLO, name: "Shout"})
    assert answer.status_code == 400
    assert office.effects("message", session=chat.id)[-1]["payload"]["text"] == "Hello?"


def test_a_transcript_is_a_json_string(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia", messages=["Hello?"])
    plain = cast.mia.post(f"ChatSession/{chat.id}/Transcript?html=false")
    rich = cast.mia.post(f"ChatSession/{chat.id}/Transcript?html=true")
    assert "Test Customer" in plain
    assert "<p>" not in plain
    assert rich.startswith("<p><b>")
