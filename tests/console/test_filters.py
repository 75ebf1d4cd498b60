"""What the list's filters say in an export: what the trail keeps is what was done."""

import pytest

from chatops.actions.models import TrailEntry
from tests.console.conftest import AtConsole, Stored, carrier

#: Where the form to export stands, and how it is sent from there.
DOORS = {
    "sessions/export/": {"as": "jsonl"},
    "sessions/bulk/": {"do": "export_jsonl", "scope": "all"},
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "query",
    [
        "since=%00",
        "topic=%00",
        "show=%00",
        "requested_after=2026-03-02%0009:15:00%2B00:00",
        "requested_before=2026-03-02%1F09:15:00%2B00:00",
        "until=yesterday",
        "rating=9",
        "topic=7&hour=24",
    ],
)
def test_with_a_wrong_filter_nothing_is_exported_and_the_trail_says_nothing(
    auditor: AtConsole, stored: Stored, door: str, query: str
) -> None:
    stored([carrier(1)])
    answer = auditor.post(door, {**DOORS[door], "query": query})
    assert answer.status_code in (302, 303)
    assert 'class="note error"' in auditor.told()
    assert not TrailEntry.objects.filter(what__startswith="export").exists()


def test_the_trail_keeps_the_filters_that_the_file_was_made_with(
    auditor: AtConsole, stored: Stored
) -> None:
    stored([carrier(n, TopicId=7 + n % 2) for n in range(1, 5)])
    given = {
        "topic=7": {"topic": "7"},
        "show=open&since=2026-03-01&older=3": {"show": "open", "since": "2026-03-01"},
        "requested_after=2026-03-02T09:00:00%2B00:00": {
            "requested_after": "2026-03-02T09:00:00+00:00"
        },
        "hour=9&tag=": {"hour": "9"},
        "search=customer": {"search": "…"},
        # Neither leaves anything out.
        "show=everything&search=+": {},
    }
    for query, kept in given.items():
        answer = auditor.post("sessions/export/", {"as": "jsonl", "query": query})
        assert answer.status_code == 200, query
        b"".join(answer.streaming_content)
        begun = TrailEntry.objects.filter(what="export_started").latest("pk")
        assert begun.detail == kept
