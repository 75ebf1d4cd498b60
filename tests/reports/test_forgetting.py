"""What is forgotten stays forgotten, in every copy."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions import errors, needs, settle
from chatops.actions.models import Action, TrailEntry
from chatops.bulk import carrying, preparing, runs
from chatops.demo.adapter import StandIn
from chatops.mirror import ingest, search, text_index
from chatops.mirror.models import ChatMessage, ChatSession
from chatops.notebook import notes, reviews
from chatops.notebook.models import Review
from chatops.remote import wiring
from chatops.reports import forgetting
from tests.conftest import MakePerson, Person
from tests.reports.conftest import KARI, MIA, SignIn, carrier, say, store

SECRET = "Zebrafinch"


@pytest.fixture
def oscar(person: MakePerson) -> Person:
    return person("oscar", "operator", link=False)


def chat(number: int, ended: datetime, **more: Any) -> None:
    """A chat in whose every field the word stands that must not be found again."""
    begun = ended - timedelta(minutes=10)
    texts = {
        name: f"{SECRET} {name}"
        for name in ("CustomerName", "CustomerCompanyName", "FirstMessage", "LastMessage")
    }
    data = carrier(
        number,
        begun,
        WhenStarted=begun,
        WhenEnded=ended,
        Rating=4,
        CustomerEmail=f"{SECRET}@example.net",
        CustomerPhone=SECRET,
        CustomerHost=SECRET,
        CustomerAlias=SECRET,
        Person={"PersonId": 77, "FullName": SECRET, "Email": f"{SECRET}@example.net"},
        User={"AssociateId": MIA, "Name": "mia", "FullName": "Mia Berg"},
        **texts,
        **more,
    )
    store(data)
    say(
        number,
        ("ToUser", "None", f"I am {SECRET}", begun),
        ("ToUser", "Url", SECRET, begun),
        ("ToCustomer", "None", f"Hello {SECRET}", begun),
    )


def everywhere(word: str) -> list[str]:
    """The tables that hold a word in any column."""
    found = []
    with connection.cursor() as cursor:
        for table in list(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT * FROM "{table}"')
            values = [str(value).casefold() for row in cursor.fetchall() for value in row]
            if any(word.casefold() in value for value in values):
                found.append(table)
    return found


def act(session_id: int, by: Person, state: str = "done") -> Action:
    return Action.objects.create(
        verb="send_message",
        state=state,
        session_id=session_id,
        lane="messages",
        requested_by=by.user,
        caller="user:1",
        route="test",
        key=f"{session_id}-{state}",
        content="x",
        source="console",
        asked={"request": {"message": SECRET}},
        proof={"text": SECRET},
        shown={"session": {"rendered": SECRET}, "message": SECRET},
        detail=SECRET,
        expires_at=timezone.now(),
    )


def index_all() -> None:
    while text_index.index_due():
        pass


def test_an_erased_customer_is_in_no_table_and_stays_out(
    office: None, signed_in: SignIn, oscar: Person
) -> None:
    signed_in("lead", KARI, name="kari")
    from_kari = Person(oscar.user.__class__.objects.get(username="kari"))
    now = timezone.now()
    chat(1, now)
    chat(2, now, TopicId=8)
    notes.write(from_kari.caller(), 1, f"{SECRET} is angry")
    notes.put_tag(from_kari.caller(), 1, SECRET)
    criterion = reviews.define(from_kari.caller(), "Tone")
    review = reviews.ask(from_kari.caller(), 1)
    given = {criterion.pk: reviews.Given(3, None, f"to {SECRET}")}
    reviews.finish(from_kari.caller(), review.pk, given, summary=SECRET)
    act(1, from_kari)
    run = preparing.prepare(from_kari.caller(), "tag", [1, 2])
    runs.start(run.pk, from_kari.caller(), {"tag": SECRET})
    carrying.run_due()
    run.rows.update(detail=f"{SECRET} has it")
    index_all()
    assert len(everywhere(SECRET)) >= 6

    report = forgetting.erase_person(oscar.caller(), 77)
    index_all()

    assert everywhere(SECRET) == []
    assert report.sessions == 2
    assert report.messages == 6
    assert report.actions == 1
    row = ChatSession.objects.get(pk=1)
    assert (row.topic_id, row.rating, row.associate_id, row.status) == (7, 4, MIA, "Closed")
    assert row.requested_at is not None
    assert Review.objects.get().scores.get().value == 3
    assert TrailEntry.objects.get(what="erased").detail["sessions"] == 2

    # SuperOffice has it still: reads and lists bring it, and it is not let in.
    chat(1, now + timedelta(minutes=1))
    ingest.store_session(carrier(2, now, CustomerName=SECRET), reading=ingest.next_reading())
    index_all()
    assert everywhere(SECRET) == []


def test_an_erased_chat_is_found_by_no_search_and_the_feed_says_that_it_changed(
    office: None, oscar: Person
) -> None:
    chat(1, timezone.now())
    index_all()
    everything = ChatSession.objects.all()
    assert search.messages(SECRET, everything).hits
    forgetting.erase_session(oscar.caller(), 1)
    index_all()
    assert not search.messages(SECRET, everything).hits


def test_what_is_read_again_unchanged_after_an_erasure_is_no_news(
    office: None, oscar: Person
) -> None:
    ended = timezone.now()
    chat(1, ended)
    forgetting.erase_session(oscar.caller(), 1)
    body = json.dumps(carrier(1, ended, Status="Closed")).encode()
    first = ingest.store_sessions([ingest.Answer(1, body)], reading=ingest.next_reading())
    again = ingest.store_sessions([ingest.Answer(1, body)], reading=ingest.next_reading())
    assert (first.changed, again.unchanged) == (1, 1)


def test_only_operators_erase_and_what_is_not_there_cannot_be(
    office: None, oscar: Person, person: MakePerson
) -> None:
    chat(1, timezone.now())
    auditor = person("audrey", "auditor", link=False)
    with pytest.raises(errors.Forbidden):
        forgetting.erase_session(auditor.caller(), 1)
    with pytest.raises(errors.NotFound):
        forgetting.erase_session(oscar.caller(), 2)
    with pytest.raises(errors.Invalid):
        forgetting.erase_person(oscar.caller(), 78)
    assert ChatSession.objects.get(pk=1).customer_phone == SECRET


def test_an_action_under_way_keeps_what_it_must_look_for_and_is_reported(
    office: None, oscar: Person
) -> None:
    chat(1, timezone.now())
    act(1, oscar, "unknown")
    assert forgetting.erase_session(oscar.caller(), 1).open_actions == 1
    Action.objects.update(state="done")
    assert forgetting.erase_session(oscar.caller(), 1).actions == 1
    assert everywhere(SECRET) == []


def test_what_is_erased_is_no_longer_looked_for(
    office: None, superoffice: StandIn, oscar: Person
) -> None:
    chat(1, timezone.now())
    act(1, oscar, "needs_person")
    Action.objects.update(look_at=timezone.now(), watch_until=timezone.now() + timedelta(days=1))
    forgetting.erase_session(oscar.caller(), 1)
    assert settle.run_due(wiring.service_client()) == 0


def test_what_is_erased_is_not_attempted_again(
    office: None, superoffice: StandIn, kari: Person, oscar: Person
) -> None:
    chat(1, timezone.now())
    lost = act(1, kari, "needs_person")
    forgetting.erase_session(oscar.caller(), 1)
    with pytest.raises(errors.StateConflict, match="erased"):
        needs.second_attempt(lost.pk, wish=kari.wish())


def test_texts_go_after_their_time_and_facts_after_theirs(
    office: None, settings: Settings, oscar: Person
) -> None:
    settings.RETENTION_TEXT_DAYS, settings.RETENTION_FACT_DAYS = 100, 300
    now = datetime(2026, 11, 20, tzinfo=UTC)
    for number, days in ((1, 99), (2, 101), (3, 301)):
        chat(number, now - timedelta(days=days))

    forgetting.run_due(now=now)

    young, middle, old = ChatSession.objects.order_by("pk")
    assert SECRET in young.first_message
    assert middle.first_message == middle.last_message == ""
    assert SECRET in middle.customer_name
    assert SECRET not in "".join((middle.last_message, old.customer_name, old.raw, old.rendered))
    said = ChatMessage.objects.filter(session_id__in=(2, 3))
    assert said.exclude(message="").count() == 0
    assert ChatMessage.objects.filter(session_id=1).exclude(message="").count() == 3
    assert old.rating == 4


def test_retention_does_nothing_twice_and_can_be_stopped(office: None, settings: Settings) -> None:
    settings.RETENTION_TEXT_DAYS = 1
    now = timezone.now()
    for number in range(1, 4):
        chat(number, now - timedelta(days=2))
    assert forgetting.run_due(stop=lambda: True).texts.sessions == 0
    assert forgetting.run_due().texts.sessions == 3
    assert forgetting.run_due().texts.sessions == 0


def test_zero_days_keeps_everything(office: None, settings: Settings) -> None:
    settings.RETENTION_TEXT_DAYS = settings.RETENTION_FACT_DAYS = 0
    settings.RETENTION_TRAIL_DAYS = 0
    chat(1, timezone.now() - timedelta(days=4000))
    assert forgetting.run_due() == (forgetting.Report(), forgetting.Report(), 0)


def test_the_trail_is_cut_at_its_age_and_says_so(office: None, settings: Settings) -> None:
    settings.RETENTION_TRAIL_DAYS = 10
    TrailEntry.objects.create(caller="user:1", what="old", at=timezone.now() - timedelta(days=11))
    TrailEntry.objects.create(caller="user:1", what="young")
    assert forgetting.run_due().trail == 1
    assert set(TrailEntry.objects.values_list("what", flat=True)) == {"young", "trail_cut"}


def test_the_command_reports_what_it_erased_and_who_ordered_it(
    office: None, oscar: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    chat(1, timezone.now())
    call_command("erase", "session", "1", "--by", "oscar")
    assert "messages: 3" in capsys.readouterr().out
    assert TrailEntry.objects.get(what="erased").actor == oscar.user
    with pytest.raises(CommandError, match="no session 2"):
        call_command("erase", "session", "2", "--by", "oscar")
