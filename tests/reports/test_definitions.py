"""The definitions are the same in the document and on the page."""

from pathlib import Path

from chatops.reports.definitions import DEFINITIONS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "numbers.md"


def test_the_document_says_what_the_page_says() -> None:
    table = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| **")]
    assert table == [f"| **{one.title}** | {one.meaning} |" for one in DEFINITIONS]
