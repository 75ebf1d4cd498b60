"""Pick-up, reset, ending, coming back: contract D.1 (12 to 14), H.2, H.4."""

from concurrent.futures import ThreadPoolExecutor

from chatops.demo.adapter import StandIn
from tests.demo.conftest import Cast, Person


def test_picking_up_greets_the_customer_and_takes_the_chat(office: StandIn, cast: Cast) -> None:
    chat = office.chat()
    answer = cast.mia.post(f"ChatSession/{chat.id}/Pickup")
    assert answer["User"]["AssociateId"] == 17
    assert answer["Status"] == "UserLast"
    assert answer["Rank"] == 1
    assert answer["WhenStarted"][:4] != "0001"
    assert chat.now.messages[-1].special == "Welcome"


def test_a_chat_that_does_not_wait_is_null(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="ola")
    assert cast.mia.post(f"ChatSession/{chat.id}/Pickup") is None


def test_of_twenty_who_pick_up_at_once_one_gets_it(office: StandIn) -> None:
    chat = office.chat()
    people = [Person(office, office.add_person(f"p{n}").user) for n in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda p: p.post(f"ChatSession/{chat.id}/Pickup"), people))
    assert sum(answer is not None for answer in answers) == 1
    assert len(office.effects("pickup")) == 1
    for person in people:
        person.close()


def test_the_first_of_the_queue_is_the_oldest_of_my_topics(office: StandIn, cast: Cast) -> None:
    office.chat(topic=9)
    mine = office.chat(topic=8)
    office.chat(topic=7)
    assert cast.mia.post("ChatSession/Pickup")["ChatSessionId"] == mine.id


def test_an_empty_queue_is_null(cast: Cast) -> None:
    assert cast.mia.post("ChatSession/Pickup") is None


def test_ranks_are_the_lowest_free_numbers(office: StandIn, cast: Cast) -> None:
    chats = [office.chat() for _ in range(3)]
    ranks = [cast.mia.post(f"ChatSession/{chat.id}/Pickup")["Rank"] for chat in chats]
    assert ranks == [1, 2, 3]
    chats[1].end(by="mia")
    assert cast.mia.post(f"ChatSession/{office.chat().id}/Pickup")["Rank"] == 2


def test_reset_puts_it_back_and_silences_the_bot(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia", fields={"chatbot": True})
    answer = cast.mia.post(f"ChatSession/{chat.id}/Reset")
    assert (answer["Status"], answer["ChatbotIsActive"]) == ("InQueue", False)
    assert chat.now.user is None


def test_with_nobody_present_reset_leads_to_the_offline_form(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    rows = [{"UserId": p.ejuser, "Present": False} for p in office.people.values() if p.ejuser]
    assert cast.kari.call("POST", "Presence/SaveAll", json=rows).status_code == 204
    assert cast.mia.post(f"ChatSession/{chat.id}/Reset")["Status"] == "OfflineForm"


def test_leaving_the_queue_is_not_the_same_as_finishing(office: StandIn) -> None:
    waiting, talking = office.chat(), office.chat(user="mia")
    waiting.end()
    talking.end()
    assert (waiting.now.status, talking.now.status) == ("ClosedFromQueue", "Finished")


def test_a_customer_who_writes_again_reopens_a_finished_chat(office: StandIn) -> None:
    chat = office.chat(user="mia")
    chat.end(by="mia")
    chat.say("One more thing")
    assert (chat.now.status, chat.now.ended) == ("CustomerLast", None)
    assert [m.special for m in chat.now.messages[-2:]] == ["ReopenedByCustomer", "None"]


def test_deleting_is_silent_and_final(office: StandIn, cast: Cast) -> None:
    chat = office.chat()
    assert cast.kari.call("DELETE", f"ChatSession/{chat.id}").status_code == 204
    assert cast.kari.call("GET", f"ChatSession/{chat.id}").status_code == 404
    assert cast.kari.call("GET", f"ChatSession/{chat.id}/Messages").status_code == 404


def test_a_topic_starts_sessions_and_default_stores_none(office: StandIn, cast: Cast) -> None:
    assert cast.mia.get("ChatSession/default")["ChatSessionId"] == 0
    started = cast.mia.post("ChatTopic/8/Sessions")
    assert (started["TopicId"], started["Status"]) == (8, "InQueue")
    assert list(office.office.sessions) == [started["ChatSessionId"]]


def test_a_new_channel_has_its_own_queue_and_welcome(office: StandIn) -> None:
    topic = office.control("POST", "topic", name="Returns", welcome="Hello there")["id"]
    per = Person(office, office.add_person("per", topics=[topic]).user)
    assert [one["Name"] for one in per.get("ChatTopic/ForCurrentUser")] == ["Returns"]
    started = per.post(f"ChatTopic/{topic}/Sessions")
    assert per.post("ChatSession/Pickup")["ChatSessionId"] == started["ChatSessionId"]
    messages = office.session(started["ChatSessionId"]).messages
    assert messages[-1].text == "Hello there"
    per.close()
