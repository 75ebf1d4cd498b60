"""The same past of chats as the reports have."""

from tests.reports.conftest import office, past, signed_in

__all__ = ["office", "past", "signed_in"]
