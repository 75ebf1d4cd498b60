"""Operators see who is told what, and why it was switched off; the secret is on no page."""

from django.contrib.auth.models import User
from django.test import Client

from chatops.actions.callers import Caller
from chatops.actions.models import TrailEntry
from chatops.ops import doctor, metrics
from chatops.subscriptions import delivering, keeping
from chatops.subscriptions.models import State, Subscription
from tests.conftest import MakePerson, Person
from tests.subscriptions.conftest import Subscribe, change, now
from tests.subscriptions.receiver import Receiver

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


def test_an_operator_switches_it_off_and_on_and_has_it_deliver_once_more(
    receiver: Receiver, subscribe: Subscribe, person: MakePerson
) -> None:
    one = subscribe(label="Billing")
    change(1, 2)
    while delivering.run_due():
        pass
    client = Client()
    client.force_login(person("oscar", "operator", link=False).user)
    page = f"{LIST}{one.pk}"
    assert client.post(f"{page}/switch/off/").status_code == 302
    assert (now(one).state, now(one).notice) == (State.STOPPED, "An operator switched it off.")
    assert "Switch on" in client.get(f"{page}/change/").content.decode()
    client.post(f"{page}/switch/on/")
    assert (now(one).state, now(one).notice) == (State.ACTIVE, "")
    client.post(f"{page}/redeliver/", {"after": "1"})
    while delivering.run_due():
        pass
    assert receiver.numbers == [1, 2, 2]
    for odd in ("", "x", "-1", "99999999", "9" * 30):
        told = client.post(f"{page}/redeliver/", {"after": odd}, follow=True).content.decode()
        assert "required" in told or "Changes are kept" in told
    assert client.post(f"{page}/switch/sideways/").status_code == 404
    assert client.get(f"{page}/switch/off/").status_code == 404
    whats = TrailEntry.objects.filter(actor__username="oscar").order_by("id")
    assert [entry.what for entry in whats if entry.what.startswith("subscription")] == [
        "subscription_changed",
        "subscription_changed",
        "subscription_redelivered",
    ]


def test_nobody_else_does(subscribe: Subscribe, person: MakePerson) -> None:
    one = subscribe()
    for role in ("agent", "lead", "auditor"):
        client = Client()
        client.force_login(person(role, role, link=False).user)
        for deed in ("switch/off/", "redeliver/"):
            answer = client.post(f"{LIST}{one.pk}/{deed}", {"after": "0"})
            assert answer.status_code in {302, 403, 404}
    assert now(one).state == State.ACTIVE


def test_its_owner_the_doctor_and_the_metrics_tell_of_one_that_was_switched_off(
    subscribe: Subscribe, caller: Caller
) -> None:
    one = subscribe(label="Billing")
    client = Client()
    User.objects.filter(pk=caller.user.pk).update(is_staff=True)
    client.force_login(caller.user)
    account = "/admin/account/"
    assert "Billing" not in client.get(account).content.decode()
    assert "chatops_subscriptions_switched_off 0.0" in metrics.page().decode()
    keeping.stop(one, "Nothing could be delivered since 2026-03-02 09:00 UTC: HTTP 500.")
    page = client.get(account, headers={"Accept-Language": "nb"}).content.decode()
    assert "«Billing» får ikke lenger beskjed" in page
    assert "Ingenting har kunnet leveres siden 2026-03-02 09:00 UTC" in page
    found = [one for one in doctor.examine() if one.name == "subscriptions"]
    assert [one.level for one in found] == ["warn"]
    assert "HTTP 500" in found[0].says
    figures = metrics.page().decode()
    assert "chatops_subscriptions_switched_off 1.0" in figures
    assert 'chatops_subscriptions{state="stopped"} 1.0' in figures
    # What its owner stopped is nobody's worry.
    keeping.change(one, {"state": "stopped"}, caller=caller)
    assert "Billing" not in client.get(account).content.decode()
    assert {one.level for one in doctor.examine() if one.name == "subscriptions"} == {"ok"}


def test_a_subscription_that_fails_is_told(subscribe: Subscribe) -> None:
    subscribe()
    Subscription.objects.update(failures=5, last_error="HTTP 503.")
    found = [one for one in doctor.examine() if one.name == "subscriptions"]
    assert "failed 5 times: HTTP 503." in found[0].says
    assert "chatops_subscriptions_failing 1.0" in metrics.page().decode()
