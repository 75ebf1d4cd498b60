"""Many chats at once in the console: ticked or found, looked at, begun, watched, cancelled."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from chatops.actions.models import State, TrailEntry
from chatops.bulk import carrying
from chatops.bulk.models import BulkRow, BulkRun, RowState, Stage
from chatops.demo.adapter import StandIn
from chatops.mirror.models import ChatSession
from tests.conftest import Person
from tests.console.conftest import (
    AtConsole,
    Mirrored,
    Response,
    SignIn,
    Stored,
    carrier,
    indexed,
    message,
)
from tests.console.test_hostile import HOSTILE, Markup

LIST = "sessions/bulk/"


@pytest.fixture
def kari_there(kari: Person, sign_in: SignIn) -> AtConsole:
    return sign_in(kari)


def taken(console: AtConsole, do: str, *ids: int, **form: str) -> BulkRun:
    """Tick these in the list and go on; the run that it leads to."""
    answer = console.post(LIST, {"do": do, "scope": "chosen", "id": list(ids), **form})
    return led_to(answer)


def led_to(answer: Response) -> BulkRun:
    assert answer.status_code == 303, answer.content
    found = re.fullmatch(r"/admin/sessions/bulk/(\d+)/", answer["Location"])
    assert found, answer["Location"]
    return BulkRun.objects.get(pk=found[1])


def path_of(run: BulkRun, more: str = "") -> str:
    return f"{LIST}{run.pk}/{more}"


def ids_in(run: BulkRun) -> list[int]:
    return list(run.rows.order_by("session_id").values_list("session_id", flat=True))


def test_ticked_chats_are_looked_at_begun_and_told_row_by_row(
    superoffice: StandIn, kari_there: AtConsole, mirrored: Mirrored
) -> None:
    mine, theirs = superoffice.chat(user="kari"), superoffice.chat(user="mia")
    mirrored(mine.id, theirs.id)
    listed = kari_there.page("sessions/")
    assert f'name="id" value="{mine.id}" form="pick"' in listed
    run = taken(kari_there, "transfer", mine.id, theirs.id)
    preview = kari_there.page(path_of(run))
    assert "Possible for 1 chat<" in preview
    assert "The chat is not yours: Mia Berg has it." in preview
    assert 'name="to"' in preview
    assert superoffice.effects("transfer") == []
    assert kari_there.post(path_of(run, "start/"), to="18").status_code == 303
    waiting = kari_there.page(path_of(run))
    assert "0 of 1 gone through" in waiting
    assert "Cancel the rest" in waiting
    carrying.run_due()
    done = kari_there.page(path_of(run))
    assert "1 of 1 gone through" in done
    assert "Offered to Ola Nordli. It is yours until they accept." in done
    action = run.rows.get(session_id=mine.id).action
    assert action is not None
    assert (action.state, action.requested_by) == (State.DONE, kari_there.person.user)
    assert f"/admin/actions/{action.pk}/" in done
    assert "Cancel the rest" not in done
    assert f"Action {action.pk}" not in kari_there.page(path_of(run), show="left_out")
    part = kari_there.fragment(path_of(run)).content.decode()
    assert "<html" not in part
    assert 'id="run-state"' in part
    assert "Ola Nordli" in kari_there.page(LIST)


def test_all_that_match_are_those_of_the_filters_and_the_search(
    superoffice: StandIn, mia_there: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    mirrored()
    stored(
        [
            *(carrier(n) for n in range(1, 4)),
            carrier(4, CustomerName="Ane"),
            carrier(5, TopicId=8),
            carrier(6, User={"AssociateId": 18}),
        ],
        [message(10 * n, n, Message="a refund please") for n in (1, 3, 5, 6)],
    )
    indexed()

    def matching(query: str) -> list[int]:
        answer = mia_there.post(LIST, {"do": "tag", "scope": "all", "query": query})
        return ids_in(led_to(answer))

    assert matching("") == [1, 2, 3, 4, 5]
    assert matching("topic=8") == [5]
    assert matching("search=refund") == [1, 3, 5]
    assert matching("search=refund&topic=7") == [1, 3]
    assert matching("search=4") == [4]
    nothing = mia_there.post(LIST, {"do": "tag", "scope": "all", "query": "search=nowhere"})
    assert nothing["Location"] == "/admin/"
    assert "No chat is chosen." in mia_there.told()
    mia_there.post(LIST, {"do": "tag", "scope": "all", "query": "since=yesterday"})
    assert "No chat is chosen." in mia_there.told()


def test_of_more_than_a_run_may_have_the_newest_are_taken(
    superoffice: StandIn,
    mia_there: AtConsole,
    mirrored: Mirrored,
    stored: Stored,
    settings: Settings,
) -> None:
    settings.BULK_MAX_ROWS = 3
    mirrored()
    stored(
        [carrier(n) for n in range(1, 6)], [message(n, n, Message="refund") for n in range(1, 6)]
    )
    indexed()
    for query in ("", "search=refund"):
        run = led_to(mia_there.post(LIST, {"do": "tag", "scope": "all", "query": query}))
        assert ids_in(run) == [3, 4, 5]
        assert "the newest 3 are in this one" in mia_there.page(path_of(run))


def test_one_hundred_thousand_chats_are_neither_counted_nor_read(
    superoffice: StandIn, kari_there: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    mirrored()
    stored([carrier(1)])
    columns = [field.column for field in ChatSession._meta.concrete_fields if field.name != "id"]
    names = ", ".join(f'"{one}"' for one in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO mirror_chatsession (id, {names}) WITH RECURSIVE n(i) AS (SELECT 2 UNION "
            f"ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT n.i, {names} FROM n, "
            "mirror_chatsession WHERE mirror_chatsession.id = 1"
        )
    kari_there.page("account/")  # the first one notes when the sign-in began
    with CaptureQueriesContext(connection) as seen:
        run = led_to(kari_there.post(LIST, {"do": "reset", "scope": "all", "query": "show=open"}))
    assert len(ids_in(run)) == 500
    assert run.capped
    assert len(seen) <= 25
    assert not [one["sql"] for one in seen if "COUNT(" in one["sql"]]


def test_the_cost_of_its_pages_does_not_depend_on_the_rows(
    superoffice: StandIn, kari_there: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    mirrored()
    stored([carrier(n) for n in range(1, 60)])

    def queries(*ids: int) -> tuple[int, int]:
        BulkRun.objects.all().delete()
        run = taken(kari_there, "reset", *ids)
        with CaptureQueriesContext(connection) as preview:
            kari_there.page(path_of(run))
        with CaptureQueriesContext(connection) as listed:
            kari_there.page(LIST)
        return len(preview), len(listed)

    queries(1)
    few = queries(1, 2)
    assert queries(*range(1, 60)) == few
    assert max(few) <= 25


def test_the_list_of_runs_asks_once_for_all_their_colleagues(
    superoffice: StandIn, mia_there: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    mirrored()
    stored([carrier(1)])

    def queries() -> int:
        run = taken(mia_there, "transfer", 1)
        mia_there.post(path_of(run, "start/"), to="18")
        mia_there.page(LIST)
        with CaptureQueriesContext(connection) as seen:
            assert "Ola Nordli" in mia_there.page(LIST)
        return len(seen)

    first = queries()
    assert queries() == queries() == first


def test_each_role_finds_in_the_list_what_it_may_do(
    superoffice: StandIn,
    mia_there: AtConsole,
    kari_there: AtConsole,
    auditor: AtConsole,
    operator: AtConsole,
    mirrored: Mirrored,
    stored: Stored,
) -> None:
    mirrored()
    stored([carrier(1)])

    def offered(console: AtConsole) -> set[str]:
        page = console.page("sessions/")
        if 'id="pick"' not in page:
            assert 'name="id"' not in page
            return set()
        choices = page.split('id="pick-do"')[1].split("</select>")[0]
        return set(re.findall(r'value="(\w+)"', choices))

    common = {"pick_up", "transfer", "patch_session", "tag", "untag"}
    files = {"export_csv", "export_jsonl"}
    assert offered(mia_there) == common
    assert offered(kari_there) == common | {"reset", "review"} | files
    assert offered(auditor) == files
    assert offered(operator) == set()
    for console, do in ((mia_there, "reset"), (auditor, "tag"), (operator, "tag")):
        answer = console.post(LIST, {"do": do, "id": ["1"]})
        assert answer.status_code == 403, do
    assert mia_there.post(LIST, {"do": "delete", "id": ["1"]}).status_code == 403
    assert not BulkRun.objects.exists()


def test_a_run_is_nobody_elses(
    superoffice: StandIn,
    mia_there: AtConsole,
    kari_there: AtConsole,
    mirrored: Mirrored,
    stored: Stored,
) -> None:
    mirrored()
    stored([carrier(1)])
    run = taken(mia_there, "tag", 1)
    assert kari_there.get(path_of(run)).status_code == 404
    for do in ("start/", "cancel/", "again/"):
        assert kari_there.post(path_of(run, do), tag="x").status_code == 404
    assert f"/{run.pk}/" not in kari_there.page(LIST)
    assert BulkRun.objects.get().stage == Stage.DRAFT


def test_nothing_begins_by_a_link_or_from_another_site(
    superoffice: StandIn, mia_there: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    mirrored()
    stored([carrier(1)])
    run = taken(mia_there, "tag", 1)
    for do in ("cancel/", "again/"):
        assert mia_there.get(path_of(run, do)).status_code == 405
    assert mia_there.get(path_of(run, "start/"), tag="x").status_code == 303
    other = Client(enforce_csrf_checks=True)
    other.force_login(mia_there.person.user)
    for path in (LIST, path_of(run, "start/"), path_of(run, "cancel/")):
        assert other.post(f"/admin/{path}", {"tag": "x"}).status_code == 403
    assert BulkRun.objects.get().stage == Stage.DRAFT


def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays(
    superoffice: StandIn, mia_there: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    mirrored()
    stored([carrier(1)])
    run = taken(mia_there, "patch_session", 1)
    form = {"path": "Contact/ContactId", "value": "Nordlys"}
    page = mia_there.post(path_of(run, "start/"), form).content.decode()
    assert 'id="value-error">An id is a whole number; empty means none.' in page
    assert 'value="Nordlys"' in page
    run = taken(mia_there, "pick_up", 1)
    page = mia_there.post(path_of(run, "start/")).content.decode()
    assert "This is possible for none of these chats." in page
    assert "Begin with" not in mia_there.page(path_of(run))


def test_a_page_that_tells_what_is_wrong_is_a_page_like_the_others(
    superoffice: StandIn, mia_there: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    """Its links, its language and its live updates ask for the address that the form was sent to.
    A live update is answered there: what is led elsewhere reloads, which sends the form again."""
    mirrored()
    stored([carrier(1), carrier(2, Status="Finished", WhenEnded="2026-03-02T10:00:00Z")])
    run = taken(mia_there, "transfer", 1, 2)
    start = path_of(run, "start/")
    page = mia_there.post(start, to="99999").content.decode()
    assert 'href="?show=left_out"' in page
    assert f'name="next" value="/admin/{start}"' in page
    followed = mia_there.get(start, show="left_out")
    assert (followed.status_code, followed["Location"]) == (
        303,
        f"/admin/{path_of(run)}?show=left_out",
    )
    assert mia_there.get(start)["Location"] == f"/admin/{path_of(run)}"
    live = mia_there.fragment(start)
    assert live.status_code == 200
    assert 'data-screen="run"' in live.content.decode()


def test_cancelling_and_once_more(
    superoffice: StandIn, mia_there: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    mirrored()
    stored([carrier(1), carrier(2)])
    run = taken(mia_there, "tag", 1, 2)
    mia_there.post(path_of(run, "start/"), tag="x")
    row = carrying.claim("me")
    assert row is not None
    carrying.carry_out(row)
    assert mia_there.post(path_of(run, "cancel/")).status_code == 303
    assert "Nothing more is begun" in mia_there.told()
    page = mia_there.page(path_of(run))
    assert "Once more for 1 chat that was not done" in page
    assert {one.state for one in run.rows.all()} == {RowState.DONE, RowState.CANCELLED}
    again = led_to(mia_there.post(path_of(run, "again/")))
    assert ids_in(again) == [2]
    assert 'name="tag" id="tag" value="x"' in mia_there.page(path_of(again))
    assert mia_there.post(path_of(again, "cancel/"))["Location"] == "/admin/sessions/"
    assert not BulkRun.objects.filter(pk=again.pk).exists()


def test_a_chat_that_is_out_of_sight_is_a_number_and_no_name(
    superoffice: StandIn, mia_there: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    mirrored()
    stored([carrier(1, CustomerName="Secretly Known")])
    run = taken(mia_there, "tag", 1)
    assert "Secretly Known" in mia_there.page(path_of(run))
    stored([carrier(1, CustomerName="Secretly Known", User={"AssociateId": 18})])
    page = mia_there.page(path_of(run))
    assert "Secretly Known" not in page
    assert "Session 1, no longer among the chats you may see" in page


def test_ticked_chats_become_a_file_for_those_who_export(
    superoffice: StandIn, auditor: AtConsole, mia_there: AtConsole, stored: Stored
) -> None:
    stored([carrier(n) for n in range(1, 5)])
    answer = auditor.post(LIST, {"do": "export_jsonl", "scope": "chosen", "id": ["2", "4", "x"]})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert [re.findall(r'"id": (\d+)', line)[0] for line in lines] == ["4", "2"]
    assert TrailEntry.objects.get(what="export_started").detail == {"chosen": 2}
    whole = auditor.post(LIST, {"do": "export_csv", "scope": "all", "query": "show=open"})
    assert len(b"".join(whole.streaming_content).decode().splitlines()) == 5
    assert auditor.post(LIST, {"do": "export_csv", "scope": "chosen"}).status_code == 303
    assert "No chat is chosen." in auditor.told()
    assert mia_there.post(LIST, {"do": "export_csv", "id": ["1"]}).status_code == 403


def test_hostile_texts_stay_texts_on_its_pages(
    superoffice: StandIn, mia_there: AtConsole, mirrored: Mirrored, stored: Stored
) -> None:
    mirrored()
    stored([carrier(1, CustomerName="Ane", CustomerCompanyName="Bo")])
    calm = taken(mia_there, "tag", 1)
    mia_there.post(path_of(calm, "start/"), tag="calm")
    carrying.run_due()
    pages = [path_of(calm), LIST]
    plain = [Markup(mia_there.page(path)).count for path in pages]
    for text in HOSTILE:
        stored([carrier(1, CustomerName=text[:255], CustomerCompanyName=text[:255])])
        kept = text.replace("\0", "")
        BulkRun.objects.update(asked={"tag": kept})
        BulkRow.objects.update(detail=kept)
        for path, count in zip(pages, plain, strict=True):
            found = Markup(mia_there.page(path))
            assert found.count == count, (path, text)
            assert found.dangers() == [], (path, text)


def test_it_reads_in_norwegian(
    superoffice: StandIn, kari_there: AtConsole, mirrored: Mirrored
) -> None:
    mine, theirs = superoffice.chat(user="kari"), superoffice.chat(user="mia")
    mirrored(mine.id, theirs.id)
    kari_there.client.post("/admin/language/", {"language": "nb", "next": "/admin/"})
    run = taken(kari_there, "transfer", mine.id, theirs.id)
    preview = kari_there.page(path_of(run))
    assert "Samtalen er ikke din: Mia Berg har den." in preview
    assert "Mulig for 1 samtale" in preview
    kari_there.post(path_of(run, "start/"), to="18")
    carrying.run_due()
    assert "Tilbudt Ola Nordli" in kari_there.page(path_of(run))
