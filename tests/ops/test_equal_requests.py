"""One wish that reaches many processes at once is one action, with one answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from chatops.demo.adapter import StandIn
from tests.ops.place import Place, Response, eventually

LINK = """
from django.contrib.auth.models import User
from chatops.remote import linking
mia = User.objects.get(username="mia")
linking.link(mia, "basic", {"user": "mia", "password": "mia-demo"})
"""
FOUND = """
from chatops.mirror.models import ChatSession
out = ChatSession.objects.filter(pk={id}).count()
"""


def test_fifty_equal_requests_over_four_processes_are_answered_with_the_same_bytes(
    make_place: Callable[..., Place],
) -> None:
    with StandIn(scene="empty", seed=1) as office:
        place = make_place(
            SUPEROFFICE_API_URL=office.url,
            SUPEROFFICE_AUTH="basic",
            SUPEROFFICE_USER="integration",
            SUPEROFFICE_PASSWORD="integration-demo",
            SECRET_KEY="long enough, and of no use anywhere else " * 2,
            FIELD_KEYS="c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlLi4=",
            REMOTE_CALLS_PER_SECOND="0",
            SYNC_OPEN_SECONDS="0.2",  # the chat is read again and again meanwhile
            WEB_PROCESSES="4",
        )
        chat = office.chat(user="mia", messages=["Hello?"])
        place.command("migrate", "-v0")
        place.command("person", "add", "mia", "--role", "agent")
        place.do(LINK)
        site = place.serve()
        eventually(lambda: place.do(FOUND.format(id=chat.id)))
        eventually(lambda: len(site.children()) == 4)
        scopes = ("--scope", "read", "transcripts", "send")
        token = place.command("token", "create", "--person=mia", "--label=x", *scopes)

        def send(number: int) -> Response:
            if number % 10 == 0:
                chat.say(f"And {number}")
            return site.call(
                "POST",
                f"/api/v1/sessions/{chat.id}/messages/",
                b'{"message": "Once"}',
                Authorization=f"Bearer {token.strip()}",
                Content_Type="application/json",
                Idempotency_Key="one-key",
            )

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(send, range(50)))
        assert {one.status for one in answers} == {200}
        assert len({one.body for one in answers}) == 1
        assert answers[0].json["state"] == "done"
        replayed = [one for one in answers if "idempotency-replayed" in one.headers]
        assert len(replayed) == 49
        said = [one["payload"]["text"] for one in office.effects("message", session=chat.id)]
        assert said.count("Once") == 1
