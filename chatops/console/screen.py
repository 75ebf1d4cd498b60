"""What every screen does: know who asks, speak the reader's time zone, answer whole or in part."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from chatops.actions import errors
from chatops.actions.callers import Caller, caller_of
from chatops.mirror import feed

#: The browser's time zone, as `live.js` found it out. Not a secret and not trusted.
ZONE_COOKIE = "chatops_zone"
#: `live.js` asks for the part of a page that changes.
FRAGMENT_HEADER = "X-Fragment"

View = Callable[..., HttpResponseBase]


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The reader's time zone; UTC when the browser has not told, or told nonsense."""
    name = request.COOKIES.get(ZONE_COOKIE, "")
    try:
        return ZoneInfo(name) if name and len(name) < 64 else ZoneInfo("UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a directory
        return ZoneInfo("UTC")


def caller_from(request: HttpRequest) -> Caller:
    """Who asks, found out once per request."""
    known: Caller | None = getattr(request, "_console_caller", None)
    if known is None:
        assert request.user.is_authenticated  # every screen is behind admin_view
        request_id = getattr(request, "request_id", "")
        known = caller_of(request.user, source="console", request_id=request_id)
        request._console_caller = known  # type: ignore[attr-defined]  # kept for this request
    return known


def wants_fragment(request: HttpRequest) -> bool:
    """Whether `live.js` asks for the changing part of the page only."""
    return FRAGMENT_HEADER in request.headers


def screen(view: View) -> View:
    """A screen: what the caller may not see is not there. `urls.screens` asks for the sign-in."""

    @functools.wraps(view)
    def inner(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, **kwargs)
        except errors.NotFound as error:
            raise Http404(error.detail) from error
        except errors.Forbidden as error:
            raise PermissionDenied(error.detail) from error

    return inner


def show(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """Render a screen: the whole page, or what stands in `<main>` when a fragment is asked for.

    The feed's number goes into the page first, so that nothing is missed between the two.
    """
    fragment = wants_fragment(request)
    response = render(
        request,
        template,
        {
            **admin.site.each_context(request),
            "frame": "console/fragment.html" if fragment else "console/base.html",
            **context,
        },
    )
    response["Vary"] = f"{FRAGMENT_HEADER}, Cookie"
    response["Cache-Control"] = "no-store"
    return response


def feed_position() -> feed.Position:
    """Where the change feed stands; read it before the rows that a page shows."""
    return feed.position()
