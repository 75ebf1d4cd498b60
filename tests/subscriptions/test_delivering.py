"""What a subscriber gets: everything, in order, signed, again until taken, and an end of it."""

import time
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions import tokens
from chatops.actions.callers import Caller, caller_of
from chatops.actions.errors import Invalid
from chatops.actions.models import ApiToken, TrailEntry
from chatops.demo.adapter import StandIn
from chatops.mirror import feed, people
from chatops.mirror.models import Change
from chatops.remote import wiring
from chatops.subscriptions import delivering, keeping, sending
from chatops.subscriptions.models import State, Subscription
from tests.conftest import Person
from tests.processes import apart
from tests.subscriptions.conftest import Subscribe, change, now
from tests.subscriptions.receiver import Received, Receiver


def deliver_all() -> None:
    while delivering.run_due():
        pass


def test_every_change_is_told_once_and_in_order(
    receiver: Receiver, subscribe: Subscribe, settings: Settings
) -> None:
    settings.SUBSCRIPTION_BATCH = 3
    change(1)
    one = subscribe()
    change(2, 3, 4, 5, 2)
    change(3, Rating=4)
    assert delivering.run_due() == 2
    head = feed.position().last
    assert receiver.numbers == list(range(2, head + 1))
    assert [each["session_id"] for got in receiver.taken for each in got.json["changes"]] == [
        2,
        3,
        4,
        5,
        3,
    ]
    assert now(one).number == head
    assert delivering.run_due() == 0


def test_a_delivery_is_signed_over_its_time_and_its_body(
    receiver: Receiver, subscribe: Subscribe
) -> None:
    one = subscribe()
    change(1)
    deliver_all()
    got = receiver.taken[0]
    stamp = got.headers["X-Chatops-Timestamp"]
    assert abs(int(stamp) - time.time()) < 5
    secret = now(one).secret
    assert got.headers["X-Chatops-Signature"] == sending.signature(secret, stamp, got.body)
    assert got.headers["X-Chatops-Signature"] != sending.signature("other", stamp, got.body)
    assert len(got.headers["X-Chatops-Delivery"]) == 32
    assert got.headers["Content-Type"] == "application/json"
    assert got.path == "/chats?of=ours"
    assert got.json["epoch"] == feed.position().epoch
    assert set(got.json["changes"][0]) == {
        "number",
        "kind",
        "op",
        "session_id",
        "object_id",
        "at",
    }


def test_both_secrets_sign_while_one_follows_the_other(
    receiver: Receiver, subscribe: Subscribe, caller: Caller
) -> None:
    one = subscribe()
    first = now(one).secret
    _, second = keeping.rotate(one, caller=caller, overlap=60)
    change(1)
    deliver_all()
    assert signed_with(receiver.taken[-1]) == signed(receiver.taken[-1], second, first)
    # Its time is over.
    Subscription.objects.update(previous_until=timezone.now())
    change(2)
    deliver_all()
    assert signed_with(receiver.taken[-1]) == signed(receiver.taken[-1], second)
    # One that leaked ends at once.
    _, third = keeping.rotate(now(one), caller=caller, overlap=0)
    change(3)
    deliver_all()
    assert signed_with(receiver.taken[-1]) == signed(receiver.taken[-1], third)
    assert now(one).previous_secret == ""
    assert TrailEntry.objects.filter(what="subscription_rotated").count() == 2


def signed_with(got: Received) -> list[str]:
    return [got.headers[name] for name in sending.SIGNATURES if name in got.headers]


def signed(got: Received, *secrets: str) -> list[str]:
    stamp = got.headers["X-Chatops-Timestamp"]
    return [sending.signature(one, stamp, got.body) for one in secrets]


def test_a_lost_key_is_put_right_by_a_new_secret(
    receiver: Receiver, subscribe: Subscribe, settings: Settings, caller: Caller
) -> None:
    one = subscribe()
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    change(1)
    deliver_all()
    found = keeping.find(one.pk, caller)
    assert found.state == State.STOPPED
    _, secret = keeping.rotate(found, caller=caller)
    keeping.switch(found, on=True, caller=caller)
    deliver_all()
    assert signed_with(receiver.taken[-1]) == signed(receiver.taken[-1], secret)


def test_an_agents_program_is_told_of_the_agents_topics_only(
    receiver: Receiver, superoffice: StandIn, mia: Person
) -> None:
    """Mia answers in topics 7 and 8; what is offered to her is hers wherever it is."""
    client = wiring.service_client()
    for topic in (7, 8, 9):
        people.store_members(topic, [one.raw for one in client.topics.members(topic)])
    token, _ = tokens.issue(owner=mia.user, label="mias", scopes=["feed"])
    mias = caller_of(mia.user, token=token, source="api")
    keeping.create(receiver.url, caller=mias)
    with pytest.raises(Invalid):
        keeping.create(receiver.url, caller=mias, topics=[9])
    change(1, TopicId=9)
    change(2, TopicId=8)
    change(3, TopicId=9, TransferTo={"AssociateId": mia.associate_id})
    deliver_all()
    told = [each["session_id"] for got in receiver.taken for each in got.json["changes"]]
    assert [one for one in told if one] == [2, 3]


def test_the_signature_is_what_openssl_makes_of_it() -> None:
    """`printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whs_secret`"""
    assert sending.signature("whs_secret", "1700000000", b'{"a":1}') == (
        "42359816b9cdac4fb62fa04459d2218b257ca9331d835e02a9c7808b91b58019"
    )


def test_what_was_not_taken_comes_again_before_anything_newer(
    receiver: Receiver, subscribe: Subscribe
) -> None:
    one = subscribe()
    receiver.statuses = [500, 503, 404]
    change(1, 2)
    for failures in (1, 2, 3):
        assert delivering.run_due() == 0
        assert now(one).failures == failures
    assert now(one).last_error == "HTTP 404."
    change(3)
    deliver_all()
    assert [got.numbers for got in receiver.received][:3] == [[1, 2]] * 3
    assert receiver.numbers == [1, 2, 3]
    assert (now(one).failures, now(one).last_error, now(one).failing_since) == (0, "", None)


def test_waits_between_tries_grow(
    receiver: Receiver, subscribe: Subscribe, settings: Settings
) -> None:
    settings.SUBSCRIPTION_BACKOFF_SECONDS = 5
    one = subscribe()
    receiver.statuses = [500] * 9
    change(1)
    waits = []
    for _ in range(4):
        delivering.run_due()
        next_at = now(one).next_at
        assert next_at is not None
        waits.append(round((next_at - timezone.now()).total_seconds()))
        assert delivering.run_due() == 0  # not before its time
        Subscription.objects.update(next_at=timezone.now())
    assert waits == [5, 10, 20, 40]
    assert len(receiver.received) == 4


def test_after_a_day_of_failures_it_is_switched_off_with_a_notice(
    receiver: Receiver, subscribe: Subscribe, caller: Caller
) -> None:
    one = subscribe()
    receiver.statuses = [500, 500]
    change(1)
    delivering.run_due()
    Subscription.objects.update(failing_since=timezone.now() - timedelta(days=1))
    delivering.run_due()
    off = now(one)
    assert off.state == State.STOPPED
    assert "HTTP 500" in off.notice
    assert TrailEntry.objects.filter(what="subscription_stopped").count() == 1
    assert delivering.run_due() == 0
    # Switched on again, it goes on where it was.
    keeping.change(off, {"state": "active"}, caller=caller)
    deliver_all()
    assert receiver.numbers == [1]
    assert now(one).notice == ""


def test_a_slow_receiver_is_not_waited_for_longer_than_its_time(
    receiver: Receiver, subscribe: Subscribe, settings: Settings
) -> None:
    settings.SUBSCRIPTION_TIMEOUT_SECONDS = 0.3
    one = subscribe()
    change(1)
    receiver.seconds = 0.8
    started = time.monotonic()
    assert delivering.run_due() == 0
    assert time.monotonic() - started < 0.75
    assert now(one).last_error == "No answer within 0.3 s."
    receiver.seconds, receiver.drips = 0, True
    started = time.monotonic()
    assert delivering.run_due() == 0
    assert time.monotonic() - started < 0.75
    assert now(one).failures == 2


def test_redirects_are_not_followed(receiver: Receiver, subscribe: Subscribe) -> None:
    one = subscribe()
    with Receiver() as elsewhere:
        receiver.statuses, receiver.location = [302], elsewhere.url
        change(1)
        assert delivering.run_due() == 0
        assert now(one).last_error == "HTTP 302."
        assert elsewhere.received == []


def test_a_long_answer_is_not_read(receiver: Receiver, subscribe: Subscribe) -> None:
    subscribe()
    receiver.answer = b"x" * 50_000_000
    receiver.statuses = [200]
    change(1)
    started = time.monotonic()
    deliver_all()
    assert receiver.numbers == [1]
    assert time.monotonic() - started < 5


def test_nobody_there_is_a_failure_like_another(subscribe: Subscribe) -> None:
    one = subscribe(url="http://127.0.0.1:9/")
    change(1)
    assert delivering.run_due() == 0
    assert now(one).last_error == "The connection failed (ConnectionRefusedError)."


def test_one_dead_receiver_does_not_hold_up_the_others(
    receiver: Receiver, subscribe: Subscribe, settings: Settings
) -> None:
    settings.SUBSCRIPTION_TIMEOUT_SECONDS = 3
    with Receiver(seconds=3) as dead:
        subscribe(url=dead.url)
        subscribe()
        change(1)
        round_of = apart(delivering.run_due)
        until = time.monotonic() + 2
        while not receiver.taken and time.monotonic() < until:
            time.sleep(0.02)
        assert receiver.numbers == [1]
        round_of.join()


def test_several_workers_deliver_each_batch_once(
    receiver: Receiver, subscribe: Subscribe, settings: Settings
) -> None:
    settings.SUBSCRIPTION_BATCH = 2
    subscribe()
    receiver.seconds = 0.02
    change(*range(1, 21))

    workers = [apart(deliver_all) for _ in range(4)]
    for each in workers:
        each.join()
    deliver_all()
    assert receiver.numbers == list(range(1, 21))
    assert receiver.most_at_once == 1


def test_what_a_killed_worker_held_is_delivered_by_the_next(
    receiver: Receiver, subscribe: Subscribe
) -> None:
    one = subscribe()
    change(1)
    Subscription.objects.update(
        leased_by="a dead one", leased_until=timezone.now() + timedelta(seconds=60)
    )
    assert delivering.run_due() == 0
    Subscription.objects.update(leased_until=timezone.now())
    assert delivering.run_due() == 1
    assert now(one).leased_by == ""


def test_only_the_kinds_and_topics_that_were_asked_for(
    receiver: Receiver, subscribe: Subscribe
) -> None:
    one = subscribe(kinds=["session"], topics=[8])
    change(1, TopicId=7)
    change(2, TopicId=8)
    change(3, TopicId=7)
    deliver_all()
    assert [each["session_id"] for got in receiver.taken for each in got.json["changes"]] == [2]
    assert now(one).number == feed.position().last


def test_nothing_of_interest_moves_the_place_without_a_word(
    receiver: Receiver, subscribe: Subscribe
) -> None:
    one = subscribe(topics=[9])
    change(1, 2, 3)
    deliver_all()
    assert receiver.received == []
    assert now(one).number == feed.position().last


def test_a_place_that_is_gone_is_told_as_a_reset(receiver: Receiver, subscribe: Subscribe) -> None:
    one = subscribe()
    change(1, 2)
    Change.objects.update(at=timezone.now() - timedelta(days=30))
    feed.prune(older_than=timedelta(days=1))
    deliver_all()
    assert receiver.taken[0].json == {
        "epoch": feed.position().epoch,
        "changes": [],
        "last": feed.position().last,
        "reset": True,
    }
    epoch = feed.start_anew()
    deliver_all()
    assert receiver.taken[1].json["epoch"] == epoch
    change(3)
    deliver_all()
    assert receiver.numbers == [feed.position().last]
    assert now(one).epoch == epoch


def test_redelivery_by_hand_starts_from_a_number(
    receiver: Receiver, subscribe: Subscribe, caller: Caller
) -> None:
    one = subscribe()
    change(1, 2, 3)
    deliver_all()
    keeping.redeliver(now(one), 1, caller=caller)
    deliver_all()
    assert receiver.numbers == [1, 2, 3, 2, 3]


def test_redelivery_during_a_delivery_is_not_lost(
    receiver: Receiver, subscribe: Subscribe, caller: Caller
) -> None:
    one = subscribe()
    receiver.seconds = 0.4
    change(1, 2)
    under_way = apart(delivering.run_due)
    while not receiver.received:
        time.sleep(0.02)
    keeping.redeliver(now(one), 0, caller=caller)
    under_way.join()
    deliver_all()
    assert receiver.numbers == [1, 2, 1, 2]


@pytest.mark.parametrize("end", ["revoked", "expired", "inactive"])
def test_it_ends_with_its_owners_right(receiver: Receiver, subscribe: Subscribe, end: str) -> None:
    one = subscribe()
    token = ApiToken.objects.get()
    if end == "revoked":
        tokens.revoke(token)
    elif end == "expired":
        ApiToken.objects.update(expires_at=timezone.now())
    else:
        token.owner.is_active = False
        token.owner.save()
    change(1)
    assert delivering.run_due() == 0
    assert receiver.received == []
    assert now(one).state == State.STOPPED
    assert "token" in now(one).notice


def test_a_secret_that_cannot_be_read_any_more_stops_only_its_own(
    receiver: Receiver, subscribe: Subscribe, settings: Settings, caller: Caller
) -> None:
    lost = subscribe()
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    subscribe()
    change(1)
    deliver_all()
    assert receiver.numbers == [1]
    stopped = {one.pk: one for one in keeping.visible(caller)}[lost.pk]
    assert stopped.state == State.STOPPED
    assert "FIELD_KEYS" in stopped.notice


def test_a_rotated_token_goes_on(receiver: Receiver, subscribe: Subscribe) -> None:
    subscribe()
    tokens.rotate(ApiToken.objects.get())
    change(1)
    deliver_all()
    assert receiver.numbers == [1]


def test_a_test_delivery_changes_nothing(receiver: Receiver, subscribe: Subscribe) -> None:
    one = subscribe()
    change(1)
    assert delivering.try_out(now(one)).status == 204
    assert receiver.taken[0].json["test"] is True
    assert receiver.taken[0].json["changes"] == []
    receiver.statuses = [500]
    assert delivering.try_out(now(one)).error == "HTTP 500."
    assert (now(one).number, now(one).failures) == (0, 0)
