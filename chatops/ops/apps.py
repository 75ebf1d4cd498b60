from django.apps import AppConfig
from django.core import checks

from chatops.ops.checks import check_settings


class OpsConfig(AppConfig):
    name = "chatops.ops"

    def ready(self) -> None:
        checks.register(check_settings, "chatops")
