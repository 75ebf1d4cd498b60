"""A past of chats in the mirror, and people who may look at some of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from chatops.mirror import ingest
from chatops.mirror.models import Associate, ChatTopic, TopicMember
from chatops.remote.models import Agent, Credential
from tests.conftest import MakePerson

JSONDict = dict[str, Any]
NEVER = "0001-01-01T00:00:00"
SUPPORT, SALES, BILLING = 7, 8, 9
MIA, OLA, KARI = 17, 18, 19


def iso(when: datetime | None) -> str:
    return when.astimezone(UTC).isoformat() if when else NEVER


def carrier(number: int, requested: datetime | None, **given: Any) -> JSONDict:
    """A session as SuperOffice answers it (contract, E.1); times are given as datetimes."""
    data: JSONDict = {
        "ChatSessionId": number,
        "TopicId": SUPPORT,
        "User": {"AssociateId": 0},
        "TransferTo": {"AssociateId": 0},
        "Person": None,
        "CustomerName": f"Customer {number}",
        "CustomerEmail": f"customer{number}@example.net",
        "CustomerPhone": "+47 555 01 234",
        "CustomerHost": "198.51.100.7",
        "Status": "Closed",
        "FirstMessage": "My invoice is wrong",
        "LastMessage": "Thank you",
        "WhenRequested": iso(requested),
        "WhenStarted": NEVER,
        "WhenEnded": NEVER,
        "WhenIdle": iso(requested),
        "Rating": 0,
    }
    times = {name: iso(value) for name, value in given.items() if isinstance(value, datetime)}
    return data | given | times


def store(*carriers: JSONDict) -> None:
    answers = [ingest.Answer(one["ChatSessionId"], json.dumps(one).encode()) for one in carriers]
    ingest.store_sessions(answers, reading=ingest.next_reading())


def say(session_id: int, *said: tuple[str, str, str, datetime]) -> None:
    """Store messages: type, special type, text, time."""
    rows = [
        {
            "ChatMessageId": session_id * 100 + place,
            "ChatSessionId": session_id,
            "Type": kind,
            "SpecialType": special,
            "SpecialParam": "",
            "Message": text,
            "Author": "Somebody",
            "ReadByCustomer": 0,
            "WhenPosted": iso(when),
        }
        for place, (kind, special, text, when) in enumerate(said, start=1)
    ]
    answer = ingest.Answer(session_id, json.dumps(rows).encode())
    ingest.store_messages([answer], reading=ingest.next_reading(), complete=True)


@pytest.fixture
def office(db: None) -> None:
    """Three topics and three people; Kari leads Support and Sales, not Billing."""
    for number, name in ((SUPPORT, "Support"), (SALES, "Sales"), (BILLING, "Billing")):
        ChatTopic.objects.create(id=number, name=name)
    for number, name in ((MIA, "Mia Berg"), (OLA, "Ola Nordmann"), (KARI, "Kari Lie")):
        Associate.objects.create(id=number, full_name=name, present=number != OLA)
        for topic in (SUPPORT, SALES):
            TopicMember.objects.create(
                topic_id=topic, associate_id=number, can_manage=number == KARI
            )


SignIn = Callable[..., Client]


@pytest.fixture
def signed_in(office: None, person: MakePerson) -> SignIn:
    """A browser of somebody with this role and this associate."""

    def sign_in(role: str, associate_id: int | None = None, name: str = "") -> Client:
        user = person(name or role, role, link=False).user
        if associate_id:
            credential = Credential.objects.create(name=f"user:{user.pk}", scheme="basic")
            Agent.objects.create(
                user=user,
                associate_id=associate_id,
                linked_at=timezone.now(),
                credential=credential,
            )
        client = Client()
        client.force_login(User.objects.get(pk=user.pk))
        return client

    return sign_in


@pytest.fixture
def past(office: None) -> datetime:
    """Ten days of chats of every kind; answers when they began."""
    now = timezone.now().replace(minute=30, second=0, microsecond=0)
    carriers = []
    for number in range(1, 61):
        asked = now - timedelta(hours=number * 4)
        kind = number % 6
        more: JSONDict = {"TopicId": (SUPPORT, SALES, BILLING)[number % 3]}
        if kind == 0:
            more |= {"Status": "ClosedFromQueue", "WhenEnded": asked + timedelta(minutes=9)}
        elif kind == 1 and number < 20:
            more |= {"Status": "InQueue"}
        else:
            started = asked + timedelta(seconds=10 * number)
            more |= {"User": {"AssociateId": (MIA, OLA)[number // 6 % 2]}, "WhenStarted": started}
            if kind == 2 and number < 20:
                more |= {"Status": "CustomerLast"}
            else:
                more |= {"WhenEnded": started + timedelta(minutes=number), "Rating": number % 6}
        carriers.append(carrier(number, asked, **more))
        _talk(number, asked, more)
    store(*carriers)
    return now - timedelta(hours=240)


def _talk(number: int, asked: datetime, more: JSONDict) -> None:
    if started := more.get("WhenStarted"):
        say(
            number,
            ("ToUser", "None", "My invoice is wrong", asked),
            ("ToCustomer", "Welcome", "Welcome to us", started),
            ("ToCustomer", "BotMessage", "I am a robot", started),
            ("ToCustomer", "None", "Let me see", started + timedelta(seconds=number)),
        )
