"""The notebook as Django sees it."""

from django.apps import AppConfig


class NotebookConfig(AppConfig):
    name = "chatops.notebook"
    default_auto_field = "django.db.models.BigAutoField"
