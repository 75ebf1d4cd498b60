"""One limiter and one breaker between all processes and SuperOffice."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from chatops.demo.adapter import StandIn
from chatops.remote import gate, wiring
from chatops.remote.gate import GateClosed, SharedGate
from chatops.remote.models import Gate
from chatops.superoffice import errors
from chatops.superoffice.exchange import Rank
from tests.remote.conftest import Together

pytestmark = pytest.mark.django_db


def asked(office: StandIn) -> int:
    """How many requests SuperOffice has seen."""
    return len(office.journal(kind="request"))


def ask(*, person: bool = False) -> None:
    wiring.service_client(person=person).associates.current_principal()


def test_all_processes_together_stay_within_the_budget(
    superoffice: StandIn, settings: Settings, together: Together
) -> None:
    settings.REMOTE_CALLS_PER_SECOND = 10

    def poll() -> int:
        until, done = time.monotonic() + 1.5, 0
        while time.monotonic() < until:
            ask()
            done += 1
        return done

    done = together(4, poll)
    # 10 a second for 1.5 s, a second's worth in the bucket, and one waiting in each process.
    assert sum(done) <= 10 + 15 + 4, done
    assert sum(done) >= 10, done


def test_people_go_before_polls_when_the_budget_is_used_up(
    superoffice: StandIn, settings: Settings
) -> None:
    settings.REMOTE_CALLS_PER_SECOND = 4
    gate.state()
    Gate.objects.update(budget=0.0, filled_at=time.time())
    SharedGate().before(write=True, rank=Rank.PERSON)
    with pytest.raises(GateClosed):
        SharedGate(patience=0.0).before(write=False, rank=Rank.POLL)


def test_hints_go_before_polls_and_polls_before_comparisons(settings: Settings) -> None:
    settings.REMOTE_CALLS_PER_SECOND = 8
    gate.state()

    def pass_with(budget: float) -> list[Rank]:
        passed = []
        for rank in Rank:
            # A moment ahead, so that nothing is saved up while the test runs.
            Gate.objects.update(budget=budget, filled_at=time.time() + 5)
            try:
                SharedGate(patience=0.0, patience_of_people=0.0).before(write=False, rank=rank)
                passed.append(rank)
            except GateClosed:
                continue
        return passed

    assert pass_with(-99.0) == [Rank.PROOF]
    assert pass_with(0.5) == [Rank.PERSON, Rank.PROOF]
    assert pass_with(1.0) == [Rank.HINT, Rank.PERSON, Rank.PROOF]
    assert pass_with(3.0) == [Rank.POLL, Rank.HINT, Rank.PERSON, Rank.PROOF]
    assert pass_with(5.0) == list(Rank)


def test_who_has_waited_for_long_is_not_kept_out_by_hints(settings: Settings) -> None:
    settings.REMOTE_CALLS_PER_SECOND = 8
    gate.state()
    # What hints leave over, again and again: one call, and nothing is saved up.
    Gate.objects.update(budget=1.0, filled_at=time.time() + 5)
    began = time.monotonic()
    SharedGate(patience=1.0).before(write=False, rank=Rank.WHOLE)
    assert 0.5 < time.monotonic() - began < 1.0


def test_less_than_a_call_a_second_still_lets_calls_pass(settings: Settings) -> None:
    settings.REMOTE_CALLS_PER_SECOND = 0.5
    gate.state()
    Gate.objects.update(budget=0.0, filled_at=time.time())
    began = time.monotonic()
    SharedGate().before(write=False, rank=Rank.WHOLE)
    assert 1.5 < time.monotonic() - began < 4


def test_people_who_have_overdrawn_the_budget_wait_a_moment_for_it(settings: Settings) -> None:
    settings.REMOTE_CALLS_PER_SECOND = 4
    gate.state()
    Gate.objects.update(budget=0.0, filled_at=time.time())
    began = time.monotonic()
    for _ in range(6):
        SharedGate().before(write=True, rank=Rank.PERSON)
    assert time.monotonic() - began > 0.4  # four at once, and then one each quarter of a second


def test_even_people_cannot_overdraw_without_end(settings: Settings) -> None:
    settings.REMOTE_CALLS_PER_SECOND = 0.5
    gate.state()
    Gate.objects.update(budget=0.0, filled_at=time.time())
    SharedGate().before(write=True, rank=Rank.PERSON)
    began = time.monotonic()
    with pytest.raises(GateClosed) as closed:
        SharedGate().before(write=True, rank=Rank.PERSON)
    assert time.monotonic() - began < 1.0
    assert closed.value.retry_after is not None
    assert closed.value.retry_after > 1.0


def test_after_failures_in_a_row_nobody_waits_and_one_call_tries_for_all(
    superoffice: StandIn, settings: Settings
) -> None:
    settings.BREAKER_FAILURES, settings.BREAKER_SECONDS = 3, 0.3
    superoffice.fault("status", status=503)
    with pytest.raises(errors.ServerFailed):
        ask()  # a read has three tries
    began, before = time.monotonic(), asked(superoffice)
    with pytest.raises(GateClosed) as closed:
        ask(person=True)
    assert time.monotonic() - began < 0.3
    assert closed.value.retry_after is not None
    assert asked(superoffice) == before
    time.sleep(0.35)
    SharedGate().before(write=False, rank=Rank.POLL)
    with pytest.raises(GateClosed):
        SharedGate().before(write=False, rank=Rank.PERSON)


def test_the_breaker_closes_with_the_first_answer(superoffice: StandIn, settings: Settings) -> None:
    settings.BREAKER_FAILURES, settings.BREAKER_SECONDS = 3, 0.2
    superoffice.fault("status", status=503, times=3)
    with pytest.raises(errors.ServerFailed):
        ask()
    time.sleep(0.25)
    ask()
    ask()
    assert (gate.state().failures, gate.state().open_until) == (0, 0.0)


def http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("value", "least"), [("1", 0.9), (lambda: http_date(2.5), 0.9), ("soon, perhaps", 0.9)]
)
def test_no_process_calls_before_the_time_that_superoffice_named(
    superoffice: StandIn,
    settings: Settings,
    together: Together,
    value: object,
    least: float,
) -> None:
    settings.REMOTE_THROTTLED_SECONDS = 1.0
    header = value() if callable(value) else value
    superoffice.fault("status", status=429, times=1, headers={"Retry-After": header})
    began = time.time()
    with pytest.raises(errors.SuperOfficeError):
        wiring.service_client().associates.current_principal(deadline=time.monotonic() + 0.6)
    paused_until = gate.state().not_before
    assert paused_until - began > least - 0.2

    def wait_and_ask() -> float:
        while True:
            try:
                ask(person=True)
            except GateClosed as closed:
                time.sleep(min(closed.retry_after or 0.0, 0.05))
            else:
                return time.time()

    assert all(moment >= paused_until for moment in together(2, wait_and_ask))
    assert len([row for row in superoffice.journal(kind="request") if row["fault"]]) == 1


def test_after_a_pause_people_resume_before_polls() -> None:
    gate.state()
    Gate.objects.update(not_before=time.time() - 0.1)
    SharedGate().before(write=True, rank=Rank.PERSON)
    with pytest.raises(GateClosed):
        SharedGate().before(write=False, rank=Rank.POLL)


def test_in_every_process_people_resume_before_the_first_poll(
    superoffice: StandIn, settings: Settings, together: Together
) -> None:
    superoffice.fault("status", status=429, times=1, headers={"Retry-After": "1"})
    with pytest.raises(errors.SuperOfficeError):
        wiring.service_client().associates.current_principal(deadline=time.monotonic() + 0.5)
    paused_until = gate.state().not_before

    def until_it_passes(person: bool) -> float:
        try:
            while True:
                try:
                    ask(person=person)
                except GateClosed:
                    time.sleep(0.02)
                else:
                    return time.time()
        finally:
            connection.close()

    def both() -> list[float]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(until_it_passes, [True, False]))

    resumed = together(3, both)
    people, polls = [one[0] for one in resumed], [one[1] for one in resumed]
    assert min(people) >= paused_until
    assert min(polls) >= paused_until + 0.9


def test_a_pause_is_never_longer_than_the_cap(superoffice: StandIn, settings: Settings) -> None:
    settings.RETRY_AFTER_CAP_SECONDS = 5.0
    superoffice.fault("status", status=429, times=1, headers={"Retry-After": "86400"})
    with pytest.raises(errors.SuperOfficeError):
        ask()
    assert gate.state().not_before - time.time() <= 5.0


def test_times_written_before_the_clock_was_set_back_hold_nobody_up(settings: Settings) -> None:
    gate.state()
    Gate.objects.update(not_before=time.time() + 7200, open_until=time.time() + 7200, failures=9)
    SharedGate().before(write=False, rank=Rank.POLL)


def test_a_pause_is_obeyed_although_one_from_before_the_clock_was_set_back_is_written(
    superoffice: StandIn,
) -> None:
    gate.state()
    Gate.objects.update(not_before=time.time() + 7200)
    superoffice.fault("status", status=429, times=1, headers={"Retry-After": "60"})
    with pytest.raises(errors.Throttled):
        ask()
    with pytest.raises(GateClosed) as closed:
        ask(person=True)
    assert 50 < (closed.value.retry_after or 0.0) <= 60


def test_a_poll_that_has_just_asked_asks_again_a_moment_later_and_people_always_do(
    django_assert_num_queries: DjangoAssertNumQueries, superoffice: StandIn
) -> None:
    ask()  # notes the success
    asking = SharedGate()
    with django_assert_num_queries(1):
        asking.before(write=False, rank=Rank.POLL)
        asking.before(write=False, rank=Rank.HINT)
        asking.before(write=False, rank=Rank.WHOLE)
    with django_assert_num_queries(1):
        asking.before(write=True, rank=Rank.PERSON)
    Gate.objects.update(not_before=time.time() + 30)  # another process was told to wait
    time.sleep(gate.CLEAR_FOR)
    with pytest.raises(GateClosed):
        asking.before(write=False, rank=Rank.POLL)
    with pytest.raises(GateClosed):
        asking.before(write=False, rank=Rank.POLL)


def test_what_this_process_met_itself_holds_its_polls_back_at_once(superoffice: StandIn) -> None:
    ask()
    superoffice.fault("status", status=429, times=1, headers={"Retry-After": "30"})
    with pytest.raises(errors.Throttled):
        ask()
    with pytest.raises(GateClosed):
        ask()
