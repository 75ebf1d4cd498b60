"""Each operation as it stands in the OpenAPI document: a decorator for its method."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)

from chatops.actions.models import State, Verb
from chatops.api import shapes
from chatops.api.examples import (
    ACTION_DONE,
    ACTION_UNKNOWN,
    JSON_PATCH,
    MERGE_PATCH,
    MESSAGE,
    SESSION,
)
from chatops.api.parameters import (
    COMMA_IDS,
    COMMA_PEOPLE,
    COMMA_WORDS,
    CURSOR,
    ID,
    KEY,
    SOUGHT,
    WHEN,
    WHOM,
    WORDS,
)
from chatops.api.shapes import ref

Method = TypeVar("Method", bound=Callable[..., Any])
Schema = dict[str, Any]


class Decorator(Protocol):
    """Leaves the method's type as it is."""

    def __call__(self, method: Method, /) -> Method: ...


#: The hook in schema.py turns these into responses and headers of the operation.
PROBLEMS, HEADERS = "x-problems", "x-answer-headers"
ANYBODY = (400, 401, 403, 406, 422, 429, 500)
WITH_BODY = (*ANYBODY, 408, 413, 415)
CHANGING = (*WITH_BODY, 404, 409, 412, 503)


def words_of(*known: str) -> Schema:
    """A comma list of known words."""
    either = "|".join(known)
    return {"type": "string", "pattern": f"^({either})(,({either}))*$"}


def asks(name: str, schema: Schema, description: str) -> OpenApiParameter:
    """A query parameter."""
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)


def sends(
    name: str, description: str, *, required: bool = False, schema: Schema = shapes.TEXT
) -> OpenApiParameter:
    """A request header."""
    return OpenApiParameter(
        name, schema, OpenApiParameter.HEADER, required=required, description=description
    )


PAGING = (
    asks("cursor", CURSOR, "Where the page begins: take `next` or `previous` as they are."),
    asks("page_size", {"type": "integer", "minimum": 1, "maximum": 500}, "Rows of a page."),
)
HELD = sends("If-None-Match", "An ETag that is held: 304 when it is still the one.")
WISH = (
    sends(
        "Idempotency-Key",
        "Any text of up to 255 characters, new for each wish. The same key gives the same action.",
        required=True,
        schema=KEY,
    ),
    sends("If-Match", "The session's ETag the wish is based on: another one now is 412."),
)


def operation(
    name: str,
    summary: str,
    *parameters: OpenApiParameter,
    scope: str,
    answer: Schema | None = None,
    status: int = 200,
    body: Mapping[str, Any] | None = None,
    problems: tuple[int, ...] = ANYBODY,
    headers: Mapping[int, tuple[str, ...]] | None = None,
    examples: tuple[OpenApiExample, ...] = (),
    description: str = "",
    more: Mapping[Any, Any] | None = None,
) -> Decorator:
    """Describe an operation; `problems` are the statuses it may be refused with."""
    responses: dict[Any, Any] = dict(more or {})
    if answer is not None:
        responses[status] = OpenApiResponse(answer, summary)
    decorate: Decorator = extend_schema(
        operation_id=name,
        summary=summary,
        description=f"{description}\n\nScope: `{scope}`.".strip(),
        parameters=list(parameters),
        request=body,
        responses=responses,
        examples=list(examples),
        extensions={PROBLEMS: list(problems), HEADERS: dict(headers or {})},
    )
    return decorate


def listing(
    name: str, summary: str, item: str, *parameters: OpenApiParameter, **more: Any
) -> Decorator:
    """A list in pages, with an ETag."""
    return operation(
        name,
        summary,
        *parameters,
        *PAGING,
        HELD,
        answer=ref(f"{item}Page"),
        headers={200: ("ETag",), 304: ("ETag",)},
        **more,
    )


def change(name: str, summary: str, *, scope: str, body: Any = None, **more: Any) -> Decorator:
    """A change request, answered with the action."""
    settled = OpenApiResponse(ref("Action"), "Settled: `done` or `no_effect`.")
    waiting = OpenApiResponse(
        ref("Action"),
        "Not yet known: SuperOffice did not confirm. It is found out by reading; follow "
        "`Location`, and do not send it again under another key.",
    )
    examples = (
        OpenApiExample("Done", ACTION_DONE, response_only=True, status_codes=["200"]),
        OpenApiExample("Not confirmed", ACTION_UNKNOWN, response_only=True, status_codes=["202"]),
    )
    return operation(
        name,
        summary,
        *WISH,
        scope=scope,
        body=body,
        problems=CHANGING,
        headers={200: ("Idempotency-Replayed",), 202: ("Location", "Idempotency-Replayed")},
        more={200: settled, 202: waiting},
        examples=(*more.pop("examples", ()), *examples),
        **more,
    )


def json_body(schema: Schema) -> dict[str, Schema]:
    """A body of `application/json`."""
    return {"application/json": schema}


FILTERS = (
    asks("status", COMMA_WORDS, "SuperOffice's words, e.g. `InQueue,CustomerLast`."),
    asks("open", shapes.FLAG, "Whether the chat goes on."),
    asks("gone", shapes.FLAG, "Whether SuperOffice no longer has it."),
    asks("topic", COMMA_IDS, "Topic ids."),
    asks("user", COMMA_PEOPLE, "Associate ids, or `me`: who has the chat."),
    asks("transfer_to", COMMA_PEOPLE, "Associate ids, or `me`: to whom it is offered."),
    asks("person", ID, "The linked person's id."),
    asks("contact", ID, "The linked company's id."),
    asks("rating", {"type": "integer", "minimum": 0, "maximum": 5}, "The customer's stars."),
    asks("requested_after", WHEN, "This moment or later."),
    asks("requested_before", WHEN, "Earlier than this."),
    asks("ended_after", WHEN, "This moment or later."),
    asks("ended_before", WHEN, "Earlier than this."),
    asks("search", SOUGHT, f"In names and, as your rights allow, addresses and texts. {WORDS}"),
)
FIELDS = asks("fields", words_of(*shapes.SESSION_FIELDS), "Only these properties.")
sessions_list = listing(
    "sessions_list",
    "Sessions, in pages",
    "Session",
    *FILTERS,
    asks(
        "ordering",
        {
            "type": "string",
            "enum": ["id", "-id", "requested_at", "-requested_at", "ended_at", "-ended_at"],
        },
        "An indexed column; sessions without a value come last. Without it, newest first: by the "
        "time that the filters bound (`-requested_at`, else `-ended_at`), otherwise `-id`.",
    ),
    FIELDS,
    asks("expand", words_of("carrier"), "More about each session."),
    scope="read",
    description="Pages are stable under writes. With `search`, each page looks through a part of "
    "the text index: it may hold few or none and still have a `next`. The index follows within "
    "seconds.",
)
session_create = change(
    "session_create",
    "Start a chat in a topic",
    scope="act",
    body=json_body(shapes.an_object({"topic": ID | {"minimum": 1}}, additionalProperties=False)),
    examples=(OpenApiExample("In a topic", {"topic": 7}, request_only=True),),
    description="For programs that bring customers from elsewhere. SuperOffice takes nothing but "
    "the topic: set the customer's name and address by editing the session that the answer names. "
    "`session_id` is 0 while it is not known which session was made; one chat at a time is "
    "started in a topic.",
)
sessions_export = operation(
    "sessions_export",
    "Sessions as a file",
    asks(
        "as",
        {"type": "string", "enum": ["csv", "jsonl"], "default": "csv"},
        "For spreadsheets, or a session a line as the list gives it, with `tags`, `notes` and "
        "`reviews`.",
    ),
    *FILTERS,
    scope="export",
    more={(200, "text/csv"): shapes.TEXT, (200, "application/jsonl"): shapes.TEXT},
    description="Every session that the filters leave, newest first, streamed; an answer that is "
    "cut is one that does not end. Texts need `transcripts`, addresses unmasked `personal`. Each "
    "export leaves a line in the trail.",
)
session_get = operation(
    "session_get",
    "A session",
    FIELDS,
    asks("expand", words_of("carrier", "messages"), "More about the session."),
    HELD,
    scope="read",
    answer=ref("Session"),
    problems=(*ANYBODY, 404),
    headers={200: ("ETag",), 304: ("ETag",)},
    examples=(OpenApiExample("A session", SESSION, response_only=True, status_codes=["200"]),),
)
session_patch = change(
    "session_patch",
    "Edit a session",
    scope="patch",
    body={
        "application/merge-patch+json": ref("MergePatch"),
        "application/json-patch+json": ref("JSONPatch"),
        "application/json": {"anyOf": [ref("MergePatch"), ref("JSONPatch")]},
    },
    examples=(
        OpenApiExample(
            "Merge patch",
            MERGE_PATCH,
            request_only=True,
            media_type="application/merge-patch+json",
        ),
        OpenApiExample(
            "JSON patch", JSON_PATCH, request_only=True, media_type="application/json-patch+json"
        ),
    ),
    description="Sent guarded by the values it is based on. Paths ignore case, underscores and a "
    "leading slash. A field that SuperOffice did not take is told.",
)
session_refresh = operation(
    "session_refresh",
    "Read a session again now",
    scope="read",
    answer=ref("Session"),
    problems=(*WITH_BODY, 404, 409, 503),
    headers={200: ("ETag",)},
)
session_transcript = operation(
    "session_transcript",
    "What was said, as text or as a page",
    asks("as", {"type": "string", "enum": ["text", "html"], "default": "text"}, "The form."),
    scope="transcripts",
    problems=(*ANYBODY, 404),
    more={(200, "text/plain"): shapes.TEXT, (200, "text/html"): shapes.TEXT},
)
messages_list = listing(
    "messages_list",
    "Messages of a session, oldest first",
    "Message",
    asks("after", ID, "Only messages with a higher id."),
    scope="transcripts",
    problems=(*ANYBODY, 404),
)
message_send = change(
    "message_send",
    "Send a message to the customer",
    scope="send",
    body=json_body(
        shapes.an_object({"message": shapes.GIVEN | {"minLength": 1}}, additionalProperties=False)
    ),
    examples=(OpenApiExample("A message", MESSAGE, request_only=True),),
    description="Plain text, shown as typed; line breaks stay. Sent in your own name.",
)
messages_search = listing(
    "messages_search",
    "What was ever said, newest first",
    "FoundMessage",
    asks("search", SOUGHT, WORDS),
    asks("session", ID, "In one session."),
    asks("after", WHEN, "Posted at this moment or later."),
    asks("before", WHEN, "Posted earlier than this."),
    scope="transcripts",
    description="With `search`, the newest session first and in it the newest message first. Each "
    "page looks through a part of the text index: it may hold few or none and still have a `next`. "
    "The index follows within seconds.",
)
accept_transfer = change("accept_transfer", "Take over a chat that is offered to you", scope="act")
reject_transfer = change("reject_transfer", "Decline a chat that is offered to you", scope="act")
pick_up = change("pick_up", "Take a waiting chat", scope="act")
reset = change("reset", "Put a chat back on the queue", scope="reset")
session_delete = change(
    "session_delete",
    "Delete a session at SuperOffice, for good",
    scope="reset",
    description="Only with ALLOW_DELETE set. The mirror keeps the transcript.",
)
end = change("end", "End a chat", scope="send", description="Only with ALLOW_END_CHAT set.")
transfer = change(
    "transfer",
    "Offer a chat to a colleague",
    scope="act",
    body=json_body(
        shapes.an_object(
            {"to": WHOM},
            additionalProperties=False,
        )
    ),
    examples=(OpenApiExample("By user name", {"to": "ola"}, request_only=True),),
)
pick_up_next = change(
    "pick_up_next",
    "Take the chat that has waited longest",
    scope="act",
    body=json_body(
        shapes.an_object({"topic": ID | {"minimum": 1}}, required=False, additionalProperties=False)
    ),
    examples=(OpenApiExample("In one topic", {"topic": 7}, request_only=True),),
)
actions_list = operation(
    "actions_list",
    "What was asked for and what became of it, newest first",
    asks("state", words_of(*State.values), "States."),
    asks("verb", words_of(*Verb.values), "Verbs."),
    asks("session", ID, "On one session."),
    *PAGING,
    scope="read",
    answer=ref("ActionPage"),
)
action_get = operation(
    "action_get",
    "An action",
    scope="read",
    answer=ref("Action"),
    problems=(*ANYBODY, 404),
)
action_close = operation(
    "action_close",
    "Close an action that needs a person",
    scope="act",
    answer=ref("Action"),
    problems=(*WITH_BODY, 404, 409),
    body=json_body(
        shapes.an_object(
            {"verdict": {"type": "string", "enum": ["happened", "did_not_happen"]}, "note": {}}
            | {"note": shapes.GIVEN},
            required=False,
            additionalProperties=False,
        )
        | {"required": ["verdict"]}
    ),
)
action_second_attempt = change(
    "action_second_attempt",
    "Send the same once more, as a new action",
    scope="act",
    body=json_body(
        shapes.an_object({"may_happen_twice": {"const": True}}, additionalProperties=False)
    ),
    description="The first attempt may still take effect; then the customer sees it twice.",
)
topics_list = listing("topics_list", "Topics", "Topic", scope="read")
agents_list = listing("agents_list", "SuperOffice's users and their topics", "Agent", scope="read")
changes_list = operation(
    "changes_list",
    "The change feed after a number",
    asks(
        "after",
        {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
        "The last number you saw. Without it you get the present end, to begin with.",
    ),
    asks("limit", {"type": "integer", "minimum": 1, "maximum": 1000}, "Changes at once."),
    asks(
        "epoch",
        {"type": "string", "pattern": "^[!-~]{1,32}$"},
        "The epoch that `after` belongs to.",
    ),
    scope="feed",
    answer=shapes.an_object(
        {
            "results": shapes.a_list_of(ref("Change")),
            "last": shapes.WHOLE,
            "head": shapes.WHOLE,
            "epoch": shapes.TEXT,
        }
    ),
    problems=(*ANYBODY, 410),
    description="For an exact copy: note `head` and `epoch`, read everything, then follow from "
    "`head`. `last` is where to go on from after a page. 410 means that the place is gone: begin "
    "again from the `head` and `epoch` it tells.",
)
mirror_get = operation(
    "mirror_get",
    "How fresh and how complete the mirror is",
    scope="read",
    answer=ref("Mirror"),
)
