"""After a backup of our database was restored: followers of the feed start from a snapshot."""

from typing import Any

from django.core.management.base import BaseCommand

from chatops.bulk import forgetting as runs
from chatops.mirror import feed


class Command(BaseCommand):
    help = (
        "Run once after restoring a backup: feed numbers will be given out again, so that every "
        "cursor handed out before is answered with 410 and its follower starts anew. "
        "Bulk runs that were under way are called off."
    )

    def handle(self, **_: Any) -> None:
        epoch = feed.start_anew()
        self.stdout.write(f"The change feed has a new epoch: {epoch}")
        if called_off := runs.call_off():
            self.stdout.write(f"Bulk runs called off: {called_off}. Their owners may start anew.")
        self.stdout.write("Now run `reconcile`, or leave it to the worker's next comparison.")
