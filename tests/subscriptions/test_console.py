"""Operators see who is told what, and why it was switched off; the secret is on no page."""

from django.test import Client

from chatops.subscriptions import keeping
from tests.conftest import MakePerson, Person
from tests.subscriptions.conftest import Subscribe, now

LIST = "/admin/subscriptions/subscription/"


def seen_by(person: Person, path: str) -> tuple[int, str]:
    client = Client()
    client.force_login(person.user)
    answer = client.get(path)
    return answer.status_code, answer.content.decode()


def test_an_operator_sees_what_was_switched_off_and_why(
    subscribe: Subscribe, person: MakePerson
) -> None:
    one = subscribe(label="Billing")
    keeping.stop(one, "Nothing could be delivered since yesterday.")
    oscar = person("oscar", "operator", link=False)
    for path in (LIST, f"{LIST}{one.pk}/change/"):
        status, page = seen_by(oscar, path)
        assert status == 200
        assert "Billing" in page
        assert "Nothing could be delivered since yesterday." in page
        assert now(one).secret not in page
    assert LIST in seen_by(oscar, "/admin/administration/")[1]


def test_others_do_not(subscribe: Subscribe, person: MakePerson) -> None:
    subscribe(label="Billing")
    status, page = seen_by(person("audrey", "auditor", link=False), LIST)
    assert status in {302, 403, 404}
    assert "Billing" not in page
