"""The live streams of a running server: who may listen, what is told, how soon, and the end."""

from collections.abc import Callable

import pytest

from tests.ops.place import Place, Site, eventually

STREAM = "/api/v1/changes/stream/"
LIVE = "/admin/live/"
APPEND = """
from django.db import transaction
from chatops.mirror import feed
from chatops.mirror.models import Change
def tell(*sessions):
    with transaction.atomic():
        feed.append([feed.News(Change.Kind.SESSION, one, one) for one in sessions])
"""


def token(place: Place, *scopes: str, topics: tuple[int, ...] = ()) -> dict[str, str]:
    """The header of a token made for a program of its own."""
    place.command("person", "add", "programs", "--role", "auditor")
    limits = ["--topic", *map(str, topics)] if topics else []
    made = place.command(
        "token", "create", "--person", "programs", "--label", "x", "--scope", *scopes, *limits
    )
    return {"Authorization": f"Bearer {made.strip()}"}


@pytest.fixture
def site(place: Place) -> Site:
    return place.serve("--no-worker")


def test_a_change_is_told_within_a_second(place: Place, site: Site) -> None:
    with site.stream(STREAM, **token(place, "feed", "read")) as events:
        committed = place.do(f"{APPEND}\ntell(5)\nout = time.time()")
        (event,) = events.wait_for(1)
    assert event.kind == "session"
    assert (event.number, event.data["session_id"], event.data["op"]) == (1, 5, "upsert")
    assert event.at - committed < 1.0


def test_a_stream_resumes_after_the_number_it_has_seen(place: Place, site: Site) -> None:
    key = token(place, "feed", "read")
    place.do(f"{APPEND}\nfor one in range(1, 8): tell(one)")
    with site.stream(f"{STREAM}?after=4", **key) as events:
        assert [one.number for one in events.wait_for(3)] == [5, 6, 7]
    with site.stream(f"{STREAM}?after=0", **key, Last_Event_ID="6") as events:
        assert [one.number for one in events.wait_for(1)] == [7]


def test_no_number_is_lost_or_doubled_between_many_commits(place: Place, site: Site) -> None:
    key = token(place, "feed", "read")
    with site.stream(f"{STREAM}?after=0", **key) as one, site.stream(STREAM, **key) as other:
        place.do(f"{APPEND}\nfor n in range(400): tell(n, n + 1, n + 2)")
        assert [event.number for event in one.wait_for(1200)] == list(range(1, 1201))
        assert [event.number for event in other.wait_for(1200)] == list(range(1, 1201))


def test_a_stranger_gets_a_problem_document(place: Place, site: Site) -> None:
    without = site.get(STREAM)
    unknown = site.get(STREAM, Authorization="Bearer cho_unknown")
    lacking = site.get(STREAM, **token(place, "read"))
    assert [one.status for one in (without, unknown, lacking)] == [401, 401, 403]
    assert without.headers["www-authenticate"] == "Bearer"
    assert without.headers["content-type"] == "application/problem+json"
    assert without.json["request_id"] == without.headers["x-request-id"]
    assert lacking.json["code"] == "forbidden"
    assert site.get(LIVE).status == 401


def test_a_cursor_that_is_gone_is_410(place: Place, site: Site) -> None:
    key = token(place, "feed", "read")
    beyond = site.get(f"{STREAM}?after=99", **key)
    other_epoch = site.get(f"{STREAM}?after=0&epoch=before-the-restore", **key)
    assert (beyond.status, beyond.json["code"]) == (410, "cursor_gone")
    assert (other_epoch.status, other_epoch.json["code"]) == (410, "cursor_gone")


def test_what_is_no_number_is_refused(place: Place, site: Site) -> None:
    key = token(place, "feed", "read")
    for after in ("x", "-1", "1.5", "%00", "9" * 30, "%C3%A6"):
        answer = site.get(f"{STREAM}?after={after}", **key)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "after"), after


def test_a_stream_can_only_be_read(site: Site) -> None:
    answer = site.call("POST", STREAM, b"{}")
    assert (answer.status, answer.headers["allow"]) == (405, "GET")


def test_a_revoked_token_ends_its_stream(make_place: Callable[..., Place]) -> None:
    place = make_place(STREAM_ASK_SECONDS="0.5")
    site = place.serve("--no-worker")
    with site.stream(STREAM, **token(place, "feed", "read")) as events:
        assert not events.ended.wait(1.2)
        place.command("token", "revoke", place.command("token", "list").partition(":")[0])
        assert events.ended.wait(2.0)


SESSIONS = """
from chatops.mirror.models import ChatSession
def session(pk, **columns):
    row = dict(status="UserLast", is_open=True, raw="{}", rendered="{}", masked="{}", topic_id=7)
    ChatSession.objects.update_or_create(pk=pk, defaults=row | columns)
"""
SIGNED_IN = """
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from chatops.remote.models import Agent, Credential
user = User.objects.get(username={name!r})
if {associate}:
    login = Credential.objects.create(name=f"agent:{{user.pk}}", scheme="basic")
    Agent.objects.create(
        user=user, associate_id={associate}, linked_at=timezone.now(), credential=login
    )
client = Client()
client.force_login(user)
out = client.cookies[settings.SESSION_COOKIE_NAME].value
"""


def cookie(place: Place, name: str, role: str, associate: int = 0) -> dict[str, str]:
    """The header of a console session of somebody new."""
    place.command("person", "add", name, "--role", role)
    value = place.do(SIGNED_IN.format(name=name, associate=associate))
    return {"Cookie": f"sessionid={value}"}


def test_the_console_hears_of_the_sessions_its_person_sees(place: Place, site: Site) -> None:
    mia = cookie(place, "mia", "agent", associate=17)
    audrey = cookie(place, "audrey", "auditor")
    place.do(f"{SESSIONS}\nsession(1, associate_id=17)\nsession(2, associate_id=18)")
    with site.stream(LIVE, **mia) as hers, site.stream(LIVE, **audrey) as everybodys:
        place.do(f"{APPEND}\ntell(2)\ntell(1)\ntell(2, 1)")
        assert [one.data["session_id"] for one in everybodys.wait_for(4)] == [2, 1, 2, 1]
        assert [one.data["session_id"] for one in hers.wait_for(2)] == [1, 1]


def test_the_console_hears_now_and_then_that_the_line_still_stands(
    place: Place, site: Site
) -> None:
    """A browser tells its page nothing of comments: a line that died quietly would look alive."""
    audrey = cookie(place, "audrey", "auditor")
    with site.stream(LIVE, **audrey) as events:
        eventually(lambda: events.signs)
        assert events.signs == ["alive"]
        assert events.all == []


def test_the_console_hears_that_a_session_has_left(place: Place, site: Site) -> None:
    mia = cookie(place, "mia", "agent", associate=17)
    place.do(f"{SESSIONS}\nsession(1, associate_id=17)")
    with site.stream(LIVE, **mia) as events:
        place.do(f"{SESSIONS}{APPEND}\nsession(1, associate_id=18)\ntell(1)")
        assert [one.data["session_id"] for one in events.wait_for(1)] == [1]


def test_the_console_is_told_to_begin_anew_where_a_program_gets_410(
    place: Place, site: Site
) -> None:
    audrey = cookie(place, "audrey", "auditor")
    with site.stream(f"{LIVE}?after=99", **audrey) as events:
        (event,) = events.wait_for(1)
        assert (event.kind, event.data["last"]) == ("reset", 0)
        place.do(f"{APPEND}\ntell(5)")
        assert [one.kind for one in events.wait_for(2)] == ["reset", "session"]


def test_a_token_for_some_topics_hears_of_those(place: Place, site: Site) -> None:
    place.do(f"{SESSIONS}\nsession(1, topic_id=7)\nsession(2, topic_id=8)")
    with site.stream(STREAM, **token(place, "feed", "read", topics=(8,))) as events:
        place.do(f"{APPEND}\ntell(1)\ntell(2)")
        assert [one.data["session_id"] for one in events.wait_for(1)] == [2]


def test_an_agent_with_the_console_open_is_at_the_screen(place: Place, site: Site) -> None:
    look = "from chatops.sync import screens\nout = screens.agents()"
    mia = cookie(place, "mia", "agent", associate=17)
    assert place.do(look) == []
    with site.stream(LIVE, **mia):
        assert eventually(lambda: place.do(look))


def test_a_host_that_is_not_ours_is_refused(site: Site) -> None:
    assert site.get(LIVE, Host="evil.example").status == 400


def test_more_streams_than_there_is_room_for_are_told_to_come_back(
    make_place: Callable[..., Place],
) -> None:
    place = make_place(STREAMS_MAX="1")
    site = place.serve("--no-worker")
    key = token(place, "feed", "read")
    with site.stream(STREAM, **key):
        refused = site.get(STREAM, **key)
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
