"""What goes in and out, as JSON Schema: the components of the OpenAPI document."""

from typing import Any

from chatops.actions.models import State, Verb
from chatops.api import patch_shapes
from chatops.mirror.models import Change

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
#: A text that comes in: what cannot be stored is refused.
GIVEN: Schema = {"type": "string", "pattern": r"^[^\u0000]*$"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
WHOLE: Schema = {"type": "integer"}
WHOLE_OR_NULL: Schema = {"type": ["integer", "null"]}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
TIME_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
URL_OR_NULL: Schema = {"type": ["string", "null"], "format": "uri"}
LINKED: Schema = {
    "type": ["object", "null"],
    "description": "The linked record's properties by the same naming rule; null when nobody.",
}
ANYTHING: Schema = {}


def ref(name: str) -> Schema:
    """A reference to a schema of the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def a_list_of(item: Schema) -> Schema:
    """A JSON array."""
    return {"type": "array", "items": item}


def an_object(properties: Schema, *, required: bool = True, **more: Any) -> Schema:
    """A JSON object; all of its properties are there unless said otherwise."""
    found: Schema = {"type": "object", "properties": properties, **more}
    return found | {"required": list(properties)} if required else found


def a_page_of(name: str) -> Schema:
    """A page of a list: its rows and the addresses of its neighbours."""
    return an_object(
        {"next": URL_OR_NULL, "previous": URL_OR_NULL, "results": a_list_of(ref(name))}
    )


def one_of(either: Schema) -> Schema:
    """The schema, or null."""
    return {"anyOf": [either, {"type": "null"}]}


#: By the names of the API (docs of SuperOffice: ChatSessionEntity; contract, E.1).
_SESSION: Schema = {
    "id": WHOLE,
    "topic_id": WHOLE_OR_NULL,
    "user": LINKED,
    "person": LINKED,
    "customer_alias": TEXT_OR_NULL,
    "customer_host": TEXT_OR_NULL,
    "customer_name": TEXT_OR_NULL,
    "customer_email": TEXT_OR_NULL,
    "customer_phone": TEXT_OR_NULL,
    "customer_consented": {"type": ["boolean", "null"]},
    "customer_company_name": TEXT_OR_NULL,
    "status": TEXT,
    "first_message": TEXT_OR_NULL,
    "last_message": TEXT_OR_NULL,
    "requested_at": TIME_OR_NULL,
    "started_at": TIME_OR_NULL,
    "ended_at": TIME_OR_NULL,
    "idle_at": TIME_OR_NULL,
    "fetched_at": TIME_OR_NULL,
    "initial_queue_pos": WHOLE_OR_NULL,
    "alert_level": WHOLE_OR_NULL,
    "rank": WHOLE_OR_NULL,
    "flags": {"type": ["string", "integer", "null"]},
    "contact": LINKED,
    "project": LINKED,
    "sale": LINKED,
    "ticket": LINKED,
    "transfer_to": LINKED,
    "chatbot_is_active": {"type": ["boolean", "null"]},
    "rating": WHOLE_OR_NULL,
    "as_of": TIME_OR_NULL,
    "gone_at": TIME_OR_NULL,
    "version": WHOLE,
}
#: What `fields` may name.
SESSION_FIELDS = tuple(_SESSION)
_EXPANDED: Schema = {
    "carrier": {
        "type": ["object", "null"],
        "description": "`expand=carrier`: as SuperOffice sent it, less what is secret. Null "
        "without the rights to texts and to personal data.",
    },
    "messages": {
        "type": ["array", "null"],
        "items": ref("Message"),
        "description": "`expand=messages`: the newest 500, oldest first.",
    },
}
_MESSAGE: Schema = {
    "id": WHOLE,
    "chat_session_id": WHOLE,
    "type": TEXT,
    "message": TEXT_OR_NULL,
    "author": TEXT_OR_NULL,
    "read_by_customer": WHOLE_OR_NULL,
    "special_type": TEXT_OR_NULL,
    "special_param": TEXT_OR_NULL,
    "posted_at": TIME_OR_NULL,
}
_FOUND: Schema = {
    "session_id": WHOLE,
    "excerpt": TEXT,
    "highlights": {
        "type": "array",
        "description": "Where in the excerpt the words stand: `[start, end)` in characters.",
        "items": {"type": "array", "items": WHOLE, "minItems": 2, "maxItems": 2},
    },
}
_ACTION: Schema = {
    "id": WHOLE,
    "verb": {"type": "string", "enum": Verb.values},
    "state": {"type": "string", "enum": State.values},
    "session_id": {
        "type": "integer",
        "description": "0 while it is not known which session a `create_session` made.",
    },
    "requested_by": TEXT_OR_NULL,
    "created_at": TIME,
    "settled_at": TIME_OR_NULL,
    "code": TEXT,
    "detail": {"type": "string", "description": "What became of it, in a sentence."},
    "session": one_of(ref("Session")),
    "message": one_of(ref("Message")),
    "second_of": WHOLE_OR_NULL,
    "evidence": an_object(
        {
            "asked": ANYTHING,
            "sent_at": TIME_OR_NULL,
            "answered_at": TIME_OR_NULL,
            "answer": {"type": "object"},
            "proof": {"type": "object"},
        }
    ),
}
_TOPIC: Schema = {
    "id": WHOLE,
    "name": TEXT,
    "description": TEXT,
    "bot_enabled": FLAG,
    "opening_hours_enabled": FLAG,
    "warn_new_chat_minutes": WHOLE,
    "warn_manager_new_chat_minutes": WHOLE,
    "warn_chat_message_minutes": WHOLE,
    "warn_manager_chat_message_minutes": WHOLE,
    "is_open": {"type": ["boolean", "null"]},
    "as_of": TIME,
}
_ROLES = ("can_respond", "can_notify", "can_listen", "can_manage")
_AGENT: Schema = {
    "id": WHOLE,
    "ej_user_id": WHOLE_OR_NULL,
    "name": TEXT,
    "full_name": TEXT,
    "user_name": TEXT,
    "type": TEXT,
    "deleted": FLAG,
    "present": {"type": ["boolean", "null"]},
    "ongoing_chats": WHOLE_OR_NULL,
    "topics": a_list_of(an_object({"topic_id": WHOLE} | dict.fromkeys(_ROLES, FLAG))),
    "as_of": TIME,
}
_CHANGE: Schema = {
    "number": WHOLE,
    "kind": {"type": "string", "enum": Change.Kind.values},
    "op": {"type": "string", "enum": Change.Op.values},
    "session_id": WHOLE_OR_NULL,
    "object_id": WHOLE,
    "at": TIME,
}
_SUBSCRIPTION: Schema = {
    "id": WHOLE,
    "label": TEXT,
    "url": TEXT,
    "kinds": a_list_of({"type": "string", "enum": Change.Kind.values}),
    "topics": a_list_of(WHOLE),
    "state": {"type": "string", "enum": ["active", "stopped"]},
    "notice": {"type": "string", "description": "Why it was switched off."},
    "last": {"type": "integer", "description": "Everything up to this number was delivered."},
    "epoch": TEXT,
    "failures": WHOLE,
    "failing_since": TIME_OR_NULL,
    "next_at": TIME_OR_NULL,
    "last_error": TEXT,
    "delivered_at": TIME_OR_NULL,
    "created_at": TIME,
}
_MIRROR: Schema = {
    "as_of": TIME_OR_NULL,
    "stale_since": TIME_OR_NULL,
    "reason": TEXT,
    "is_stale": FLAG,
    "lag_seconds": {"type": ["number", "null"]},
    "hook": {"type": ["object", "null"]},
    "last_compare": {"type": ["object", "null"]},
    "ranges": {"type": ["object", "null"]},
}
_PROBLEM: Schema = {
    "type": {"type": "string", "format": "uri-reference"},
    "title": TEXT,
    "status": WHOLE,
    "detail": TEXT,
    "code": {"type": "string", "description": "Stable; what programs decide by."},
    "request_id": TEXT,
}

SCHEMAS: dict[str, Schema] = {
    "Session": an_object(
        _SESSION | _EXPANDED,
        required=False,
        description="A chat session as last read (`as_of`). With `fields`, only those. Properties "
        "that newer servers add come through by the same naming rule.",
    ),
    "Message": an_object(_MESSAGE, required=False) | {"required": ["id"]},
    "FoundMessage": an_object(_MESSAGE | _FOUND, required=False) | {"required": ["id", *_FOUND]},
    "Action": an_object(_ACTION, additionalProperties=False),
    "Topic": an_object(_TOPIC, additionalProperties=False),
    "Agent": an_object(_AGENT, additionalProperties=False),
    "Change": an_object(_CHANGE, additionalProperties=False),
    "Subscription": an_object(_SUBSCRIPTION, additionalProperties=False),
    "NewSubscription": an_object(
        _SUBSCRIPTION
        | {"secret": {"type": "string", "description": "For the signatures; never shown again."}},
        additionalProperties=False,
    ),
    "Delivery": an_object(
        {
            "delivered": FLAG,
            "status": WHOLE_OR_NULL,
            "error": TEXT,
            "delivery": TEXT,
            "milliseconds": WHOLE,
        },
        additionalProperties=False,
    ),
    "Mirror": an_object(_MIRROR, description="Operators see more."),
    "Operation": patch_shapes.OPERATION,
    "JSONPatch": patch_shapes.JSON_PATCH,
    "MergePatch": patch_shapes.MERGE_PATCH,
    "Problem": an_object(
        _PROBLEM
        | {
            "errors": a_list_of(an_object({"field": TEXT, "detail": TEXT})),
            "session": one_of(ref("Session")),
            "action": one_of(ref("Action")),
            "head": WHOLE,
            "epoch": TEXT,
        },
        required=False,
    )
    | {"required": list(_PROBLEM)},
    "Allowed": an_object(
        {"allow": a_list_of(TEXT), "parses": a_list_of(TEXT), "rights": a_list_of(TEXT)}
    ),
    **{
        f"{name}Page": a_page_of(name)
        for name in ("Session", "Message", "FoundMessage", "Action", "Topic", "Agent")
    },
}
