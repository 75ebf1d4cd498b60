"""Forms that write in our own notebook: done, told in a sentence, and back to the page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from chatops.actions import errors
from chatops.console import acting
from chatops.console.sentences import told


def keep(
    request: HttpRequest, run: Callable[[], object], sentence: str, *, to: str = ""
) -> HttpResponse:
    """Run it and tell `sentence`, or why not; then to `to`, or back to where the form was.

    What does not exist for the caller, or is not theirs to do, stays a 404 or 403.
    """
    try:
        run()
    except (errors.NotFound, errors.Forbidden):
        raise
    except errors.ActionError as error:
        messages.error(request, told(error.detail))
        to = ""
    else:
        messages.success(request, sentence)
    response = HttpResponseRedirect(to or acting.came_from(request))
    response.status_code = 303
    return response


def number_in(request: HttpRequest, name: str) -> int | None:
    """A number of the form; None when it is missing or nonsense."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
