"""The change feed in pages: complete, in order, limited to topics, and honest when it is gone."""

from datetime import timedelta

from django.utils import timezone

from chatops.mirror import feed
from chatops.mirror.models import Change
from tests.api.conftest import Bulk, MakeProgram, Program
from tests.conftest import Person


def test_following_the_feed_tells_every_change_once(api: Program, bulk: Bulk) -> None:
    start = api.get("changes/").json
    assert start["results"] == []
    bulk(range(1, 6))
    bulk([3], Status="InQueue")
    seen, after = [], start["last"]
    while True:
        page = api.get(f"changes/?after={after}&limit=2&epoch={start['epoch']}").json
        if not page["results"]:
            break
        seen += page["results"]
        after = page["last"]
    assert [one["number"] for one in seen] == list(range(start["last"] + 1, after + 1))
    assert [one["object_id"] for one in seen if one["kind"] == "session"] == [1, 2, 3, 4, 5, 3]
    assert set(seen[0]) == {"number", "kind", "op", "session_id", "object_id", "at"}


def test_every_page_tells_where_the_feed_ends(api: Program, bulk: Bulk) -> None:
    bulk(range(1, 6))
    head = feed.position().last
    page = api.get("changes/?after=0&limit=2").json
    assert (page["last"], page["head"]) == (2, head)
    assert api.get(f"changes/?after={head}").json["head"] == head
    assert api.get("changes/").json["head"] == head


def test_an_epoch_that_we_cannot_have_given_out_is_told_as_a_mistake(api: Program) -> None:
    for epoch in ("z%C2%AD%C3%9F", "a%20b"):
        answer = api.get(f"changes/?epoch={epoch}")
        assert (answer.status, answer.code) == (422, "invalid")
        assert [one["field"] for one in answer.json["errors"]] == ["epoch"]


def test_a_place_that_is_gone_is_410(api: Program, bulk: Bulk) -> None:
    bulk(range(1, 4))
    Change.objects.update(at=timezone.now() - timedelta(days=30))
    feed.prune(older_than=timedelta(days=1))
    last = feed.position().last
    for query in ("after=0", f"after={last + 1}", f"after={last}&epoch=another"):
        answer = api.get(f"changes/?{query}")
        assert (answer.status, answer.code) == (410, "cursor_gone"), query
        assert (answer.json["head"], answer.json["epoch"]) == (last, feed.position().epoch)
    assert api.get(f"changes/?after={last}").json["results"] == []
    feed.start_anew()
    epoch = api.get("changes/").json["epoch"]
    assert api.get(f"changes/?after={last}&epoch={epoch}").status == 200


def test_a_token_hears_of_its_topics_only(
    somebody: Person, program: MakeProgram, bulk: Bulk
) -> None:
    bulk([1], TopicId=7)
    bulk([2], TopicId=8)
    caller = program(somebody, "feed", topics=[8])
    page = caller.get("changes/?after=0").json
    assert [one["session_id"] for one in page["results"]] == [2]
    assert page["last"] == feed.position().last


def test_limits_are_limits(api: Program) -> None:
    for query in ("limit=0", "limit=1001", "after=-1", "after=x", f"after={2**63}"):
        assert api.get(f"changes/?{query}").status == 422, query
