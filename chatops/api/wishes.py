"""A change request: its key, the version it was based on, and the answer to it."""

import re
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from chatops.actions import policy, trail
from chatops.actions.callers import Caller
from chatops.actions.errors import KeyRequired
from chatops.actions.models import Action, TrailEntry
from chatops.actions.perform import Wish
from chatops.api import responses
from chatops.api.authentication import caller_behind
from chatops.api.params import Query
from chatops.api.problems import Problem
from chatops.mirror.models import ChatSession

KEY, IF_MATCH = "Idempotency-Key", "If-Match"
LONGEST_KEY = 255
#: What stands behind the version says what of it was shown: nothing that a wish is based on.
VERSION = re.compile(r'(?:W/)?"([0-9]{1,18})(?:\.[a-z]{1,20}){0,2}"\Z')
#: No session is ever in this one.
NO_VERSION = -1
VIEWED = "transcript_viewed"
#: A transcript that is read again and again within this time is one view in the trail.
ONE_VIEW = timedelta(hours=1)


def answer(
    request: Request,
    route: str,
    act: Callable[[Wish], Action],
    *,
    session_id: int | None = None,
) -> Response:
    """Carry out what is asked for under the request's key, and answer what became of it."""
    Query(request)
    caller = caller_behind(request)
    wish = Wish(caller, key_of(request), route, version=_version(request, caller, session_id))
    return responses.for_action(act(wish), request)


def key_of(request: Request) -> str:
    """The Idempotency-Key. Raises KeyRequired, and a problem for one that cannot be kept."""
    key = request.headers.get(KEY, "")
    if not key:
        raise KeyRequired("Send an Idempotency-Key with every change, so that it happens once.")
    if len(key) > LONGEST_KEY or not key.isprintable():
        wrong = f"At most {LONGEST_KEY} printable characters."
        raise Problem(400, f"{KEY}: {wrong}", code="key_invalid", errors={KEY: wrong})
    return key


def _version(request: Request, caller: Caller, session_id: int | None) -> int | None:
    """The version of `If-Match`; None without one, or for `*`.

    What can be no version of ours is one that nothing has: 412, once all else about the request is
    right (RFC 9110, 13.2.1). Of several, the one that is held now counts, if it is among them.
    """
    given = request.headers.get(IF_MATCH, "").strip()
    if not given or given == "*":
        return None
    found = [VERSION.match(one.strip()) for one in given.split(",")]
    versions = [int(one[1]) for one in found if one]
    if not versions or len(versions) < len(found):
        return NO_VERSION
    if len(versions) == 1 or session_id is None:
        return versions[0]
    held = policy.visible_sessions(caller).filter(pk=session_id, version__in=versions)
    now: ChatSession | None = held.first()
    return now.version if now else versions[0]


def no_body(request: Request) -> None:
    """Raises a 422 when a request without content has some."""
    if request.data not in ({}, None):
        raise Problem(422, "This request takes no body.")


def note_view(caller: Caller, session_id: int) -> None:
    """A line in the trail: this caller read what was said in this session."""
    since = timezone.now() - ONE_VIEW
    known = TrailEntry.objects.filter(
        session_id=session_id, caller=caller.name, what=VIEWED, at__gt=since
    )
    if not known.exists():
        trail.record(VIEWED, caller=caller, session_id=session_id)
