"""A session's page: begun where one wants to be, and who else is looking."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chatops.console.models import Looking
from chatops.demo.adapter import StandIn
from tests.conftest import MakePerson, Person
from tests.console.conftest import AtConsole, Mirrored, SignIn, Stored, carrier, message


def shown(page: str) -> list[int]:
    return [int(one) for one in re.findall(r'data-key="m(\d+)"', page)]


def long_chat(stored: Stored) -> None:
    """600 messages, one a minute from 09:00 UTC."""
    stored(
        [carrier(500)],
        [
            message(
                number, 500, WhenPosted=f"2026-03-02T{9 + number // 60:02}:{number % 60:02}:00Z"
            )
            for number in range(1, 601)
        ],
    )


def test_a_search_hit_is_shown_among_what_was_said_around_it(
    mia_there: AtConsole, stored: Stored
) -> None:
    long_chat(stored)
    page = mia_there.page("sessions/500/", at=200)
    assert (shown(page)[0], shown(page)[-1]) == (100, 299)
    assert re.search(r'id="m200" class="said-by[^"]* target"', page)
    assert page.count(" target") == 1
    assert "Newest messages" in page


def test_a_time_is_the_readers_own(mia_there: AtConsole, stored: Stored) -> None:
    long_chat(stored)
    mia_there.client.cookies["chatops_zone"] = "Europe/Oslo"
    page = mia_there.page("sessions/500/", time="2026-03-02T13:20")
    assert 'id="m200" class="said-by' in page
    assert re.search(r'id="m200" class="[^"]* target"', page)  # 12:20 in UTC
    assert 'value="2026-03-02T13:20"' in page


def test_a_time_after_the_end_shows_the_end_and_says_so(
    mia_there: AtConsole, stored: Stored
) -> None:
    long_chat(stored)
    page = mia_there.page("sessions/500/", time="2027-01-01T00:00")
    assert shown(page)[-1] == 600
    assert "Nothing was said at or after that time." in page


def test_nonsense_in_the_address_shows_the_newest(mia_there: AtConsole, stored: Stored) -> None:
    long_chat(stored)
    wrong = [("at", "x"), ("at", "99999999"), ("at", "9" * 40), ("time", "2026-13-40T99:99")]
    for name, value in wrong:
        query: dict[str, Any] = {name: value}
        assert shown(mia_there.page("sessions/500/", **query))[-1] == 600


@pytest.mark.parametrize(
    ("zone", "time"),
    [
        ("Europe/Oslo", "0001-01-01T00:00"),
        ("America/New_York", "9999-12-31T23:59"),
        ("UTC", "0001-01-01T00:00+10:00"),
        ("UTC", "9999-12-31T23:59-10:00"),
    ],
)
def test_a_time_that_the_calendar_does_not_have_shows_the_newest(
    mia_there: AtConsole, stored: Stored, zone: str, time: str
) -> None:
    stored([carrier(500)], [message(1, 500)])
    mia_there.client.cookies["chatops_zone"] = zone
    assert shown(mia_there.page("sessions/500/", time=time)) == [1]


def test_colleagues_see_each_other_looking(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole, kari: Person, sign_in: SignIn
) -> None:
    chat = superoffice.chat(user="mia")
    mirrored(chat.id)
    lead = sign_in(kari)

    def beat(who: AtConsole, **more: Any) -> str:
        answer = who.post("here/", script=True, session=str(chat.id), **more)
        return str(json.loads(answer.content)["others"])

    assert beat(mia_there) == ""
    assert beat(lead) == "Also looking: Mia Berg"
    assert "Also looking: Kari Lunde" in mia_there.page(f"sessions/{chat.id}/")
    beat(lead, left="1")
    assert beat(mia_there) == ""
    beat(lead)
    Looking.objects.update(seen_at=timezone.now() - timedelta(seconds=41))
    assert beat(mia_there) == ""


def test_nobody_looks_at_what_they_may_not_see(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole, person: MakePerson
) -> None:
    chat = superoffice.chat(user="ola")
    mirrored(chat.id)
    assert mia_there.post("here/", script=True, session=str(chat.id)).status_code == 404
    assert not Looking.objects.exists()


def test_a_heartbeat_with_somebody_at_the_screen_keeps_the_sign_in(
    superoffice: StandIn, mia_there: AtConsole
) -> None:
    mia_there.get("account/")
    session = mia_there.client.session
    session["active_at"] -= 3500
    session.save()
    mia_there.post("here/", script=True)
    assert mia_there.client.session["active_at"] == session["active_at"]
    mia_there.post("here/", script=True, active="1")
    assert mia_there.client.session["active_at"] > session["active_at"]
