"""My SuperOffice account, and what needs a person."""

from datetime import timedelta

from django.utils import timezone

from chatops.actions.models import Action, State
from chatops.demo.adapter import StandIn
from chatops.remote.models import Agent, Credential
from tests.conftest import MakePerson
from tests.console.conftest import AtConsole, Mirrored, SignIn


def test_linking_is_checked_at_superoffice_first(
    superoffice: StandIn, person: MakePerson, sign_in: SignIn
) -> None:
    mia = sign_in(person("mia", "agent", link=False))
    wrong = mia.post("account/link/", scheme="basic", user="mia", password="guess-work")
    page = wrong.content.decode()
    assert "did not accept this sign-in" in page
    assert "guess-work" not in page
    assert not Agent.objects.exists()
    right = mia.post("account/link/", scheme="basic", user="mia", password="mia-demo")
    assert right.status_code == 303
    page = mia.page("account/")
    assert "Linked: you act as Mia Berg" in page
    assert "mia-demo" not in page
    assert Agent.objects.get().associate_id == 17


def test_what_is_missing_is_told_at_its_field_and_what_was_typed_stays(
    superoffice: StandIn, person: MakePerson, sign_in: SignIn
) -> None:
    mia = sign_in(person("mia", "agent", link=False))
    page = mia.post("account/link/", scheme="basic", user="mia", password="").content.decode()
    assert 'aria-invalid="true" aria-describedby="so-password-error"' in page
    assert 'id="so-password-error">Write your password at SuperOffice.' in page
    assert 'value="mia"' in page
    page = mia.post("account/link/", scheme="ticket", ticket="").content.decode()
    assert "<details open>" in page
    assert 'id="so-ticket-error">Paste the ticket.' in page
    assert page.count('aria-invalid="true"') == 1
    refused = mia.post("account/link/", scheme="basic", user="mia", password="guess-work")
    assert 'aria-describedby="refusal"' in refused.content.decode()


def test_a_page_that_tells_what_is_missing_is_a_page_like_the_others(
    superoffice: StandIn, person: MakePerson, sign_in: SignIn
) -> None:
    """Its language and its live updates ask for the address that the form was sent to."""
    mia = sign_in(person("mia", "agent", link=False))
    page = mia.post("account/link/", scheme="basic", user="mia", password="").content.decode()
    assert 'name="next" value="/admin/account/link/"' in page
    answer = mia.get("account/link/")
    assert (answer.status_code, answer["Location"]) == (303, "/admin/account/")
    live = mia.fragment("account/link/")
    assert live.status_code == 200
    assert 'data-screen="account"' in live.content.decode()


def test_an_account_that_somebody_else_has_is_refused(
    superoffice: StandIn, mia_there: AtConsole, person: MakePerson, sign_in: SignIn
) -> None:
    other = sign_in(person("other", "agent", link=False))
    answer = other.post("account/link/", scheme="basic", user="mia", password="mia-demo")
    assert "already linked" in answer.content.decode()


def test_a_ticket_links_as_well(superoffice: StandIn, person: MakePerson, sign_in: SignIn) -> None:
    mia = sign_in(person("mia", "agent", link=False))
    ticket = superoffice.credentials("mia")["ticket"]
    assert mia.post("account/link/", scheme="ticket", ticket=ticket).status_code == 303
    assert Agent.objects.get().associate_id == 17


def test_testing_says_who_superoffice_takes_me_for(
    superoffice: StandIn, mia_there: AtConsole
) -> None:
    mia_there.post("account/test/")
    assert "you are Mia Berg" in mia_there.page("account/")


def test_unlinking_forgets_the_secret(superoffice: StandIn, mia_there: AtConsole) -> None:
    mia_there.post("account/unlink/")
    assert not Agent.objects.exists()
    assert not Credential.objects.filter(name__startswith="agent:").exists()
    assert "Link your account" in mia_there.page("account/")


def needs_me(superoffice: StandIn, mirrored: Mirrored, mia: AtConsole) -> Action:
    """A message whose answer was lost, and not found for so long that a person is asked."""
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", method="POST", path="Messages", times=1)
    mia.post(f"sessions/{chat.id}/messages/", text="Did this arrive?")
    action = Action.objects.get()
    Action.objects.update(state=State.NEEDS_PERSON, sent_at=timezone.now() - timedelta(minutes=5))
    return action


def test_what_needs_me_is_counted_and_shows_what_is_known_and_the_choices(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    action = needs_me(superoffice, mirrored, mia_there)
    assert '<span class="count hot">1</span>' in mia_there.page()
    assert 'id="needs"' in mia_there.page("actions/")
    page = mia_there.page(f"actions/{action.pk}/")
    for shown in ("Did this arrive?", "It happened", "Send it a second time", "The chat now"):
        assert shown in page


def test_closing_says_what_i_found(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    action = needs_me(superoffice, mirrored, mia_there)
    mia_there.post(f"actions/{action.pk}/close/", verdict="happened", note="seen in the client")
    action.refresh_from_db()
    assert action.state == State.CLOSED
    assert "It happened" not in mia_there.page(f"actions/{action.pk}/")


def test_a_second_attempt_is_an_action_of_its_own(
    superoffice: StandIn, mirrored: Mirrored, mia_there: AtConsole
) -> None:
    action = needs_me(superoffice, mirrored, mia_there)
    answer = mia_there.post(f"actions/{action.pk}/again/")
    second = Action.objects.get(second_of=action)
    assert answer["Location"] == f"/admin/actions/{second.pk}/"
    assert second.state == State.DONE
    assert f"/admin/actions/{second.pk}/" in mia_there.page(f"actions/{action.pk}/")


def test_anothers_action_is_not_there_for_me(
    superoffice: StandIn,
    mirrored: Mirrored,
    mia_there: AtConsole,
    person: MakePerson,
    sign_in: SignIn,
) -> None:
    action = needs_me(superoffice, mirrored, mia_there)
    ola = sign_in(person("ola", "agent"))
    assert ola.get(f"actions/{action.pk}/").status_code == 404
    ola.post(f"actions/{action.pk}/close/", verdict="happened")
    ola.post(f"actions/{action.pk}/again/")
    action.refresh_from_db()
    assert action.state == State.NEEDS_PERSON
    assert Action.objects.count() == 1
