"""Examples in the OpenAPI document; a test holds each against its schema."""

from typing import Any

SESSION: dict[str, Any] = {
    "id": 48213,
    "topic_id": 7,
    "user": {"associate_id": 17, "full_name": "Mia Agent"},
    "person": None,
    "customer_name": "Ola Testmann",
    "customer_email": "ola@example.net",
    "customer_phone": None,
    "customer_company_name": None,
    "status": "CustomerLast",
    "first_message": "Hello",
    "last_message": "Are you there?",
    "requested_at": "2026-03-02T09:14:02Z",
    "started_at": "2026-03-02T09:15:27.123456Z",
    "ended_at": None,
    "transfer_to": None,
    "rating": 0,
    "as_of": "2026-03-02T09:15:30.5Z",
    "gone_at": None,
    "version": 1042,
}
ACTION_DONE: dict[str, Any] = {
    "id": 311,
    "verb": "accept_transfer",
    "state": "done",
    "session_id": 48213,
    "requested_by": "mia",
    "created_at": "2026-03-02T09:15:27Z",
    "settled_at": "2026-03-02T09:15:27.4Z",
    "code": "",
    "detail": "The chat is yours.",
    "session": SESSION,
    "message": None,
    "second_of": None,
    "evidence": {
        "asked": {},
        "sent_at": "2026-03-02T09:15:27.1Z",
        "answered_at": "2026-03-02T09:15:27.4Z",
        "answer": {"status": 200, "error": None, "ms": 212},
        "proof": {"status": "CustomerLast", "user": 17, "transfer_to": None},
    },
}
ACTION_UNKNOWN: dict[str, Any] = ACTION_DONE | {
    "state": "unknown",
    "settled_at": None,
    "code": "unknown",
    "detail": "SuperOffice has not confirmed it yet. It is being checked: do not repeat it.",
    "evidence": ACTION_DONE["evidence"]
    | {"answered_at": None, "answer": {"status": None, "error": "AnswerLost", "ms": 20000}}
    | {"proof": {}},
}
MESSAGE: dict[str, Any] = {"message": "Hello! How can I help?"}
MERGE_PATCH: dict[str, Any] = {"customer_email": "ola.testmann@example.net"}
JSON_PATCH: list[dict[str, Any]] = [
    {"op": "test", "path": "/customer_email", "value": "ola@example.net"},
    {"op": "replace", "path": "/customer_email", "value": "ola.testmann@example.net"},
]
PROBLEM: dict[str, Any] = {
    "type": "about:blank",
    "title": "The chat has changed since you saw it",
    "status": 412,
    "detail": "The chat has changed since you saw it. Look at it as it is now, then decide.",
    "code": "version_old",
    "request_id": "6f1d0c2f5f0e4a3c9a7b1f2d3e4c5b6a",
}
