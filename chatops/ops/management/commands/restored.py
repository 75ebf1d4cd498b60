"""After a backup of our database was restored: followers of the feed start from a snapshot."""

from typing import Any

from django.core.management.base import BaseCommand

from chatops.mirror import feed


class Command(BaseCommand):
    help = (
        "Run once after restoring a backup: feed numbers will be given out again, so that every "
        "cursor handed out before is answered with 410 and its follower starts anew."
    )

    def handle(self, **_: Any) -> None:
        epoch = feed.start_anew()
        self.stdout.write(f"The change feed has a new epoch: {epoch}")
        self.stdout.write("Now run `reconcile`, or leave it to the worker's next comparison.")
