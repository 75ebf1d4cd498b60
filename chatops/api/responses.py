"""Answers: an action and what became of it, a list's page, and what has not changed since."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from chatops.actions import outcomes, policy
from chatops.actions.callers import Caller
from chatops.actions.errors import ActionError
from chatops.actions.models import OPEN_STATES, Action, Verb
from chatops.actions.policy import Right
from chatops.api import pages, sight
from chatops.api.authentication import caller_behind
from chatops.mirror import feed, text_index
from chatops.mirror.models import ChatSession
from chatops.mirror.rendering import rfc3339

JSONDict = dict[str, Any]
REPLAYED = "Idempotency-Replayed"
#: The right that shows what was asked for: a text, or somebody's name and address.
SHOWS = {Verb.SEND_MESSAGE: Right.TRANSCRIPT, Verb.PATCH_SESSION: Right.PERSONAL}
#: The rights on which it depends what is shown of a session.
FORMS = (Right.TRANSCRIPT, Right.PERSONAL)


# --- Actions -------------------------------------------------------------------------------------


def for_action(action: Action, request: Request) -> Response:
    """200 when settled, 202 with Location when not yet known; raises what a refusal is told as."""
    if problem := outcomes.problem(action):
        # Told by the exception handler, which looks at this to say that the answer is an old one.
        problem.extra["replayed"] = action.replayed
        raise problem
    shown = action.shown or {}
    response = Response(
        whole_action(
            action,
            caller_behind(request),
            session=shown.get("session"),
            message=shown.get("message"),
        )
    )
    if action.state in OPEN_STATES:
        response.status_code = 202
        response["Location"] = reverse("api:action", [action.pk], request=request)
        response["Retry-After"] = "2"
    if action.replayed:
        response[REPLAYED] = "true"
    return response


def whole_action(
    action: Action,
    caller: Caller,
    *,
    session: JSONDict | None = None,
    message: str | None = None,
) -> JSONDict:
    """An action with the session and the message as they are now, or as they were shown then."""
    return actions_as_json([action], caller)[0] | {
        "session": sight.session(caller, action.session_id or 0, as_shown=session),
        "message": sight.message(caller, action.message_id, as_shown=message),
    }


def actions_as_json(actions: Sequence[Action], caller: Caller) -> list[JSONDict]:
    """Actions in a list, without session and message, which are asked for by id."""
    # What callers asked for themselves is shown to them whatever they see of the session by now.
    foreign = [action for action in actions if action.caller != caller.name]
    ids = {action.session_id for action in foreign if action.session_id}
    visible: set[int] = set()
    if ids:
        found = policy.visible_sessions(caller).filter(pk__in=ids)
        visible = set(found.values_list("pk", flat=True))
    shown = {right: policy.granted(caller, right, visible) for right in SHOWS.values()}
    return [_action(action, caller, shown) for action in actions]


def _action(action: Action, caller: Caller, shown: dict[Right, frozenset[int]]) -> JSONDict:
    needed = SHOWS.get(Verb(action.verb))
    own = action.caller == caller.name
    asked = own or needed is None or action.session_id in shown[needed]
    return {
        "id": action.pk,
        "verb": action.verb,
        "state": action.state,
        "session_id": action.session_id or 0,
        "requested_by": action.requested_by.get_username() if action.requested_by else None,
        "created_at": rfc3339(action.created_at),
        "settled_at": rfc3339(action.settled_at),
        "code": action.code,
        "detail": outcomes.sentence(action),
        "session": None,
        "message": None,
        "second_of": action.second_of_id,
        "evidence": {
            "asked": _in_order(action.asked.get("request", action.asked)) if asked else None,
            "sent_at": rfc3339(action.sent_at),
            "answered_at": rfc3339(action.answered_at),
            "answer": _in_order(action.answer),
            "proof": _in_order(action.proof),
        },
    }


def _in_order(kept: Any) -> Any:
    """With its names in one order: PostgreSQL gives them back in another than it was given, and a
    repeated request is answered with the same bytes."""
    return json.loads(json.dumps(kept, sort_keys=True))


def more_about(error: ActionError, caller: Caller) -> JSONDict:
    """What a problem document adds to its sentence, as far as the caller may see it."""
    more: JSONDict = {}
    session_id, action = error.extra.get("session_id"), error.extra.get("action")
    if isinstance(session_id, int):
        shown = None
        if isinstance(action, Action) and action.session_id == session_id:
            shown = (action.shown or {}).get("session")
        more["session"] = sight.session(caller, session_id, as_shown=shown)
    if isinstance(action, Action):
        more["action"] = actions_as_json([action], caller)[0]
    for name in ("who", "fields"):
        if error.extra.get(name) is not None:
            more[name] = error.extra[name]
    return more


# --- Lists ---------------------------------------------------------------------------------------


def a_list(request: Request, texts: Sequence[str], page: pages.Page, etag: str) -> HttpResponse:
    """A page whose results are JSON texts already."""
    following = json.dumps(pages.address(request, page.next))
    before = json.dumps(pages.address(request, page.previous))
    body = f'{{"next":{following},"previous":{before},"results":[{",".join(texts)}]}}'
    return ready(body, etag)


def ready(body: str, etag: str) -> HttpResponse:
    """An answer whose JSON is made already: nothing is left for a renderer to do."""
    text = body.encode("utf-8", "replace")
    return HttpResponse(text, content_type="application/json", headers={"ETag": etag})


def of_the_feed(
    request: Request, *, at: feed.Position | None = None, searched: bool = False
) -> str:
    """The ETag of a list: where the change feed stands, what was asked, and by whom, with what is
    unmasked for them; and where the text index stands, which follows the feed, when the list was
    `searched`.

    Weak: `as_of` moves with every read of SuperOffice and is no change. Take it before the rows are
    read, so that a list can only be newer than its ETag says.
    """
    now = at or feed.position()
    caller = caller_behind(request)
    asks: list[object] = [
        now.epoch,
        request.build_absolute_uri(),
        caller.name,
        sorted(caller.roles),
        sorted(caller.scopes),
        sorted(caller.topics) if caller.topics is not None else None,
        caller.associate_id,
        caller.span,
        text_index.mark() if searched else None,
    ]
    if not caller.token and Right.UNMASK in policy.rights(caller):
        shown = policy.unmaskings(caller).order_by("pk").values_list("pk", "until")
        asks.append([[one, until.isoformat()] for one, until in shown])
    mark = blake2b(json.dumps(asks).encode(), digest_size=8).hexdigest()
    return f'W/"{now.last}-{mark}"'


def of_a_session(caller: Caller, session: ChatSession) -> str:
    """The ETag of one session: its version, and for people what of it they are shown, which may
    change without it. A program is shown the same as long as it has its token."""
    shown: list[str] = []
    if not caller.token:
        shown = [one for one in FORMS if policy.may(caller, one, session)]
    return f'"{".".join([str(session.version), *shown])}"'


def has(request: Request, etag: str) -> bool:
    """Whether the client holds this already (`If-None-Match`, compared weakly)."""
    given = request.headers.get("If-None-Match", "")
    held = [one.strip().removeprefix("W/") for one in given.split(",")]
    return "*" in held or etag.removeprefix("W/") in held


def not_modified(etag: str) -> Response:
    """304, with the ETag that still holds."""
    return Response(status=304, headers={"ETag": etag})
