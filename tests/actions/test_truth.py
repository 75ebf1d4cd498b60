"""Endings are true: what was lost is not called done, and what was done is not called lost."""

import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions import ending, errors, needs, settle, verbs
from chatops.actions.models import Action, State, TrailEntry
from chatops.demo.adapter import StandIn
from chatops.remote import wiring
from tests import processes
from tests.actions.conftest import Mirrored
from tests.conftest import Person


def settle_at(*seconds: float) -> None:
    """The worker's rounds, so long from now."""
    for one in seconds:
        settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=one))


def sent(superoffice: StandIn, chat_id: int) -> list[str]:
    """The texts that agents sent, as SuperOffice holds them."""
    return [one.text for one in superoffice.session(chat_id).messages if one.type == "ToCustomer"]


def state_of(action: Action) -> str:
    action.refresh_from_db()
    return action.state


# --- Later actions do not prove earlier ones -----------------------------------------------------


def test_a_lost_change_is_not_proved_by_a_later_one_that_succeeded(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    superoffice.fault("drop_before", path="AcceptTransfer", times=1)
    lost = verbs.accept_transfer(chat.id, wish=mia.wish())
    settle_at(130, 140)
    assert state_of(lost) == State.NEEDS_PERSON
    second = needs.second_attempt(lost.pk, wish=mia.wish())
    assert second.state == State.DONE
    settle_at(200, 600, 4000)
    assert state_of(lost) == State.NEEDS_PERSON
    assert lost.look_at is None


def given_up_patch(superoffice: StandIn, chat_id: int, mia: Person) -> Action:
    """A change of the e-mail to a@x.example that was lost on the way and is with a person."""
    superoffice.fault("drop_before", path="ChatSession", method="PATCH", times=1)
    lost = verbs.patch_session(chat_id, {"CustomerEmail": "a@x.example"}, wish=mia.wish())
    settle_at(130, 140)
    assert state_of(lost) == State.NEEDS_PERSON
    return lost


def takes_effect_late(superoffice: StandIn, chat_id: int) -> None:
    superoffice.control("PATCH", f"session/{chat_id}", email="a@x.example")


@pytest.mark.django_db(transaction=True)
def test_what_the_next_change_sees_before_it_overwrites_it_settles_the_one_before(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    lost = given_up_patch(superoffice, chat.id, mia)
    takes_effect_late(superoffice, chat.id)
    second = verbs.patch_session(chat.id, {"CustomerEmail": "b@x.example"}, wish=mia.wish())
    assert second.state == State.DONE
    assert state_of(lost) == State.DONE
    assert lost.proof == {"fields": ["CustomerEmail"]}


@pytest.mark.django_db(transaction=True)
def test_a_change_that_cannot_have_done_the_same_does_not_end_the_watch(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    lost = given_up_patch(superoffice, chat.id, mia)
    other = {"CustomerEmail": "b@x.example"}
    assert verbs.patch_session(chat.id, other, wish=mia.wish()).state == State.DONE
    assert verbs.transfer(chat.id, "ola", wish=mia.wish()).state == State.DONE
    settle_at(200)
    assert state_of(lost) == State.NEEDS_PERSON
    takes_effect_late(superoffice, chat.id)
    settle_at(400)
    assert state_of(lost) == State.DONE


@pytest.mark.django_db(transaction=True)
def test_a_later_change_that_was_refused_does_not_end_the_watch(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, settings: Settings
) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    superoffice.fault("drop_before", path="AcceptTransfer", times=1)
    lost = verbs.accept_transfer(chat.id, wish=mia.wish())
    settle_at(130, 140)
    settings.ACTION_ASKS_AFTER_SECONDS = 1000
    superoffice.fault("drop_before", path="RejectTransfer", times=1)
    other = verbs.reject_transfer(chat.id, wish=mia.wish())
    settle_at(200)  # while the other one is open, what shows might be its effect
    ending.never_sent(other, "It had not left.")
    superoffice.control("PATCH", f"session/{chat.id}", user=mia.associate_id, transfer_to=0)
    settle_at(400)
    assert state_of(lost) == State.DONE


@pytest.mark.django_db(transaction=True)
def test_a_second_attempt_that_asks_for_the_same_leaves_the_first_undecided(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    lost = given_up_patch(superoffice, chat.id, mia)
    assert needs.second_attempt(lost.pk, wish=mia.wish()).state == State.DONE
    settle_at(200, 600)
    assert (state_of(lost), lost.look_at) == (State.NEEDS_PERSON, None)


@pytest.mark.django_db(transaction=True)
def test_the_message_that_superoffice_named_is_the_one_that_counts(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    wish, found = mia.wish(), []

    # While our look is on its way, the same is said in SuperOffice's own window.
    superoffice.fault("stall", path="Messages", method="GET", times=1, seconds=0.4)
    thread = processes.apart(lambda: found.append(verbs.send_message(chat.id, "OK", wish=wish)))
    time.sleep(0.2)
    superoffice.control("POST", "post", session=chat.id, by="mia", text="OK", author="Mia Berg")
    thread.join()
    stored = [one.id for one in superoffice.session(chat.id).messages if one.text == "OK"]
    assert len(stored) == 2
    assert found[0].message_id == stored[-1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("patience", [15.0, 0.0])
def test_a_look_that_somebody_overtook_is_not_the_ground_of_a_change(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, settings: Settings, patience: float
) -> None:
    settings.ACTION_LANE_WAIT_SECONDS = patience  # without any, it is not looked at once more
    chat = superoffice.chat(topic=7, messages=["Anybody?"])
    mirrored(chat.id)
    slow, quick = mia.wish(), mia.wish()
    told: list[object] = []

    def pick_up_slowly() -> None:
        try:
            told.append(verbs.pick_up(chat.id, wish=slow))
        except errors.ActionError as error:
            told.append(error)

    # Its look is answered with what was so before the quick one, and arrives after it.
    superoffice.fault("stall", path=f"ChatSession/{chat.id}", method="GET", times=1, seconds=0.5)
    thread = processes.apart(pick_up_slowly)
    time.sleep(0.2)
    assert verbs.pick_up(chat.id, wish=quick).state == State.DONE
    thread.join()
    assert isinstance(told[0], errors.StateConflict)
    assert Action.objects.count() == 1


def test_what_a_reset_could_not_change_is_not_reset(
    superoffice: StandIn, mirrored: Mirrored, kari: Person
) -> None:
    chat = superoffice.chat(topic=7, messages=["Anybody?"])
    mirrored(chat.id)
    with pytest.raises(errors.StateConflict, match="nothing to reset"):
        verbs.reset(chat.id, wish=kari.wish())
    assert not superoffice.effects("reset")


# --- Answers that say less than they seem to -----------------------------------------------------


@pytest.mark.parametrize("status", [302, 303, 408])
def test_an_answer_that_does_not_say_no_leaves_the_outcome_open(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, status: int
) -> None:
    applied = superoffice.chat(user="mia", messages=["Hello?"])
    lost = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(applied.id, lost.id)
    superoffice.fault("status_after", path="Messages", method="POST", status=status, times=1)
    assert verbs.send_message(applied.id, "Hi", wish=mia.wish()).state == State.DONE
    superoffice.fault("status", path="Messages", method="POST", status=status, times=1)
    assert verbs.send_message(lost.id, "Hi", wish=mia.wish()).state == State.UNKNOWN


def test_the_senders_certainty_counts_also_when_it_was_taken_for_dead(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    action = verbs.send_message(chat.id, "Hi", wish=mia.wish())
    assert action.state == State.UNKNOWN
    assert ending.never_sent(action, "It had not left.").state == State.EXPIRED
    settle_at(200)
    assert state_of(action) == State.EXPIRED


# --- Watching ------------------------------------------------------------------------------------


def lost_and_found(superoffice: StandIn, mirrored: Mirrored, mia: Person) -> tuple[int, Action]:
    """A chat and a send that was unknown for a moment and then done."""
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("late", path="Messages", method="POST", times=1, seconds=0.3)
    action = verbs.send_message(chat.id, "Coming", wish=mia.wish())
    time.sleep(0.4)
    settle_at(2)
    assert state_of(action) == State.DONE
    return chat.id, action


def test_a_second_appearance_raises_one_alarm(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat_id, action = lost_and_found(superoffice, mirrored, mia)
    superoffice.control("POST", "post", session=chat_id, by="mia", text="Coming", author="Mia Berg")
    settle_at(90, 200, 400)
    assert state_of(action) == State.DONE
    assert settle.twice() == 1
    assert TrailEntry.objects.filter(what="appeared_twice", action=action).count() == 1


def test_another_send_of_the_same_text_is_no_second_appearance(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat_id, _ = lost_and_found(superoffice, mirrored, mia)
    superoffice.fault("late", path="Messages", method="POST", times=1, seconds=0.3)
    other = verbs.send_message(chat_id, "Coming", wish=mia.wish())
    time.sleep(0.4)
    settle_at(90, 95, 200, 400)
    assert state_of(other) == State.DONE
    assert settle.twice() == 0


def test_watching_ends_after_a_day_and_for_what_nothing_can_be_found_about(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    _, action = lost_and_found(superoffice, mirrored, mia)
    settle_at(90)
    assert state_of(action) == State.DONE
    assert action.look_at is not None
    settle_at(86_300, 86_500)
    action.refresh_from_db()
    assert action.look_at is None


# --- When SuperOffice is away, and clocks that jump ----------------------------------------------


def test_a_silent_superoffice_costs_a_round_two_looks_and_leaves_no_lease(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chats = [superoffice.chat(user="mia", messages=["Hello?"]) for _ in range(6)]
    mirrored(*(chat.id for chat in chats))
    superoffice.fault("drop_before", path="Messages", method="POST")
    actions = [verbs.send_message(chat.id, "Hi", wish=mia.wish()) for chat in chats]
    superoffice.down()
    looked = settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=2))
    assert looked == settle.ENOUGH_FAILURES
    assert not Action.objects.exclude(leased_until=None).exists()
    assert {state_of(one) for one in actions} == {State.UNKNOWN}


def test_a_clock_that_was_set_back_does_not_put_off_the_next_look(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("late", path="Messages", method="POST", times=1, seconds=0.2)
    action = verbs.send_message(chat.id, "Hi", wish=mia.wish())
    ahead = timezone.now() + timedelta(hours=3)
    Action.objects.update(look_at=ahead, leased_until=ahead)
    time.sleep(0.3)
    settle_at(0)
    assert state_of(action) == State.DONE


def test_an_intent_whose_time_is_over_is_never_sent(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, settings: Settings
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    settings.ACTION_EXPIRES_SECONDS = 0.3
    superoffice.fault("stall", path=f"ChatSession/{chat.id}", method="GET", times=1, seconds=0.5)
    wish = mia.wish("late")
    action = verbs.send_message(chat.id, "Hi", wish=wish)
    assert action.state == State.EXPIRED
    assert sent(superoffice, chat.id) == []
    settings.ACTION_EXPIRES_SECONDS = 60
    assert verbs.send_message(chat.id, "Hi", wish=wish).state == State.DONE


def test_with_the_breaker_open_the_caller_is_told_at_once_and_for_how_long(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, settings: Settings
) -> None:
    settings.BREAKER_FAILURES, settings.BREAKER_SECONDS = 3, 5.0
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.down()
    with pytest.raises(errors.Unavailable):
        verbs.send_message(chat.id, "Hi", wish=mia.wish())
    wish, began = mia.wish(), time.monotonic()
    with pytest.raises(errors.Unavailable, match="Nothing was sent") as told:
        verbs.send_message(chat.id, "Hi", wish=wish)
    assert time.monotonic() - began < 0.3
    assert told.value.retry_after
    assert not Action.objects.exists()


@pytest.mark.parametrize(
    ("fault", "told"),
    [({"status": 401}, "Tell an operator"), ({"status": 503}, "does not answer")],
)
def test_why_nothing_was_sent_is_told_in_a_sentence(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, fault: dict[str, int], told: str
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("status", user="integration", **fault)
    with pytest.raises(errors.Unavailable, match=told):
        verbs.send_message(chat.id, "Hi", wish=mia.wish())


# --- One wish, many processes --------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_fifty_equal_requests_over_four_processes_are_one_message_and_one_action(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    wish = mia.wish("one-key")

    def send_many() -> list[tuple[int, str, int | None]]:
        found: list[tuple[int, str, int | None]] = []

        def send() -> None:
            one = verbs.send_message(chat.id, "Once", wish=wish)
            found.append((one.pk, one.state, one.message_id))

        threads = [processes.apart(send) for _ in range(13)]
        for thread in threads:
            thread.join()
        return found

    answers = [one for found in processes.together(4, send_many) for one in found]
    assert len(answers) == 52
    assert len(set(answers)) == 1
    assert sent(superoffice, chat.id) == ["Once"]


@pytest.mark.django_db(transaction=True)
def test_an_intent_is_not_recorded_inside_somebody_elses_transaction(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        verbs.send_message(chat.id, "Hi", wish=mia.wish())
    assert sent(superoffice, chat.id) == []


def test_a_second_attempt_under_the_same_key_is_the_same_action(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    lost = verbs.send_message(chat.id, "Again", wish=mia.wish())
    settle_at(130, 140)
    wish = mia.wish("second")
    first = needs.second_attempt(lost.pk, wish=wish)
    needs.close(lost.pk, caller=mia.caller(), verdict="happened", note="seen")
    again = needs.second_attempt(lost.pk, wish=wish)
    assert (again.pk, again.replayed) == (first.pk, True)
    with pytest.raises(errors.StateConflict):
        needs.second_attempt(lost.pk, wish=mia.wish())


def test_a_key_used_for_the_next_chat_of_one_topic_is_not_good_for_another(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    first = superoffice.chat(topic=7, messages=["First"])
    mirrored(first.id)
    wish = mia.wish("next")
    assert verbs.pick_up_next(7, wish=wish).state == State.DONE
    assert verbs.pick_up_next(7, wish=wish).replayed
    with pytest.raises(errors.KeyReused):
        verbs.pick_up_next(8, wish=wish)


def test_the_answer_to_a_call_is_kept_as_evidence_without_its_text(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    action = verbs.send_message(chat.id, "Secret words", wish=mia.wish())
    action.refresh_from_db()
    assert set(action.answer) == {"at", "status", "error", "ms", "message_id"}
    assert "Secret" not in str(action.answer) + str(action.proof)


@pytest.mark.django_db(transaction=True)
def test_what_is_only_watched_does_not_keep_what_is_open_waiting(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chats = [superoffice.chat(user="mia", messages=["Hello?"]).id for _ in range(12)]
    mirrored(*chats)
    superoffice.fault("drop_before", path="Messages", method="POST")
    watched = [verbs.send_message(one, "Hi", wish=mia.wish()) for one in chats[1:]]
    settle_at(130)
    assert {state_of(one) for one in watched} == {State.NEEDS_PERSON}
    superoffice.control("PUT", "faults", rules=[], latency_ms=200)
    now = timezone.now() + timedelta(seconds=200)
    looked = settle.run_due(wiring.service_client(), now=now)
    assert 0 < looked < len(watched)
    # The next round finds the others still due, and none of them lent to anybody.
    assert Action.objects.filter(look_at__lte=now, leased_until=None).count() == 11 - looked


@pytest.mark.django_db(transaction=True)
def test_a_link_that_cannot_be_read_any_more_sends_nothing_and_leaves_nothing_open(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(offered_to="mia")
    mirrored(chat.id)
    wish = mia.wish()
    superoffice.fault("slow", path=f"ChatSession/{chat.id}$", times=1, seconds=0.5)
    told: list[Exception] = []

    def accept() -> None:
        try:
            verbs.accept_transfer(chat.id, wish=wish)
        except errors.ActionError as error:
            told.append(error)

    thread = processes.apart(accept)
    thread.join(0.2)
    with connection.cursor() as cursor:  # as stored: no key of ours opens it
        cursor.execute("UPDATE remote_credential SET secret = 'x' WHERE name <> 'service'")
    thread.join()
    assert [type(one) for one in told] == [errors.IdentityRequired]
    assert Action.objects.get().state == State.EXPIRED
    assert not superoffice.effects("accept")
