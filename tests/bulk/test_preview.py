"""The preview: what is possible where, for whom, and what it costs to know."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from chatops.actions import errors
from chatops.bulk import deeds, preparing, runs
from chatops.bulk.models import BulkRun, RowState
from chatops.demo.adapter import StandIn
from chatops.mirror import ingest
from chatops.remote import abilities
from tests.bulk.conftest import MakeChats, outcomes, rows
from tests.conftest import MakePerson, Person

pytestmark = pytest.mark.django_db


def prepared(who: Person, deed: str, *ids: int) -> BulkRun:
    return preparing.prepare(who.caller(), deed, ids)


def test_it_tells_which_chats_are_possible_and_why_not_the_others(
    superoffice: StandIn, chats: MakeChats, kari: Person
) -> None:
    [waiting], [ours] = chats(1, messages=["Hi"]), chats(1, user="kari")
    [theirs], [gone] = chats(1, user="mia"), chats(1, user="kari")
    ingest.mark_gone([gone.id], reading=ingest.next_reading())
    run = prepared(kari, "transfer", waiting.id, ours.id, theirs.id, gone.id)
    told = {one: row.detail for one, row in rows(run).items()}
    assert told == {
        waiting.id: "The chat is not yours: nobody has it.",
        ours.id: "",
        theirs.id: "The chat is not yours: Mia Berg has it.",
        gone.id: "SuperOffice no longer has this chat.",
    }
    assert outcomes(run) == {"coming": 1, "left_out": 3}
    run = prepared(kari, "reset", waiting.id, ours.id, theirs.id)
    assert rows(run)[waiting.id].detail == "Nobody has the chat: there is nothing to reset."
    assert outcomes(run) == {"coming": 2, "left_out": 1}
    run = prepared(kari, "pick_up", waiting.id, ours.id)
    assert "no longer waiting" in rows(run)[ours.id].detail


def test_chats_that_one_may_not_see_are_not_in_it(
    chats: MakeChats, mia: Person, kari: Person
) -> None:
    [hers], [olas] = chats(1, user="mia"), chats(1, user="ola")
    assert list(rows(prepared(mia, "tag", hers.id, olas.id, 99_999))) == [hers.id]
    assert set(rows(prepared(kari, "tag", hers.id, olas.id))) == {hers.id, olas.id}
    with pytest.raises(errors.Invalid):
        prepared(mia, "tag", olas.id)


def test_each_role_is_offered_what_it_may_do(
    superoffice: StandIn, mia: Person, kari: Person, person: MakePerson, settings: Settings
) -> None:
    common = ["pick_up", "transfer", "patch_session", "tag", "untag"]
    assert deeds.offered(mia.caller()) == common
    assert set(deeds.offered(kari.caller())) == {*common, "reset", "review"}
    settings.ALLOW_END_CHAT = True
    assert "end" in deeds.offered(mia.caller())
    abilities.lacks_patch()
    assert not {"end", "patch_session"} & set(deeds.offered(mia.caller()))
    for role in ("auditor", "operator"):
        other = person(f"an-{role}", role, link=False)
        assert deeds.offered(other.caller()) == []
        with pytest.raises(errors.Forbidden):
            prepared(other, "tag", 1)


def test_without_a_linked_account_it_is_told_before_anything_begins(
    chats: MakeChats, mia: Person
) -> None:
    [chat] = chats(1, user="mia")
    credential = mia.agent.credential
    credential.broken_at, credential.broken_because = timezone.now(), "it was revoked"
    credential.save()
    with pytest.raises(errors.IdentityRequired) as told:
        prepared(mia, "transfer", chat.id)
    assert "it was revoked" in told.value.detail
    assert not BulkRun.objects.exists()
    assert outcomes(prepared(mia, "tag", chat.id)) == {"coming": 1}


def test_of_more_than_the_cap_the_newest_are_taken_and_it_says_so(
    chats: MakeChats, mia: Person, settings: Settings
) -> None:
    settings.BULK_MAX_ROWS = 3
    found = [one.id for one in chats(4, user="mia")]
    run = prepared(mia, "tag", *found)
    assert run.capped
    assert sorted(rows(run)) == found[1:]
    assert not prepared(mia, "tag", *found[:3]).capped


def test_its_cost_does_not_depend_on_how_many_chats_they_are(
    chats: MakeChats, kari: Person
) -> None:
    few = [one.id for one in chats(2, user="kari")]
    many = few + [one.id for one in chats(40, user="kari")]

    def queries(ids: list[int], deed: str) -> int:
        BulkRun.objects.all().delete()
        caller = kari.caller()
        with CaptureQueriesContext(connection) as seen:
            preparing.prepare(caller, deed, ids)
        return len(seen)

    for deed in deeds.offered(kari.caller()):
        assert queries(many, deed) == queries(few, deed) <= 12, deed


@pytest.mark.parametrize(
    ("deed", "form", "field"),
    [
        ("transfer", {}, "to"),
        ("transfer", {"to": "nobody-of-that-name"}, "to"),
        ("transfer", {"to": "17"}, "to"),
        ("patch_session", {"path": "Status", "value": "Finished"}, "path"),
        ("patch_session", {"path": "CustomerEmail", "value": "x"}, "path"),
        ("patch_session", {"path": "Contact/ContactId", "value": "x"}, "value"),
        ("patch_session", {"path": "Contact/ContactId", "value": "9999999999"}, "value"),
        ("patch_session", {"path": "CustomerCompanyName", "value": "x" * 256}, "value"),
        ("tag", {"tag": "  "}, "tag"),
        ("tag", {"tag": "x" * 41}, "tag"),
        ("untag", {"tag": "never seen"}, "tag"),
    ],
)
def test_what_is_wrong_in_the_form_is_told_at_its_field(
    chats: MakeChats, mia: Person, deed: str, form: dict[str, str], field: str
) -> None:
    run = prepared(mia, deed, chats(1, user="mia")[0].id)
    with pytest.raises(errors.Invalid) as told:
        runs.start(run.pk, mia.caller(), form)
    assert told.value.field == field
    assert rows(run).popitem()[1].state == RowState.WAITING


def test_a_draft_is_its_owners_and_the_oldest_are_forgotten(
    chats: MakeChats, mia: Person, ola: Person
) -> None:
    [chat] = chats(1, user="mia")
    drafts = [prepared(mia, "tag", chat.id).pk for _ in range(7)]
    assert sorted(runs.mine(mia.caller()).values_list("pk", flat=True)) == drafts[2:]
    for do in (runs.visible, runs.cancel, runs.again):
        with pytest.raises(errors.NotFound):
            do(drafts[-1], ola.caller())
    assert runs.cancel(drafts[-1], mia.caller()) is None
    assert not BulkRun.objects.filter(pk=drafts[-1]).exists()
