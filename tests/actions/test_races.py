"""Several people at one chat, and the queue."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chatops.actions import ending, errors, intent, needs, policy, settle, verbs
from chatops.actions.fresh import Fresh
from chatops.actions.intent import Plan
from chatops.actions.models import Action, State, Verb
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession, TopicMember
from chatops.remote import wiring
from chatops.remote.models import Agent
from chatops.superoffice.client import Client
from tests.actions.conftest import Mirrored
from tests.conftest import MakePerson, Person
from tests.processes import apart


def test_picking_up_makes_it_mine_with_one_welcome(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(topic=7, messages=["Anybody?"])
    mirrored(chat.id)
    assert verbs.pick_up(chat.id, wish=mia.wish()).state == State.DONE
    assert superoffice.session(chat.id).user == mia.associate_id


def test_the_next_one_is_who_waited_longest_where_i_may_answer(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    elsewhere = superoffice.chat(topic=9, messages=["Billing"])
    first = superoffice.chat(topic=7, messages=["First"])
    second = superoffice.chat(topic=8, messages=["Second"])
    mirrored(elsewhere.id, first.id, second.id)
    wish = mia.wish("next")
    assert verbs.pick_up_next(None, wish=wish).session_id == first.id
    assert verbs.pick_up_next(None, wish=wish).replayed
    assert verbs.pick_up_next(None, wish=mia.wish()).session_id == second.id
    with pytest.raises(errors.StateConflict) as nobody:
        verbs.pick_up_next(None, wish=mia.wish())
    assert nobody.value.problem_code == "queue_empty"


@pytest.mark.django_db(transaction=True)
def test_twenty_people_pick_up_one_chat_and_nineteen_learn_who_has_it(
    superoffice: StandIn, mirrored: Mirrored, person: MakePerson
) -> None:
    chat = superoffice.chat(topic=7, messages=["Anybody?"])
    people = []
    for number in range(20):
        superoffice.add_person(f"per{number}")
        people.append(person(f"per{number}", "agent"))
    mirrored(chat.id)
    for one in people:
        TopicMember.objects.update_or_create(
            topic_id=7, associate_id=one.associate_id, defaults={"can_respond": True}
        )
    wishes = [one.wish() for one in people]
    ended: list[str] = []
    told: list[str] = []

    def pick_up(index: int) -> None:
        try:
            action = verbs.pick_up(chat.id, wish=wishes[index])
            ended.append(f"{action.state}")
            told.append(action.detail)
        except errors.ActionError as error:
            ended.append(error.problem_code)
            told.append(f"{error.detail} {error.extra.get('who')}")

    threads = [apart(pick_up, index) for index in range(20)]
    for thread in threads:
        thread.join()
    assert ended.count("done") == 1
    assert set(ended) <= {"done", "no_effect", "state_conflict", "action_in_progress"}
    assert len(ended) == 20
    action = Action.objects.get(state=State.DONE)
    assert action.requested_by
    winner = action.requested_by.get_username()
    others = [one for one, how in zip(told, ended, strict=True) if how != "done"]
    assert all(winner in one.casefold() for one in others), others
    assert len(superoffice.effects("pickup", session=chat.id)) == 1


def test_who_was_too_late_is_told_who_has_it_for_a_while_and_nobody_else_is(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, ola: Person, kari: Person
) -> None:
    chat = superoffice.chat(topic=7, messages=["Anybody?"])
    mirrored(chat.id)
    TopicMember.objects.exclude(topic_id=7, associate_id__in=[17, 18]).delete()
    assert verbs.pick_up(chat.id, wish=mia.wish()).state == State.DONE
    with pytest.raises(errors.StateConflict, match="Mia Berg has it now") as late:
        verbs.pick_up(chat.id, wish=ola.wish())
    assert late.value.extra["who"] == "Mia Berg"
    with pytest.raises(errors.NotFound):
        verbs.accept_transfer(chat.id, wish=ola.wish())
    with pytest.raises(errors.NotFound):  # it never waited for her
        verbs.pick_up(chat.id, wish=kari.wish())
    long_ago = timezone.now() - timedelta(minutes=5)
    Action.objects.update(settled_at=long_ago)
    ChatSession.objects.update(started_at=long_ago)
    with pytest.raises(errors.NotFound):
        verbs.pick_up(chat.id, wish=ola.wish())


def test_transfer_offers_my_chat_and_it_is_mine_until_accepted(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, ola: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello"])
    mirrored(chat.id)
    assert verbs.transfer(chat.id, "ola", wish=mia.wish()).state == State.DONE
    now = superoffice.session(chat.id)
    assert (now.user, now.transfer_to) == (17, 18)
    assert verbs.accept_transfer(chat.id, wish=ola.wish()).state == State.DONE
    users = {one["user"] for one in superoffice.effects("accept", session=chat.id)}
    assert users in ({"ola"}, {18})


def test_only_a_lead_resets_and_the_chat_waits_again(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, kari: Person
) -> None:
    chat = superoffice.chat(user="mia", topic=7, messages=["Hello"])
    mirrored(chat.id)
    with pytest.raises(errors.Forbidden):
        verbs.reset(chat.id, wish=mia.wish())
    assert verbs.reset(chat.id, wish=kari.wish()).state == State.DONE
    assert superoffice.session(chat.id).user is None


def test_a_person_closes_what_needs_them_or_orders_a_second_attempt(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    lost = verbs.send_message(chat.id, "Again", wish=mia.wish())
    with pytest.raises(errors.StateConflict):
        needs.second_attempt(lost.pk, wish=mia.wish())
    for seconds in (200, 400):
        settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=seconds))
    second = needs.second_attempt(lost.pk, wish=mia.wish())
    assert (second.state, second.second_of_id) == (State.DONE, lost.pk)
    closed = needs.close(lost.pk, caller=mia.caller(), verdict="did_not_happen", note="resent")
    assert closed.state == State.CLOSED
    assert closed.proof["closed_by"] == f"user:{mia.user.pk}"


def test_who_sees_everybodys_actions_as_an_operator_still_closes_their_own_alone(
    superoffice: StandIn, mirrored: Mirrored, mia: Person, person: MakePerson
) -> None:
    both = person("ola", "agent", "operator")
    chat = superoffice.chat(user="mia", messages=["Hello?"])
    mirrored(chat.id)
    superoffice.fault("drop_before", path="Messages", method="POST", times=1)
    lost = verbs.send_message(chat.id, "Again", wish=mia.wish())
    for seconds in (200, 400):
        settle.run_due(wiring.service_client(), now=timezone.now() + timedelta(seconds=seconds))
    assert needs.visible(lost.pk, both.caller()).state == State.NEEDS_PERSON
    with pytest.raises(errors.Forbidden):
        needs.close(lost.pk, caller=both.caller(), verdict="happened")
    with pytest.raises(errors.Forbidden):
        needs.second_attempt(lost.pk, wish=both.wish())
    assert needs.close(lost.pk, caller=mia.caller(), verdict="happened").state == State.CLOSED


def test_an_old_stamp_is_412(superoffice: StandIn, mirrored: Mirrored, mia: Person) -> None:
    chat = superoffice.chat(user="ola", offered_to="mia")
    mirrored(chat.id)
    with pytest.raises(errors.VersionOld):
        verbs.accept_transfer(chat.id, wish=mia.wish(stamp="open-18-0"))
    assert not Action.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_ends_between_the_look_and_the_record_makes_it_look_again(
    superoffice: StandIn, mirrored: Mirrored, mia: Person
) -> None:
    """Else the second would take the effect of the first, seen too late, for its own."""
    chat = superoffice.chat(offered_to="mia")
    mirrored(chat.id)
    superoffice.fault("drop_before", path="RejectTransfer", times=1)
    first = verbs.reject_transfer(chat.id, wish=mia.wish())
    first = ending.needs_person(first)
    looks: list[int] = []

    def check(found: Fresh, _agent: Agent) -> None:
        looks.append(found.session.id)
        if len(looks) == 1:
            ending.done(first, {"shown": "late"})

    plan = Plan(Verb.REJECT_TRANSFER, policy.Right.ACT, asked={}, check=check, call=nothing)
    second = intent.record(
        plan,
        ChatSession.objects.get(pk=chat.id),
        intent.identity_of(mia.wish().caller),
        mia.wish(),
        "content",
    )
    assert (len(looks), second.state) == (2, State.SENDING)


def nothing(_client: Client, _action: Action, _deadline: float) -> None:
    """Sends nothing: only the record is looked at."""


@pytest.mark.django_db(transaction=True)
def test_many_who_start_chats_in_one_channel_get_one_or_learn_who_is_at_it(
    superoffice: StandIn, mirrored: Mirrored, person: MakePerson
) -> None:
    people = []
    for number in range(6):
        superoffice.add_person(f"per{number}", topics=[7])
        people.append(person(f"per{number}", "agent"))
    mirrored()
    wishes = [[one.wish() for _ in range(15)] for one in people]
    ended: list[str] = []

    def start(mine: list[intent.Wish]) -> None:
        for wish in mine:
            try:
                ended.append(str(verbs.create_session(7, wish=wish).state))
            except errors.ActionError as error:
                ended.append(error.problem_code)
            except Exception as error:  # what nobody should be told
                ended.append(repr(error))

    threads = [apart(start, mine) for mine in wishes]
    for thread in threads:
        thread.join()
    assert set(ended) <= {"done", "action_in_progress", "state_conflict"}
    assert ended.count("done") == len(superoffice.effects("created"))
