"""The operators' pages: people, roles, tokens."""

import pytest
from django.contrib.auth.models import Group, User
from django.utils.html import escape

from chatops.actions import tokens
from chatops.actions.callers import SCOPES
from chatops.actions.models import ApiToken, TrailEntry
from chatops.console.admin.tokens import OPENS
from tests.conftest import MakePerson, Person
from tests.console.conftest import AtConsole


def plain_token(page: str) -> str:
    """The token that a page shows this once."""
    return page.split('id="plain-token"')[1].split(">", 1)[1].split("<", 1)[0]


def make_token(operator: AtConsole, owner: User) -> str:
    answer = operator.post(
        "actions/apitoken/add/",
        label="billing",
        owner=owner.pk,
        scopes=["read", "feed"],
        days=30,
    )
    return str(answer.content.decode())


def test_a_token_is_shown_once_and_works(operator: AtConsole) -> None:
    page = make_token(operator, operator.person.user)
    plain = plain_token(page)
    token = tokens.find(plain)
    assert token is not None
    assert token.scopes == ["feed", "read"]
    for path in ("actions/apitoken/", f"actions/apitoken/{token.pk}/change/"):
        assert plain not in operator.page(path)
    assert TrailEntry.objects.filter(what="token_created", actor=operator.person.user).exists()


def test_a_rotated_token_lives_on_under_another_text(operator: AtConsole) -> None:
    old = plain_token(make_token(operator, operator.person.user))
    token = ApiToken.objects.get()
    new = plain_token(operator.post(f"actions/apitoken/{token.pk}/rotate/").content.decode())
    assert tokens.find(old) is None
    assert tokens.find(new) is not None


def test_a_revoked_token_is_dead(operator: AtConsole) -> None:
    plain = plain_token(make_token(operator, operator.person.user))
    token = ApiToken.objects.get()
    operator.post(f"actions/apitoken/{token.pk}/revoke/")
    assert tokens.find(plain) is None
    assert "revoked" in operator.page("actions/apitoken/")


def test_a_token_is_neither_rotated_by_a_link_nor_by_others(
    operator: AtConsole, mia_there: AtConsole
) -> None:
    plain = plain_token(make_token(operator, operator.person.user))
    token = ApiToken.objects.get()
    for verb in ("rotate", "revoke"):
        operator.get(f"actions/apitoken/{token.pk}/{verb}/")
        mia_there.post(f"actions/apitoken/{token.pk}/{verb}/")
    assert tokens.find(plain) is not None


def test_a_token_without_scopes_is_told_at_the_field(operator: AtConsole) -> None:
    answer = operator.post("actions/apitoken/add/", label="x", owner=operator.person.user.pk)
    assert "This field is required." in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_an_operator_adds_a_person_with_a_role_and_it_is_in_the_trail(
    operator: AtConsole,
) -> None:
    answer = operator.post(
        "auth/user/add/",
        username="nora",
        password1="a-long-pass-phrase",
        password2="a-long-pass-phrase",
        groups=[Group.objects.get(name="agent").pk],
    )
    assert answer.status_code == 302, answer.content.decode()
    nora = User.objects.get(username="nora")
    assert nora.is_staff
    assert not nora.is_superuser
    assert [group.name for group in nora.groups.all()] == ["agent"]
    entry = TrailEntry.objects.get(what="person_added")
    assert (entry.object, entry.after) == (f"user:{nora.pk}", "agent")


def test_nobody_becomes_a_superuser_here(operator: AtConsole, mia: Person) -> None:
    operator.post(
        f"auth/user/{mia.user.pk}/change/",
        username="mia",
        is_active="on",
        is_superuser="on",
        user_permissions=["1"],
        groups=[],
    )
    mia.user.refresh_from_db()
    assert not mia.user.is_superuser
    assert not mia.user.user_permissions.exists()


def test_a_superuser_is_not_changed_by_an_operator(operator: AtConsole) -> None:
    root = User.objects.create_superuser("root", password="root-pass-phrase")
    answer = operator.post(f"auth/user/{root.pk}/change/", username="root2", is_active="")
    assert answer.status_code == 403
    assert operator.post(f"auth/user/{root.pk}/password/", password1="x").status_code == 403
    root.refresh_from_db()
    assert (root.username, root.is_active) == ("root", True)


@pytest.mark.parametrize(
    "page", ["mirror/chattopic/add/", "actions/trailentry/add/", "remote/agent/add/"]
)
def test_what_is_read_or_recorded_cannot_be_made_up(operator: AtConsole, page: str) -> None:
    assert operator.get(page).status_code == 403
    assert operator.post(page).status_code == 403


def test_credentials_are_on_no_page(
    operator: AtConsole, superoffice: object, person: MakePerson
) -> None:
    mia = person("mia", "agent")
    for page in ("remote/agent/", f"remote/agent/{mia.agent.pk}/change/"):
        shown = operator.page(page)
        assert "mia-demo" not in shown
        assert mia.agent.credential.secret not in shown


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("actions/apitoken/", "No program may act or read yet."),
        ("subscriptions/subscription/", "No program is told of changes yet."),
        ("remote/agent/", "Nobody has linked a SuperOffice account yet."),
        ("mirror/chattopic/", "Topics are read from SuperOffice."),
        ("mirror/inbox/", "SuperOffice has told of nothing yet."),
    ],
)
def test_an_empty_list_says_why_and_what_to_do(operator: AtConsole, path: str, why: str) -> None:
    assert why in operator.page(path)


def test_a_search_that_finds_nothing_says_so(operator: AtConsole) -> None:
    page = operator.page("auth/user/", q="nobody-is-called-this")
    assert "Nothing matches." in page


def test_the_form_of_a_token_says_what_each_scope_opens(operator: AtConsole) -> None:
    page = operator.page("actions/apitoken/add/")
    for scope in SCOPES:
        assert f'<b>{scope}</b> <span class="mute">{escape(str(OPENS[scope]))}</span>' in page
