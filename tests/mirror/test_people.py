"""Topics, members, associates, presence; and what the contract does not know."""

import pytest

from chatops.mirror import drift, feed, people
from chatops.mirror.models import Associate, ChatTopic, Drift, TopicMember
from tests.mirror.carriers import associate, message, read_messages, read_session, session

pytestmark = pytest.mark.django_db

SUPPORT = {"ChatTopicId": 7, "Name": "Support", "WarnNewChatMinutes": 3, "BotEnabled": False}


def told_after(number: int) -> list[tuple[str, int]]:
    return [(one.kind, one.object_id) for one in feed.after(number)]


def test_a_topic_is_told_once_and_again_when_it_changes() -> None:
    number = feed.position().last
    assert people.store_topic(SUPPORT, is_open=True)
    assert not people.store_topic(SUPPORT, is_open=True)
    assert people.store_topic({**SUPPORT, "Name": "Help"}, is_open=True)
    assert told_after(number) == [("topic", 7), ("topic", 7)]


def test_not_asking_whether_a_topic_is_open_leaves_what_is_known() -> None:
    people.store_topic(SUPPORT, is_open=True)
    assert not people.store_topic(SUPPORT)
    assert ChatTopic.objects.get(pk=7).is_open is True


def test_members_are_replaced_as_a_whole() -> None:
    both = [
        {"User": associate(5, "Mia Berg"), "CanRespond": True},
        {"User": associate(6, "Ola Lie"), "CanManage": True},
    ]
    assert people.store_members(7, both)
    assert not people.store_members(7, both)
    assert people.store_members(7, both[1:])
    held = TopicMember.objects.values_list("associate_id", "can_respond", "can_manage")
    assert list(held) == [(6, False, True)]
    assert Associate.objects.get(pk=5).full_name == "Mia Berg"


def test_an_associate_is_known_from_the_sessions_that_name_it() -> None:
    number = feed.position().last
    read_session(session(User=associate(5), TransferTo=associate(6, "Ola Lie")))
    assert set(Associate.objects.values_list("id", "full_name")) == {
        (5, "Mia Berg"),
        (6, "Ola Lie"),
    }
    read_session(session(845, User=associate(5)))
    assert told_after(number).count(("agent", 5)) == 1


def test_the_system_and_nobody_are_no_associates() -> None:
    people.store_associates([associate(-1), associate(0)])
    assert not Associate.objects.exists()


def test_presence_finds_people_by_their_service_user() -> None:
    people.store_associates([associate(5), associate(6)])
    number = feed.position().last
    here = [{"UserId": 45, "Present": True, "OngoingChats": 2}, {"UserId": 999, "Present": True}]
    assert people.store_presence(here) == 1
    assert people.store_presence(here) == 0
    assert Associate.objects.get(pk=5).ongoing_chats == 2
    assert told_after(number) == [("agent", 5)]


def test_what_the_contract_does_not_know_is_counted_with_when_it_was_first_seen() -> None:
    read_session(session(1, Mood="good", Status="Hibernating"))
    first = Drift.objects.get(kind="session field", name="Mood").first_seen_at
    read_session(session(2, Mood="bad"))
    read_messages(message(1, Tone="warm", Type="Whisper", SpecialType="Song"))
    seen = dict(Drift.objects.values_list("name", "count"))
    assert seen == {"Mood": 2, "Hibernating": 1, "Tone": 1, "Whisper": 1, "Song": 1}
    assert Drift.objects.get(name="Mood").first_seen_at == first


def test_a_flood_of_unknown_names_does_not_fill_the_table() -> None:
    for one in range(1, 6):
        read_session(session(one, **{f"Odd{one}x{number}": 1 for number in range(300)}))
    assert Drift.objects.count() == drift.MOST_NAMES + 1
    assert sum(Drift.objects.values_list("count", flat=True)) == 5 * 300
