from typing import Any
from uuid import uuid4

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def begin(sender: AppConfig, using: str, **_: Any) -> None:
    """The two rows of counters, wherever the tables are new or were emptied."""
    sender.get_model("Head")._default_manager.using(using).get_or_create(
        pk=1, defaults={"epoch": uuid4().hex}
    )
    sender.get_model("Counter")._default_manager.using(using).get_or_create(name="reading")


class MirrorConfig(AppConfig):
    name = "chatops.mirror"

    def ready(self) -> None:
        post_migrate.connect(begin, sender=self)
