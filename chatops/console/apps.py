"""The console as Django sees it: an app of its own, and the site that Django's admin runs on."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConsoleConfig(AppConfig):
    name = "chatops.console"


class ConsoleAdminConfig(admin_apps.AdminConfig):
    """Django's admin with the console as its site; named in INSTALLED_APPS."""

    default = False
    default_site = "chatops.console.site.ConsoleSite"
