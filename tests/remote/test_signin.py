"""Signing in at SuperOffice Online: to link an account, and to enter."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.remote import linking, signin, wiring
from chatops.remote.linking import LinkRefused
from chatops.remote.models import Agent
from chatops.remote.signin import Begun

pytestmark = pytest.mark.django_db
BACK = "http://127.0.0.1:8000/signin/back/"


@pytest.fixture
def user(online: StandIn) -> User:
    return User.objects.create(username="somebody")


def at_superoffice(begun: Begun, name: str) -> dict[str, str]:
    """What the browser brings back when `name` signs in there."""
    page, _, query = begun.url.partition("?")
    form = {key: values[0] for key, values in parse_qs(query).items()}
    form |= {"user": name, "password": f"{name}-demo"}
    answer = requests.post(page, data=form, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    location = urlsplit(answer.headers["Location"])
    assert answer.headers["Location"].startswith(BACK)
    return {key: values[0] for key, values in parse_qs(location.query).items()}


def test_signing_in_links_the_account_and_acts_in_its_name(user: User) -> None:
    begun = signin.begin(redirect_uri=BACK)
    agent = signin.finish(user, begun.kept, at_superoffice(begun, "mia"))
    assert (agent.user, agent.associate_id) == (user, 17)
    assert wiring.client_for(agent).associates.current_principal().associate_id == 17


def test_the_address_asks_for_a_code_by_pkce_and_names_the_tenant(online: StandIn) -> None:
    begun = signin.begin(redirect_uri=BACK, login_hint="mia")
    query = parse_qs(urlsplit(begun.url).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["acr_values"] == ["tenant:Cust12345"]
    assert begun.kept["verifier"] not in begun.url
    assert signin.begin(redirect_uri=BACK).kept["state"] != begun.kept["state"]


def test_who_is_linked_enters_by_superoffice(user: User, online: StandIn) -> None:
    linking.link(user, "ticket", {"ticket": online.credentials("mia")["ticket"]})
    begun = signin.begin(redirect_uri=BACK)
    assert signin.finish(None, begun.kept, at_superoffice(begun, "mia")).user == user


def test_who_is_not_linked_does_not_enter_and_gets_no_user(user: User) -> None:
    begun = signin.begin(redirect_uri=BACK)
    with pytest.raises(LinkRefused, match="not linked"):
        signin.finish(None, begun.kept, at_superoffice(begun, "mia"))
    assert User.objects.count() == 1
    assert not Agent.objects.exists()


def test_who_is_switched_off_here_does_not_enter(user: User, online: StandIn) -> None:
    linking.link(user, "ticket", {"ticket": online.credentials("mia")["ticket"]})
    User.objects.update(is_active=False)
    begun = signin.begin(redirect_uri=BACK)
    with pytest.raises(LinkRefused, match="switched off"):
        signin.finish(None, begun.kept, at_superoffice(begun, "mia"))


def test_an_account_of_somebody_else_is_not_taken_over(user: User, online: StandIn) -> None:
    other = User.objects.create(username="other")
    linking.link(other, "ticket", {"ticket": online.credentials("mia")["ticket"]})
    begun = signin.begin(redirect_uri=BACK)
    with pytest.raises(LinkRefused, match="already linked"):
        signin.finish(user, begun.kept, at_superoffice(begun, "mia"))
    assert Agent.objects.get().user == other


@pytest.mark.parametrize(
    "brought",
    [
        {"state": "another"},
        {"state": "é\ud800"},
        {"state": ""},
        {"code": "made-up"},
        {"code": ""},
    ],
)
def test_what_another_browser_brings_links_nothing(user: User, brought: dict[str, str]) -> None:
    begun = signin.begin(redirect_uri=BACK)
    with pytest.raises(LinkRefused):
        signin.finish(user, begun.kept, at_superoffice(begun, "mia") | brought)
    assert not Agent.objects.exists()


@pytest.mark.parametrize("name", ["verifier", "nonce"])
def test_a_code_of_another_sign_in_links_nothing(user: User, name: str) -> None:
    begun, other = signin.begin(redirect_uri=BACK), signin.begin(redirect_uri=BACK)
    kept = {**begun.kept, name: other.kept[name]}
    with pytest.raises(LinkRefused):
        signin.finish(user, kept, at_superoffice(begun, "mia"))
    assert not Agent.objects.exists()


def test_a_code_works_once_and_nothing_kept_is_no_sign_in(user: User) -> None:
    begun = signin.begin(redirect_uri=BACK)
    back = at_superoffice(begun, "mia")
    signin.finish(user, begun.kept, back)
    with pytest.raises(LinkRefused):
        signin.finish(user, begun.kept, back)
    with pytest.raises(LinkRefused, match="not begun here"):
        signin.finish(user, {}, back)


def test_a_sign_in_that_took_too_long_is_begun_anew(user: User) -> None:
    begun = signin.begin(redirect_uri=BACK)
    kept = {**begun.kept, "begun": str(float(begun.kept["begun"]) - 601)}
    with pytest.raises(LinkRefused, match="too long"):
        signin.finish(user, kept, at_superoffice(begun, "mia"))


def test_an_id_token_of_another_tenant_is_not_believed(user: User, settings: Settings) -> None:
    begun = signin.begin(redirect_uri=BACK)
    back = at_superoffice(begun, "mia")
    settings.SUPEROFFICE_TENANT = "Cust99999"
    with pytest.raises(LinkRefused, match="believed"):
        signin.finish(user, begun.kept, back)


def test_a_sign_in_host_that_fails_is_told_as_that(user: User, online: StandIn) -> None:
    begun = signin.begin(redirect_uri=BACK)
    back = at_superoffice(begun, "mia")
    online.fault("status", path="oauth/tokens", status=503)
    with pytest.raises(LinkRefused, match="does not answer"):
        signin.finish(user, begun.kept, back)


def test_onsite_it_is_not_offered(superoffice: StandIn, settings: Settings) -> None:
    assert not signin.is_offered()
    with pytest.raises(LinkRefused):
        signin.begin(redirect_uri=BACK)


def test_what_is_kept_fits_into_a_session_and_a_query(online: StandIn) -> None:
    kept = signin.begin(redirect_uri=BACK).kept
    assert all(isinstance(value, str) for value in kept.values())
    assert len(urlencode(kept)) < 1000
