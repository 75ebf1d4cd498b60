"""Bulk runs as Django sees them."""

from django.apps import AppConfig


class BulkConfig(AppConfig):
    name = "chatops.bulk"
    default_auto_field = "django.db.models.BigAutoField"
