"""The client for programs: pages as iterators, one key for one wish, endings waited for."""

import time
from collections.abc import Callable
from contextlib import closing

import pytest
import requests
from pytest_django.fixtures import Settings

from chatops.actions import settle, tokens
from chatops.actions.models import Action, ApiToken, State, TrailEntry
from chatops.client import ChatOps, Problem
from chatops.demo.adapter import StandIn
from chatops.remote import wiring
from tests.client.conftest import office_of, write_messages, write_session
from tests.client.cutting import CuttingProxy
from tests.conftest import MakePerson
from tests.ops.place import eventually
from tests.processes import apart

Mirrored = Callable[..., None]


def test_pages_come_as_one_iterator(office: ChatOps) -> None:
    for one in range(1, 8):
        write_session(one)
    write_messages(3, {number: f"line {number}" for number in range(1, 6)})
    assert [row["id"] for row in office.sessions(page_size=3)] == [7, 6, 5, 4, 3, 2, 1]
    assert list(office.sessions(page_size=2, ordering="id", status="Finished")) == []
    assert [row["message"] for row in office.messages(3, after=3)] == ["line 4", "line 5"]


def test_a_list_can_be_gone_on_with_from_a_cursor(office: ChatOps) -> None:
    for one in range(1, 6):
        write_session(one)
    first = next(office.session_pages(page_size=2, ordering="id"))
    rest = list(office.session_pages(cursor=first["cursor"], page_size=2, ordering="id"))
    assert [row["id"] for page in (first, *rest) for row in page["results"]] == [1, 2, 3, 4, 5]
    assert rest[-1]["cursor"] is None


def test_reading_goes_on_over_a_network_that_cuts(
    network: CuttingProxy, office: ChatOps, token: str
) -> None:
    for one in range(1, 60):
        write_session(one)
    network.mean = 2_000
    through = office_of(network.url, token, tries=50)
    for _ in range(10):
        found = [row["id"] for row in through.sessions(page_size=10, ordering="id")]
        assert found == list(range(1, 60))
    assert network.cuts > 5
    through.close()


def test_a_wish_whose_answer_was_cut_off_happens_once(
    mias: ChatOps, network: CuttingProxy, superoffice: StandIn, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hi"])
    mirrored(chat.id)
    network.swallow = 2
    action = mias.send(chat.id, "Hello there")
    assert network.cuts == 2
    assert action["state"] == "done"
    assert Action.objects.count() == 1
    said = [one.text for one in superoffice.session(chat.id).messages]
    assert len([text for text in said if "Hello there" in text]) == 1


def test_an_export_comes_line_by_line_and_says_when_it_is_cut(
    served: str, token: str, network: CuttingProxy, person: MakePerson
) -> None:
    for one in range(1, 41):
        write_session(one, TopicId=7 + one % 2)
    owner = person("exporter", "auditor", link=False).user
    scopes = ("export", "transcripts")
    _, plain = tokens.issue(owner=owner, label="x", scopes=scopes)
    with closing(office_of(served, plain)) as office:
        found = list(office.export(topic=8))
        assert [one["id"] for one in found] == list(range(39, 0, -2))
        assert found[0]["tags"] == []
        with pytest.raises(Problem) as refused:
            next(office.export(topic="x"))
        assert refused.value.status == 422
    with closing(office_of(served, token)) as office, pytest.raises(Problem) as refused:
        next(office.export())
    assert refused.value.code == "forbidden"
    network.mean = 100
    with closing(office_of(network.url, plain)) as office, pytest.raises(requests.RequestException):
        list(office.export())
    told = TrailEntry.objects.order_by("pk")
    begun = told.filter(what="export_started").count()
    assert begun >= 2  # what is cut before its first byte is asked for again
    eventually(lambda: told.filter(what="export_ended").count() == begun)


def test_the_same_key_is_the_same_wish_also_for_another_client(
    mias: ChatOps, superoffice: StandIn, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(topic=7)
    mirrored(chat.id)
    first = mias.pick_up(chat.id, key="pick-844")
    assert first["state"] == "done"
    assert mias.pick_up(chat.id, key="pick-844")["id"] == first["id"]


def settle_all() -> None:
    """What the worker does, until nothing is open."""
    while Action.objects.filter(state=State.UNKNOWN).exists():
        settle.run_due(wiring.service_client())
        time.sleep(0.05)


def test_an_action_that_is_not_confirmed_is_waited_for(
    mias: ChatOps, superoffice: StandIn, mirrored: Mirrored, settings: Settings
) -> None:
    settings.ACTION_ASKS_AFTER_SECONDS = 0.5
    chat = superoffice.chat(user="mia", messages=["Hi"])
    mirrored(chat.id)
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    asked = mias.send(chat.id, "Are you there?", wait=0)
    assert asked["state"] == "unknown"
    settler = apart(settle_all)
    assert mias.settled(asked, wait=20)["state"] == "needs_person"
    settler.join()


def test_a_problem_has_its_code_and_everything_else(office: ChatOps, served: str) -> None:
    with pytest.raises(Problem) as caught:
        office.session(999)
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    assert caught.value.body["request_id"]
    stranger = office_of(served, "cho_nobody")
    with pytest.raises(Problem, match="unknown, revoked or expired"):
        stranger.mirror()
    stranger.close()


def test_a_token_that_lacks_the_scope_is_told_which(office: ChatOps) -> None:
    write_session(1)
    with pytest.raises(Problem) as caught:
        office.pick_up(1)
    assert caught.value.code == "forbidden"
    assert "`act`" in str(caught.value)


def test_nobody_there_is_said_after_the_last_try(network: CuttingProxy, token: str) -> None:
    network.mean = 1
    lost = office_of(network.url, token, tries=3)
    with pytest.raises(requests.ConnectionError):
        lost.mirror()
    assert network.cuts == 3
    lost.close()


def test_a_revoked_token_ends_it_at_the_next_call(office: ChatOps) -> None:
    assert office.changes(None)["head"] == 0
    tokens.revoke(ApiToken.objects.get())
    with pytest.raises(Problem) as caught:
        office.changes(None)
    assert caught.value.code == "token_invalid"
