"""Who works in a run, on which chats, and how SuperOffice fails them."""

from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management import call_command

from chatops.mirror import ingest, people
from chatops.mirror.models import TopicMember
from chatops.remote import linking, wiring
from chatops.remote.models import Agent
from tests.chaos.stage import Office

#: The channels that the stand-in has; a run has more, with the numbers that follow.
FIRST_TOPICS = (7, 8, 9)


def write(kind: str, probability: float, **rule: Any) -> dict[str, Any]:
    """A fault of calls that change something."""
    return {"kind": kind, "method": "POST", "probability": probability, **rule}


def faults() -> list[dict[str, Any]]:
    """Every kind of fault; about six of ten changes meet one, and one of ten reads."""
    kinds = [
        write("drop_before", 0.09),
        write("drop_after", 0.11),
        write("late", 0.07, seconds=0.05),
        write("late", 0.04, seconds=1.2, hold=0.1),
        write("status", 0.07, status=503),
        write("status", 0.04, status=500),
        write("status", 0.04, status=409),
        write("status", 0.02, status=404),
        write("status_after", 0.09, status=502),
        write("no_effect", 0.09),
        write("null", 0.04),
        write("null", 0.02, form="204"),
        write("null", 0.02, form="empty", apply=False),
        write("html", 0.05),
        write("html", 0.05, apply=False),
        write("cut", 0.07),
        write("stall", 0.01, seconds=2.4),
        write("stall", 0.01, seconds=2.4, apply=False),
    ]
    reads = [
        ("drop_before", 0.03, {}),
        ("status", 0.02, {"status": 503}),
        ("html", 0.02, {}),
        ("cut", 0.01, {}),
        ("all404", 0.01, {}),
        ("blank", 0.01, {}),
        ("hide_ids", 0.02, {}),
    ]
    return [
        *kinds,
        *({**one, "method": "PATCH"} for one in kinds),
        *({"kind": kind, "method": "GET", "probability": p, **more} for kind, p, more in reads),
    ]


def prepare(office: Office, *, agents: int, chats: int, topics: int) -> None:
    """Tables, channels, people with linked accounts, and a mirror that knows the chats."""
    call_command("migrate", verbosity=0)
    there = [*FIRST_TOPICS]
    while len(there) < topics:
        there.append(office.control("POST", "topic", welcome="Welcome!")["id"])
    for topic in there:
        people.store_topic({"ChatTopicId": topic, "Name": f"Topic {topic}"})
    names = [f"per{number}" for number in range(agents)]
    for name in names:
        office.control("POST", "person", user=name, topics=there, manager=True)
        user = User.objects.create(username=name, is_staff=True)
        user.groups.set(Group.objects.filter(name__in=("agent", "lead")))
        agent = linking.link(user, "basic", {"user": name, "password": f"{name}-demo"})
        for topic in there:
            TopicMember.objects.create(
                topic_id=topic,
                associate_id=agent.associate_id,
                can_respond=True,
                can_manage=True,
            )
    client = wiring.service_client()
    for number in range(chats):
        chat = office.control(
            "POST",
            "chat",
            topic=there[number % len(there)],
            messages=["Hello?"],
            **({"user": names[number % agents]} if number % 3 else {}),
        )
        body = client.sessions.get_raw(chat["id"])
        ingest.store_sessions([ingest.Answer(chat["id"], body)], reading=ingest.next_reading())
    people.store_associates(
        {
            "AssociateId": agent.associate_id,
            "Name": agent.user.username,
            "UserName": agent.user.username,
            "FullName": agent.full_name,
        }
        for agent in Agent.objects.select_related("user")
    )
