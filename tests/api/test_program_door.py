"""Programs come in by a door of their own: less is done for them, nothing else is answered."""

from django.utils import translation

from tests.api.conftest import V1, Bulk, MakeProgram, Program
from tests.conftest import MakePerson, Person


def test_what_a_program_gets_may_not_be_framed_or_run(api: Program) -> None:
    answer = api.get("sessions/")
    assert answer.status == 200
    assert answer["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Length"] == str(len(answer.response.content))


def test_a_program_is_sent_no_cookie(api: Program) -> None:
    assert not api.get("sessions/").response.cookies


def test_a_program_is_not_told_in_the_language_of_whoever_was_served_before(api: Program) -> None:
    with translation.override("nb"):
        answer = api.call("PUT", "sessions/", Accept_Language="nb")
    assert answer.status == 405
    assert "not allowed" in answer.json["detail"]


def test_an_address_without_its_slash_leads_to_the_one_with_it(api: Program) -> None:
    answer = api.get("sessions")
    assert answer.status == 301
    assert answer["Location"] == f"{V1}sessions/"


def test_the_token_counts_where_a_console_session_comes_along(
    mia: Person, program: MakeProgram
) -> None:
    reader = program(mia, "read")
    reader.client.force_login(mia.user)
    assert reader.get("changes/").code == "forbidden"


def test_lists_that_are_asked_again_are_those_of_now(api: Program, bulk: Bulk) -> None:
    bulk(range(1, 4))
    first = api.get("sessions/?page_size=2").ids()
    bulk(range(4, 6))
    assert first == [3, 2]
    assert api.get("sessions/?page_size=2").ids() == [5, 4]


def test_programs_that_see_different_topics_never_get_each_others_list(
    somebody: Person, program: MakeProgram, bulk: Bulk
) -> None:
    bulk(range(1, 9))
    every = program(somebody).get("sessions/?fields=id,topic_id").json["results"]
    for topic in {one["topic_id"] for one in every}:
        mine = {one["id"] for one in every if one["topic_id"] == topic}
        assert set(program(somebody, topics=[topic]).get("sessions/").ids()) == mine
    assert len(program(somebody).get("sessions/").ids()) == 8


def test_a_program_whose_owner_loses_every_role_gets_an_empty_list_at_once(
    person: MakePerson, program: MakeProgram, bulk: Bulk
) -> None:
    auditor = person("auditor", "auditor", link=False)
    reader = program(auditor, "read")
    bulk(range(1, 4))
    assert reader.get("sessions/").ids() == [3, 2, 1]
    auditor.user.groups.clear()
    assert reader.get("sessions/").ids() == []
