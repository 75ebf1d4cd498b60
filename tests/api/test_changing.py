"""Change requests: once for each key, on the version that was seen, and what became of them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions.models import Action, State
from chatops.demo.adapter import StandIn
from chatops.reports import forgetting
from tests.api.conftest import MakeProgram, Mirrored, Program
from tests.conftest import MakePerson, Person

KEYS = {
    "id", "verb", "state", "session_id", "requested_by", "created_at", "settled_at", "detail",
    "session", "message", "code", "evidence", "second_of",
}  # fmt: skip


def test_accepting_answers_the_action_with_the_fresh_session(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    answer = api.post(f"sessions/{chat.id}/accept-transfer/")
    assert answer.status == 200
    found = answer.json
    assert set(found) == KEYS
    assert (found["verb"], found["state"]) == ("accept_transfer", "done")
    assert found["session"]["user"]["associate_id"] == 17
    assert found["requested_by"] == "mia"
    assert found["evidence"]["proof"]["user"] == 17
    assert chat.now.user == 17
    assert api.get(f"actions/{found['id']}/").json == found


def test_rejecting_leaves_the_chat_with_the_colleague(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    answer = api.post(f"sessions/{chat.id}/reject-transfer/")
    assert (answer.status, answer.json["state"]) == (200, "done")
    assert (chat.now.user, chat.now.transfer_to) == (18, None)


def test_a_message_is_sent_as_typed_and_comes_back_with_its_id(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    answer = api.post(f"sessions/{chat.id}/messages/", {"message": "1 < 2 & «ja»\nsecond 👍"})
    assert answer.status == 200
    message = answer.json["message"]
    assert message["id"] == chat.now.messages[-1].id
    assert message["author"] == "Mia Berg"
    assert answer.json["evidence"]["asked"] == {"message": "1 < 2 & «ja»\nsecond 👍"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/merge-patch+json", {"customer_email": "new@example.net"}),
        ("application/json", {"CustomerEmail": "new@example.net"}),
        (
            "application/json-patch+json",
            [{"op": "replace", "path": "/customeremail", "value": "new@example.net"}],
        ),
        (
            "application/json",
            [{"op": "replace", "path": "customer_email", "value": "new@example.net"}],
        ),
    ],
)
def test_a_session_is_edited_in_either_patch_format(
    superoffice: StandIn, api: Program, mirrored: Mirrored, kind: str, body: object
) -> None:
    chat = superoffice.chat(user="mia", email="old@example.net")
    mirrored(chat.id)
    answer = api.patch(f"sessions/{chat.id}/", body, content_type=kind)
    assert (answer.status, answer.json["state"]) == (200, "done")
    assert answer.json["session"]["customer_email"] == "new@example.net"
    assert superoffice.session(chat.id).email == "new@example.net"


def test_a_patch_must_have_the_shape_its_content_type_says(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    for kind, body in {
        "application/merge-patch+json": [{"op": "remove", "path": "x"}],
        "application/json-patch+json": {"customer_name": "x"},
    }.items():
        answer = api.patch(f"sessions/{chat.id}/", body, content_type=kind)
        assert (answer.status, answer.code) == (422, "invalid")
    assert api.patch(f"sessions/{chat.id}/", {"a": 1}, content_type="text/plain").status == 415


def test_a_field_that_may_not_be_changed_is_named(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    answer = api.patch(f"sessions/{chat.id}/", {"status": "Closed"})
    assert (answer.status, answer.code) == (422, "invalid")
    assert answer.json["errors"][0]["field"] == "status"
    assert not superoffice.effects("patch", session=chat.id)


def test_a_contradicted_test_is_409_with_the_session_as_it_is_now(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", email="now@example.net")
    mirrored(chat.id)
    body = [
        {"op": "test", "path": "/customer_email", "value": "before@example.net"},
        {"op": "replace", "path": "/customer_email", "value": "mine@example.net"},
    ]
    answer = api.patch(f"sessions/{chat.id}/", body)
    assert (answer.status, answer.code) == (409, "state_conflict")
    assert answer.json["session"]["customer_email"] == "now@example.net"


def test_the_same_key_gives_the_same_action_and_sends_nothing(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    path, body = f"sessions/{chat.id}/messages/", {"message": "Hello"}
    first = api.post(path, body, key="k-1")
    again = api.post(path, body, key="k-1")
    assert (first.status, again.status) == (200, 200)
    assert again.response.content == first.response.content
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.response
    assert [one.text for one in chat.now.messages].count("Hello") == 1


def test_a_repeated_request_is_answered_as_the_first_one_was_though_much_has_happened_since(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", topic=7)
    mirrored(chat.id)
    path, body = f"sessions/{chat.id}/messages/", {"message": "Hello"}
    first = api.post(path, body, key="k-1")
    chat.say("And this came later")
    mirrored(chat.id)
    now = api.get(f"sessions/{chat.id}/").json
    assert now["last_message"] == "And this came later"
    again = api.post(path, body, key="k-1")
    assert again.response.content == first.response.content
    action = api.get(f"actions/{first.json['id']}/").json
    assert action["session"]["last_message"] == "And this came later"


def test_what_the_first_answer_showed_is_shown_to_those_who_may_still_see_it_and_for_a_day(
    superoffice: StandIn, api: Program, mirrored: Mirrored, settings: Settings
) -> None:
    chat = superoffice.chat(user="mia", topic=7)
    mirrored(chat.id)
    path, body = f"sessions/{chat.id}/messages/", {"message": "Hello"}
    first = api.post(path, body, key="k-1").json
    mirrored(chat.id)
    Action.objects.update(settled_at=timezone.now() - timedelta(hours=25))
    forgetting.run_due()
    later = api.post(path, body, key="k-1").json
    assert later["id"] == first["id"]
    assert later["session"]["as_of"] > first["session"]["as_of"]


def test_the_same_key_for_something_else_is_refused(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    path = f"sessions/{chat.id}/messages/"
    api.post(path, {"message": "Hello"}, key="k-1")
    answer = api.post(path, {"message": "Goodbye"}, key="k-1")
    assert (answer.status, answer.code) == (422, "key_reused")


def test_two_programs_may_use_the_same_key(
    superoffice: StandIn, mia: Person, program: MakeProgram, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    path, body = f"sessions/{chat.id}/messages/", {"message": "Hello"}
    answers = [program(mia).post(path, body, key="k") for _ in range(2)]
    assert answers[0].json["id"] != answers[1].json["id"]


@pytest.mark.parametrize(
    ("key", "code"), [("", "key_required"), ("x" * 256, "key_invalid"), ("a\tb", "key_invalid")]
)
def test_a_change_without_a_proper_key_is_refused(api: Program, key: str, code: str) -> None:
    answer = api.post("sessions/1/pick-up/", key=key)
    assert (answer.status, answer.code) == (400, code)


def test_an_old_version_is_412_with_the_session_as_it_is_now(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", email="a@example.net")
    mirrored(chat.id)
    etag = api.get(f"sessions/{chat.id}/")["ETag"]
    superoffice.control("PATCH", f"session/{chat.id}", email="b@example.net")
    body = {"customer_email": "c@example.net"}
    answer = api.patch(f"sessions/{chat.id}/", body, If_Match=etag)
    assert (answer.status, answer.code) == (412, "version_old")
    assert answer.json["session"]["customer_email"] == "b@example.net"
    fresh = f'"{answer.json["session"]["version"]}"'
    saved = api.patch(f"sessions/{chat.id}/", body, If_Match=fresh)
    assert saved.status == 200
    for number, form in enumerate(('W/"{}"', '"1", "{}"', "*")):
        matching = form.format(saved.json["session"]["version"])
        another = {"customer_phone": f"{number}"}
        saved = api.patch(f"sessions/{chat.id}/", another, If_Match=matching)
        assert saved.status == 200, matching
    assert api.patch(f"sessions/{chat.id}/", body, If_Match='"no version"').status == 412
    wrong = api.patch(f"sessions/{chat.id}/", {"rank": 1}, If_Match='"no version"')
    assert wrong.status == 422, "what is wrong in itself is told before what is old"


def test_a_lost_answer_is_202_and_followed_to_its_ending(
    superoffice: StandIn, api: Program, mirrored: Mirrored, settings: object
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    superoffice.fault("status", path="AcceptTransfer", status=502, times=1)
    superoffice.fault("status", path=f"ChatSession/{chat.id}$", status=502, after_n=1, times=9)
    answer = api.post(f"sessions/{chat.id}/accept-transfer/")
    assert (answer.status, answer.json["state"]) == (202, "unknown")
    location = answer["Location"]
    assert location.endswith(f"/api/v1/actions/{answer.json['id']}/")
    assert api.get(location).json["state"] == "unknown"


def test_what_superoffice_refuses_is_a_problem_with_the_action(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    superoffice.fault("status", path="AcceptTransfer", status=403, times=1)
    answer = api.post(f"sessions/{chat.id}/accept-transfer/", key="k")
    assert (answer.status, answer.code) == (403, "forbidden")
    assert answer.json["action"]["state"] == "refused"
    again = api.post(f"sessions/{chat.id}/accept-transfer/", key="k")
    assert (again.status, again["Idempotency-Replayed"]) == (403, "true")


def test_a_chat_that_is_not_on_offer_is_409_and_nothing_is_sent(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    answer = api.post(f"sessions/{chat.id}/accept-transfer/")
    assert (answer.status, answer.code) == (409, "state_conflict")
    assert answer.json["session"]["id"] == chat.id
    assert not superoffice.effects("accept", session=chat.id)


def test_without_superoffice_nothing_is_queued(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    superoffice.down()
    answer = api.post(f"sessions/{chat.id}/accept-transfer/")
    assert (answer.status, answer.code) == (503, "remote_unavailable")
    assert int(answer["Retry-After"]) >= 1
    assert not Action.objects.exists()


def test_a_program_of_somebody_without_an_account_cannot_act(
    superoffice: StandIn, person: MakePerson, program: MakeProgram, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    caller = program(person("nobody", "agent", link=False))
    answer = caller.post(f"sessions/{chat.id}/accept-transfer/")
    assert (answer.status, answer.code) == (409, "identity_required")


def test_a_waiting_chat_is_picked_up_transferred_and_reset(
    superoffice: StandIn, kari: Person, program: MakeProgram, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(topic=7)
    mirrored(chat.id)
    lead = program(kari)
    taken = lead.post("sessions/pick-up-next/", {"topic": 7}, key="n")
    assert (taken.status, taken.json["session_id"]) == (200, chat.id)
    assert lead.post("sessions/pick-up-next/", {"topic": 7}, key="n").json == taken.json
    offered = lead.post(f"sessions/{chat.id}/transfer/", {"to": "ola"})
    assert (offered.status, offered.json["session"]["transfer_to"]["associate_id"]) == (200, 18)
    put_back = lead.post(f"sessions/{chat.id}/reset/")
    assert put_back.json["state"] in ("done", "no_effect")
    empty = lead.post("sessions/pick-up-next/", {"topic": 8})
    assert (empty.status, empty.code) == (409, "queue_empty")


def test_ending_a_chat_is_switched_off_until_somebody_switches_it_on(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    assert api.post(f"sessions/{chat.id}/end/").status == 403


def test_bodies_are_read_strictly(superoffice: StandIn, api: Program) -> None:
    for path, body, field in [
        ("sessions/1/messages/", {"message": "x", "author": "me"}, "author"),
        ("sessions/1/messages/", {}, "message"),
        ("sessions/1/messages/", {"message": 5}, "message"),
        ("sessions/1/transfer/", {"to": True}, "to"),
        ("sessions/1/transfer/", {}, "to"),
        ("sessions/pick-up-next/", {"topic": "7"}, "topic"),
        ("actions/1/close/", {"verdict": None}, "verdict"),
        ("actions/1/second-attempt/", {}, "may_happen_twice"),
    ]:
        answer = api.post(path, body)
        assert (answer.status, answer.code) == (422, "invalid"), path
        assert answer.json["errors"][0]["field"] == field, path
    assert api.post("sessions/1/pick-up/", {"now": True}).status == 422
    assert api.post("sessions/1/messages/", ["x"]).status == 422


def test_what_needs_a_person_is_closed_or_tried_again(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    sent = api.post(f"sessions/{chat.id}/messages/", {"message": "Hello"}).json
    path = f"actions/{sent['id']}/"
    refused = api.post(f"{path}close/", {"verdict": "did_not_happen"})
    assert (refused.status, refused.code) == (409, "state_conflict")
    Action.objects.filter(pk=sent["id"]).update(state=State.NEEDS_PERSON, message_id=None)
    again = api.post(f"{path}second-attempt/", {"may_happen_twice": True})
    assert (again.status, again.json["second_of"]) == (200, sent["id"])
    closed = api.post(f"{path}close/", {"verdict": "did_not_happen", "note": "asked them"})
    assert (closed.status, closed.json["state"]) == (200, "closed")


def test_actions_are_listed_newest_first_and_filtered(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chats = [superoffice.chat(user="mia") for _ in range(3)]
    mirrored(*(chat.id for chat in chats))
    made = [
        api.post(f"sessions/{chat.id}/messages/", {"message": "Hi"}).json["id"] for chat in chats
    ]
    assert api.get("actions/").ids() == made[::-1]
    assert api.get(f"actions/?session={chats[1].id}").ids() == [made[1]]
    assert api.get("actions/?state=done&verb=send_message").ids() == made[::-1]
    assert api.get("actions/?state=unknown").ids() == []
    assert api.get("actions/?state=finished").status == 422
    first = api.get("actions/?page_size=2")
    assert [*first.ids(), *api.get(first.json["next"]).ids()] == made[::-1]


def test_a_chat_is_started_once_for_each_key(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    mirrored()
    answer = api.post("sessions/", {"topic": 7}, key="start")
    assert (answer.status, answer.json["verb"]) == (200, "create_session")
    again = api.post("sessions/", {"topic": 7}, key="start")
    assert again.json["session_id"] == answer.json["session_id"]
    assert again["Idempotency-Replayed"] == "true"
    assert len(superoffice.effects("created")) == 1
    assert answer.json["session"]["topic_id"] == 7


def test_a_chat_whose_start_is_not_confirmed_has_no_session_yet(
    superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    mirrored()
    superoffice.fault("drop_after", path="ChatTopic/7/Sessions", method="POST", times=1)
    answer = api.post("sessions/", {"topic": 7})
    assert (answer.status, answer.json["session_id"], answer.json["session"]) == (202, 0, None)
    waits = api.post("sessions/", {"topic": 7})
    assert (waits.status, waits.code) == (409, "action_in_progress")
    listed = api.get("actions/?verb=create_session").json["results"]
    assert [one["session_id"] for one in listed] == [0]


@pytest.mark.parametrize("body", [{}, {"topic": "7"}, {"topic": 0}, {"topic": 7, "name": "x"}])
def test_a_start_takes_a_topic_and_nothing_else(
    superoffice: StandIn, api: Program, mirrored: Mirrored, body: dict[str, object]
) -> None:
    mirrored()
    assert api.post("sessions/", body).status == 422
    assert not superoffice.effects("created")
