"""The admin site of the product: our screens first, Django's model pages behind them."""

from __future__ import annotations

import functools
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chatops.console import navigation, words
from chatops.console.entering import SignInForm
from chatops.console.screen import caller_from, feed_position, zone_of
from chatops.console.screens import urls
from chatops.remote.signin import is_offered
from chatops.sync import health


class ConsoleSite(admin.AdminSite):
    site_title = "chatops"
    site_header = "chatops"
    index_title = _("Queue")
    site_url = None
    enable_nav_sidebar = False
    login_template = "console/login.html"
    login_form = SignInForm

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Behind the sign-in, and in the reader's time zone until the last character is made."""

        @functools.wraps(view)
        def here(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with timezone.override(zone_of(request)):
                response: HttpResponseBase = view(request, *args, **kwargs)
                if isinstance(response, TemplateResponse):
                    response.render()
                return response

        return super().admin_view(here, cacheable)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [*urls.doors(), *urls.screens(self), *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page shows: who, where to, what waits, and the feed's number.

        The number is read before anything else, so that no change falls between page and stream.
        """
        if not self.has_permission(request):
            return {**super().each_context(request), "enters_by_superoffice": is_offered()}
        position = feed_position()
        caller = caller_from(request)
        counts = navigation.counts(caller)
        return {
            **super().each_context(request),
            "caller": caller,
            "counts": counts,
            "navigation": navigation.items(request, caller, counts),
            "feed": position,
            "freshness": health.freshness(),
            "now": timezone.now(),
            "words": words.for_browser(),
            "available_apps": [],
        }

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Only operators have model pages."""
        return super().get_app_list(request, app_label) if self.has_permission(request) else []
