from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


def make_roles(using: str, **_: Any) -> None:
    """Roles are Django groups of these names."""
    groups = apps.get_model("auth", "Group").objects.using(using)
    for role in ("agent", "lead", "auditor", "operator"):
        groups.get_or_create(name=role)


class ActionsConfig(AppConfig):
    name = "chatops.actions"

    def ready(self) -> None:
        post_migrate.connect(make_roles, sender=self)
