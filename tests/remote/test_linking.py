"""People and their SuperOffice accounts."""

import pytest
from django.contrib.auth.models import User

from chatops.actions import errors as action_errors
from chatops.actions import verbs
from chatops.demo.adapter import StandIn
from chatops.mirror import ingest
from chatops.remote import linking, wiring
from chatops.remote.linking import LinkRefused
from chatops.remote.models import Agent, Credential
from tests.conftest import MakePerson, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create(username="somebody")


def who(user: User) -> int:
    """Who SuperOffice says the linked account is."""
    agent = Agent.objects.get(user=user)
    return wiring.client_for(agent).associates.current_principal().associate_id


def test_a_user_name_and_a_password_link_an_account(superoffice: StandIn, user: User) -> None:
    agent = linking.link(user, "basic", {"user": "mia", "password": "mia-demo"})
    assert (agent.associate_id, agent.full_name) == (17, "Mia Berg")
    assert who(user) == 17


def test_who_has_no_name_here_is_called_what_superoffice_calls_them(
    superoffice: StandIn, user: User
) -> None:
    linking.link(user, "basic", {"user": "mia", "password": "mia-demo"})
    assert User.objects.get().get_full_name() == "Mia Berg"


def test_a_name_that_was_given_here_stays(superoffice: StandIn, user: User) -> None:
    User.objects.update(first_name="Maria")
    user.refresh_from_db()
    linking.link(user, "basic", {"user": "mia", "password": "mia-demo"})
    assert User.objects.get().get_full_name() == "Maria"


def test_a_ticket_links_an_account(superoffice: StandIn, user: User) -> None:
    linking.link(user, "ticket", {"ticket": superoffice.credentials("ola")["ticket"]})
    assert who(user) == 18


def test_a_refresh_token_links_an_account_online(online: StandIn, user: User) -> None:
    token = online.credentials("kari")["refresh_token"]
    linking.link(user, "bearer", {"refresh_token": token})
    assert who(user) == 19
    assert online.door.identity.refreshes == 1


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [
        ("basic", {"user": "mia", "password": "wrong"}),
        ("basic", {"user": "", "password": "x"}),
        ("basic", {}),
        ("ticket", {"ticket": "7T:nothing"}),
        ("ticket", {"ticket": "7T:a\r\nX-Evil: 1"}),
        ("system", {"user": "mia"}),
        ("nonsense", {}),
    ],
)
def test_what_superoffice_does_not_accept_is_not_linked(
    superoffice: StandIn, user: User, scheme: str, secret: dict[str, str]
) -> None:
    with pytest.raises(LinkRefused):
        linking.link(user, scheme, secret)
    assert not Agent.objects.exists()
    assert not Credential.objects.exclude(name=Credential.SERVICE).exists()


def test_online_nobody_is_asked_for_a_superoffice_password(online: StandIn, user: User) -> None:
    before = len(online.journal(kind="request"))
    with pytest.raises(LinkRefused, match="signing in"):
        linking.link(user, "basic", {"user": "mia", "password": "mia-demo"})
    assert len(online.journal(kind="request")) == before


def test_an_account_belongs_to_one_person_here(
    superoffice: StandIn, user: User, person: MakePerson
) -> None:
    person("mia", "agent")
    with pytest.raises(LinkRefused, match="already linked"):
        linking.link(user, "basic", {"user": "mia", "password": "mia-demo"})
    assert not Agent.objects.filter(user=user).exists()


def test_superoffice_out_of_reach_is_told_apart_from_a_refusal(
    superoffice: StandIn, user: User
) -> None:
    superoffice.down()
    with pytest.raises(LinkRefused, match="could not be asked"):
        linking.link(user, "basic", {"user": "mia", "password": "mia-demo"})


def test_what_was_linked_anew_is_used_at_once(superoffice: StandIn, user: User) -> None:
    linking.link(user, "basic", {"user": "mia", "password": "mia-demo"})
    assert who(user) == 17
    linking.link(user, "basic", {"user": "ola", "password": "ola-demo"})
    assert who(user) == 18


def test_a_dead_ticket_is_found_by_the_test_and_then_stops_actions(
    superoffice: StandIn, person: MakePerson
) -> None:
    mia = person("mia", "agent", link=False)
    linking.link(mia.user, "ticket", {"ticket": superoffice.credentials("mia")["ticket"]})
    chat = superoffice.chat(user="mia")
    body = wiring.service_client().sessions.get_raw(chat.id)
    ingest.store_sessions([ingest.Answer(chat.id, body)], reading=ingest.next_reading())
    superoffice.control("POST", "revoke", user="mia")
    with pytest.raises(LinkRefused):
        linking.check(mia.agent)
    with pytest.raises(action_errors.IdentityRequired, match="Link it again"):
        verbs.send_message(chat.id, "Hello", wish=mia.wish())


@pytest.fixture
def my_chat(superoffice: StandIn, mia: Person) -> int:
    chat = superoffice.chat(user="mia")
    body = wiring.service_client().sessions.get_raw(chat.id)
    ingest.store_sessions([ingest.Answer(chat.id, body)], reading=ingest.next_reading())
    return chat.id


def test_a_click_that_meets_a_dead_account_marks_it_and_the_next_one_makes_no_call(
    superoffice: StandIn, mia: Person, my_chat: int
) -> None:
    superoffice.fault("status", user="mia", status=401)
    refused = verbs.send_message(my_chat, "Hello", wish=mia.wish())
    assert (refused.state, refused.code) == ("refused", "identity_required")
    assert mia.agent.credential.broken_at is not None
    before = len(superoffice.journal(kind="request"))
    with pytest.raises(action_errors.IdentityRequired, match="Link it again"):
        verbs.send_message(my_chat, "Hello", wish=mia.wish())
    assert len(superoffice.journal(kind="request")) == before
    superoffice.clear_faults()
    linking.check(mia.agent)
    assert verbs.send_message(my_chat, "Hello", wish=mia.wish()).state == "done"


def test_one_odd_401_refuses_one_action_and_breaks_no_account(
    superoffice: StandIn, mia: Person, my_chat: int
) -> None:
    superoffice.fault("status", user="mia", method="POST", path="Messages", status=401, times=1)
    refused = verbs.send_message(my_chat, "Hello", wish=mia.wish())
    assert (refused.state, refused.code) == ("refused", "refused")
    assert "it accepts your account" in refused.detail
    assert mia.agent.credential.broken_at is None
    assert verbs.send_message(my_chat, "Hello", wish=mia.wish()).state == "done"


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 503}, {"kind": "status", "status": 429}]
)
def test_a_second_question_without_an_answer_breaks_no_account(
    superoffice: StandIn, mia: Person, my_chat: int, fault: dict[str, object]
) -> None:
    superoffice.fault("status", user="mia", method="POST", path="Messages", status=401)
    superoffice.fault(user="mia", path="currentPrincipal", **fault)  # type: ignore[arg-type]
    assert verbs.send_message(my_chat, "Hello", wish=mia.wish()).code == "refused"
    assert mia.agent.credential.broken_at is None


def test_what_was_linked_anew_meanwhile_is_not_marked_for_the_old(
    superoffice: StandIn, mia: Person
) -> None:
    old = mia.agent
    superoffice.fault("status", user="mia", path="currentPrincipal", status=401, times=1)
    linking.link(mia.user, "basic", {"user": "ola", "password": "ola-demo"})
    with pytest.raises(LinkRefused):
        linking.check(old)
    assert mia.agent.credential.broken_at is None


def test_a_silent_superoffice_breaks_no_link(superoffice: StandIn, mia: Person) -> None:
    superoffice.fault("status", status=503)
    with pytest.raises(LinkRefused):
        linking.check(mia.agent)
    assert mia.agent.credential.broken_at is None
    superoffice.clear_faults()
    assert linking.check(mia.agent).associate_id == mia.associate_id


def test_an_account_that_became_somebody_elses_is_not_acted_in(
    superoffice: StandIn, mia: Person
) -> None:
    Agent.objects.update(associate_id=999)
    with pytest.raises(LinkRefused, match="somebody else"):
        linking.check(mia.agent)
    assert mia.agent.credential.broken_at is not None


def test_unlinking_forgets_the_secret(superoffice: StandIn, mia: Person) -> None:
    assert linking.unlink(mia.user)
    assert not linking.unlink(mia.user)
    assert not Credential.objects.filter(name__startswith="agent:").exists()
