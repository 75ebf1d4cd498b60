"""Webhook administration: contract I.2."""

from dataclasses import replace
from typing import Any

from chatops.demo import patching
from chatops.demo.errors import malformed
from chatops.demo.hooks import Hook
from chatops.demo.routing import Call, no_content, route, unlocked
from chatops.demo.wire import JSONDict, WireResponse

STATES = ("Unknown", "Active", "Stopped", "TooManyErrors")


def linked(call: Call, hook: Hook) -> JSONDict:
    """The carrier with links."""
    here = f"{call.view.base}/Webhook"
    return {**call.hooks.carrier(hook), "_Links": {"Self": f"{here}/{hook.id}", "Archive": here}}


def filled(call: Call, hook: Hook, body: dict[str, Any]) -> Hook:
    """A copy with the body's values. Raises `Answer` 400 for values of a wrong kind."""
    hook = replace(hook)
    body = {name.lower(): value for name, value in body.items()}
    state = body.get("state", hook.state)
    events = body.get("events", hook.events)
    if state not in STATES or not isinstance(events, list):
        raise malformed("Error converting value to 'Webhook'")
    if state == "Active" and hook.state != "Active":
        hook.in_a_row = 0
    secret = body.get("secret")
    hook.name = str(body.get("name", hook.name))
    hook.events = [str(event) for event in events]
    hook.target = str(body.get("targeturl", hook.target))
    hook.secret = hook.secret if secret is None or set(secret) == {"*"} else str(secret)
    hook.state, hook.type = state, str(body.get("type", hook.type))
    hook.headers = {str(k): str(v) for k, v in (body.get("headers") or {}).items()}
    hook.properties = dict(body.get("properties") or {})
    hook.errors_email = str(body.get("errorsemail") or "")
    hook.updated = call.office.now()
    return hook


def json_object(call: Call) -> dict[str, Any]:
    """The body. Raises `Answer` 400 unless it is an object."""
    body = call.request.json()
    if not isinstance(body, dict):
        raise malformed("The request body must be an object")
    return body


@route("GET", "Webhook/default")
def default(call: Call) -> JSONDict:
    """A blank with two sample events to be replaced."""
    return call.hooks.carrier(Hook(0, events=["contact.created", "contact.changed"]))


@route("GET", "Webhook")
def listing(call: Call) -> list[JSONDict]:
    """All of ours, by optional filters."""
    query = call.request.params
    wanted = query.get("statusfilter", "Unknown")
    return [
        call.hooks.carrier(hook)
        for hook in call.hooks.rows.values()
        if wanted in ("Unknown", "", hook.state)
        and query.get("namefilter", "") in hook.name
        and (not query.get("eventfilter") or query["eventfilter"] in hook.events)
    ]


@route("POST", "Webhook")
@unlocked
def create(call: Call) -> JSONDict:
    """Save a new one; its target must answer a test event first."""
    hook = Hook(call.hooks.new_id(), registered=call.office.now(), registered_by=call.who.id)
    hook = filled(call, hook, json_object(call))
    call.hooks.save(hook)
    return linked(call, hook)


@route("GET", "Webhook/{id}")
def get(call: Call, hook_id: int) -> JSONDict:
    """One of them."""
    return linked(call, call.hooks.get(hook_id))


@route("PUT", "Webhook/{id}")
@unlocked
def put(call: Call, hook_id: int) -> JSONDict:
    """Save the whole; the target is tested again."""
    hook = call.hooks.get(hook_id)
    hook = filled(call, hook, json_object(call))
    call.hooks.save(hook)
    return linked(call, hook)


@route("PATCH", "Webhook/{id}")
@unlocked
def patch(call: Call, hook_id: int) -> JSONDict:
    """Save parts, for instance the state; the target is tested again."""
    hook = call.hooks.get(hook_id)
    carrier = call.hooks.carrier(hook)
    for operation in patching.operations(call.request.json(), carrier):
        patching.apply(carrier, operation)
    hook = filled(call, hook, carrier)
    call.hooks.save(hook)
    return linked(call, hook)


@route("DELETE", "Webhook/{id}")
def delete(call: Call, hook_id: int) -> WireResponse:
    """Gone."""
    call.hooks.rows.pop(call.hooks.get(hook_id).id)
    return no_content()


@route("GET", "Webhook/{id}/LastError")
def last_error(call: Call, hook_id: int) -> str:
    """What the target said last when it failed."""
    return call.hooks.get(hook_id).last_error


@route("POST", "Webhook/Test")
@unlocked
def test(call: Call) -> JSONDict:
    """Send a test event without saving."""
    success, message = call.hooks.test(filled(call, Hook(0), json_object(call)))
    return {"Success": success, "Message": message, "TableRight": None, "FieldProperties": {}}


@route("POST", "Webhook/{name}/{id}")
def fire(call: Call, name: str, key: int) -> WireResponse:
    """Fire an event for all who listen; the body is required."""
    values = json_object(call)
    call.hooks.happened(name.lower(), key, call.who.id, [], values)
    return no_content()
