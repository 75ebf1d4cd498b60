"""Sessions, messages, topics and agents, as programs read them."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession, SessionReading
from tests.api.conftest import Bulk, MakeProgram, Mirrored, Program, indexed
from tests.conftest import Person


def test_a_session_is_answered_by_the_one_naming_rule(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hi", {"by": "mia", "text": "Hello"}])
    mirrored(chat.id)
    answer = api.get(f"sessions/{chat.id}/")
    assert answer.status == 200
    found = answer.json
    assert found["id"] == chat.id
    assert found["user"]["associate_id"] == 17
    assert found["requested_at"].endswith("Z")
    assert found["ended_at"] is None
    assert found["transfer_to"] is None
    assert found["as_of"].endswith("Z")
    assert "SessionKey" not in answer.response.content.decode()
    assert "session_key" not in found


def test_the_list_passes_on_what_one_session_answers(api: Program, bulk: Bulk) -> None:
    bulk(range(1, 4))
    listed = api.get("sessions/").json["results"]
    assert [one["id"] for one in listed] == [3, 2, 1]
    assert listed[0] == api.get("sessions/3/").json


@pytest.mark.parametrize(
    ("read_at", "told"),
    [
        (datetime(2026, 3, 1, 8, 0, 5, tzinfo=UTC), "2026-03-01T08:00:05Z"),
        (datetime(2026, 3, 1, 8, 0, 5, 120000, tzinfo=UTC), "2026-03-01T08:00:05.120000Z"),
        (None, None),
    ],
)
def test_a_list_and_a_session_tell_alike_when_it_was_read(
    api: Program, bulk: Bulk, read_at: datetime | None, told: str | None
) -> None:
    bulk([1])
    SessionReading.objects.update(read_at=read_at)
    assert api.get("sessions/").json["results"][0]["as_of"] == told
    assert api.get("sessions/1/").json["as_of"] == told


def test_fields_are_those_asked_for_and_no_others(api: Program, bulk: Bulk) -> None:
    bulk([5])
    assert api.get("sessions/?fields=id,version,status").json["results"] == [
        {"id": 5, "version": ChatSession.objects.get(pk=5).version, "status": "Finished"}
    ]
    assert api.get("sessions/5/?fields=customer_name").json == {"customer_name": "Customer 5"}
    refused = api.get("sessions/?fields=id,session_key")
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "fields")


def test_the_carrier_comes_as_superoffice_sent_it_less_its_secret(api: Program, bulk: Bulk) -> None:
    bulk([5])
    found = api.get("sessions/5/?expand=carrier").json["carrier"]
    assert found["CustomerName"] == "Customer 5"
    assert "SessionKey" not in found
    assert api.get("sessions/?expand=carrier").json["results"][0]["carrier"] == found
    assert list(api.get("sessions/?expand=carrier&fields=id").json["results"][0]) == [
        "id",
        "carrier",
    ]


def test_expanded_messages_are_the_messages(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", messages=["one", "two"])
    mirrored(chat.id)
    expanded = api.get(f"sessions/{chat.id}/?expand=messages").json["messages"]
    listed = api.get(f"sessions/{chat.id}/messages/").json["results"]
    assert expanded == listed
    assert [one["message"] for one in listed][-2:] == ["one", "two"]


def test_messages_after_an_id_are_those_that_are_new(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", messages=["one", "two", "three"])
    mirrored(chat.id)
    everything = api.get(f"sessions/{chat.id}/messages/").ids()
    assert everything == sorted(everything)
    assert api.get(f"sessions/{chat.id}/messages/?after={everything[1]}").ids() == everything[2:]


def test_messages_come_in_pages_that_follow_each_other(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", messages=[f"line {n}" for n in range(7)])
    mirrored(chat.id)
    path: str | None = f"sessions/{chat.id}/messages/?page_size=3"
    found: list[int] = []
    while path:
        answer = api.get(path)
        found += answer.ids()
        path = answer.json["next"]
    assert found == api.get(f"sessions/{chat.id}/messages/").ids()


def test_a_session_held_is_not_sent_again_until_it_changes(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    etag = api.get(f"sessions/{chat.id}/")["ETag"]
    assert etag == f'"{ChatSession.objects.get(pk=chat.id).version}"'
    held = api.get(f"sessions/{chat.id}/", If_None_Match=etag)
    assert (held.status, held.response.content) == (304, b"")
    chat.offer("ola")
    mirrored(chat.id)
    assert api.get(f"sessions/{chat.id}/", If_None_Match=etag).status == 200


def test_a_list_held_is_not_sent_again_until_anything_changes(api: Program, bulk: Bulk) -> None:
    bulk([1, 2])
    etag = api.get("sessions/")["ETag"]
    assert api.get("sessions/", If_None_Match=etag).status == 304
    assert api.get("sessions/?page_size=1", If_None_Match=etag).status == 200
    bulk([3])
    assert api.get("sessions/", If_None_Match=etag).status == 200


@pytest.mark.parametrize("wrong", ["open=7", "rating=-1", "requested_before=soon", "status=%00"])
def test_who_holds_the_list_is_told_all_the_same_what_is_wrong(
    api: Program, bulk: Bulk, wrong: str
) -> None:
    bulk([1])
    etag = api.get("sessions/")["ETag"]
    answer = api.get(f"sessions/?{wrong}", If_None_Match=etag)
    assert (answer.status, answer.code) == (422, "invalid")


def test_a_list_held_by_one_is_not_the_list_of_another(
    mia: Person, program: MakeProgram, bulk: Bulk
) -> None:
    bulk([1])
    etag = program(mia, "read", "personal").get("sessions/")["ETag"]
    assert program(mia, "read").get("sessions/", If_None_Match=etag).status == 200


def test_filters_find_what_they_say(api: Program, bulk: Bulk) -> None:
    bulk([1, 2], TopicId=7)
    bulk([3], TopicId=8, Status="InQueue")
    bulk([4], TopicId=9, User={"AssociateId": 17}, Status="CustomerLast")
    bulk([5], Person={"PersonId": 12}, Contact={"ContactId": 4}, Rating=5)
    indexed()
    for query, ids in {
        "topic=8": [3],
        "topic=8,9": [4, 3],
        "status=InQueue,CustomerLast": [4, 3],
        "open=true": [4, 3],
        "open=false": [5, 2, 1],
        "open=true&status=InQueue,Closed": [3],
        "open=true&status=Closed": [],
        "user=me": [4],
        "user=17": [4],
        "transfer_to=me": [],
        "person=12": [5],
        "contact=4": [5],
        "rating=5": [5],
        "gone=true": [],
        "requested_after=2026-03-02T09:04:00Z": [5, 4],
        "requested_before=2026-03-02T09:02:00Z": [1],
        "requested_after=2026-03-02T11:04:00%2B02:00": [5, 4],
        "requested_after=2026-03-02T11:04:00+02:00": [5, 4],
        "ended_after=2026-03-02&ended_before=2026-03-02T10:03:00Z": [2, 1],
        "search=customer+3": [3],
    }.items():
        assert api.get(f"sessions/?{query}").ids() == ids, query


def test_what_no_chat_can_be_is_answered_without_reading_chats(api: Program, bulk: Bulk) -> None:
    bulk([1])
    with CaptureQueriesContext(connection) as asked:
        answer = api.get("sessions/?open=true&status=Closed,Finished&ordering=requested_at")
    assert answer.ids() == []
    assert not any('FROM "mirror_chatsession"' in one["sql"] for one in asked.captured_queries)


def test_a_parameter_nobody_knows_is_refused_and_named(api: Program) -> None:
    for query, field in {
        "stauts=InQueue": "stauts",
        "page_size=501": "page_size",
        "page_size=0": "page_size",
        "page_size=x": "page_size",
        "ordering=customer_name": "ordering",
        "format=xml": "format",
        "topic=7&topic=8": "topic",
        "open=yes": "open",
        "rating=6": "rating",
        "user=you": "user",
        "person=99999999999": "person",
        "requested_after=yesterday": "requested_after",
        "requested_after=0001-01-01T00:00:00%2B14:00": "requested_after",
        "cursor=nonsense": "cursor",
        "cursor=WzAsbnVsbF0": "cursor",
        "search=%00": "search",
        "search=": "search",
    }.items():
        answer = api.get(f"sessions/?{query}")
        assert (answer.status, answer.code) == (422, "invalid"), query
        assert answer.json["errors"][0]["field"] == field, query


def test_topics_and_agents_are_listed_with_their_roles(api: Program, mirrored: Mirrored) -> None:
    mirrored()
    topics = api.get("topics/")
    assert topics.ids() == [7, 8, 9]
    assert topics.json["results"][0]["name"]
    kari = next(one for one in api.get("agents/").json["results"] if one["id"] == 19)
    assert [one["topic_id"] for one in kari["topics"] if one["can_manage"]] == [7, 8, 9]
    assert api.get("topics/", If_None_Match=topics["ETag"]).status == 304


def test_the_mirror_says_how_fresh_it_is(api: Program) -> None:
    found = api.get("mirror/").json
    assert found["as_of"] is None
    assert found["is_stale"] is True
    assert found["reason"]
    assert "jobs" not in found


def test_options_says_what_is_allowed_here(api: Program, bulk: Bulk) -> None:
    bulk([1])
    found = api.call("OPTIONS", "sessions/1/").json
    assert {"GET", "HEAD", "PATCH", "OPTIONS"} <= set(found["allow"])
    assert "application/json-patch+json" in found["parses"]
    assert "patch" in found["rights"]
    assert api.call("OPTIONS", "sessions/2/").status == 404


def test_head_answers_the_headers_alone(api: Program, bulk: Bulk) -> None:
    bulk([1])
    answer = api.call("HEAD", "sessions/1/")
    assert (answer.status, answer.response.content) == (200, b"")
    assert answer["ETag"] == api.get("sessions/1/")["ETag"]


def test_large_answers_are_compressed_for_those_who_can_read_it(api: Program, bulk: Bulk) -> None:
    bulk(range(1, 50))
    packed = api.get("sessions/", Accept_Encoding="gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.response.content) < len(api.get("sessions/").response.content) / 4
    etag = packed["ETag"]
    assert api.get("sessions/", If_None_Match=etag, Accept_Encoding="gzip").status == 304


def test_refresh_reads_the_session_at_superoffice_now(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    chat.say("Are you there?")
    answer = api.post(f"sessions/{chat.id}/refresh/")
    assert answer.status == 200
    assert answer.json["last_message"] == "Are you there?"
    assert json.loads(answer["ETag"]) == str(ChatSession.objects.get(pk=chat.id).version)


def test_refresh_without_superoffice_is_503_and_the_mirror_still_answers(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    superoffice.down()
    answer = api.post(f"sessions/{chat.id}/refresh/")
    assert (answer.status, answer.code) == (503, "remote_unavailable")
    assert int(answer["Retry-After"]) >= 1
    assert api.get(f"sessions/{chat.id}/").status == 200
