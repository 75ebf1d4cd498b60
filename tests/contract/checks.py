"""What schemathesis loads: two of its checks, less what it cannot know of here."""

from typing import Any

import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance, use_after_free

SESSION = "/api/v1/sessions/{session_id}/"
#: Well formed and still refused, for what is held at that moment: by the answer's code.
BY_CODE = {
    "version_old": "`If-Match` names a version that is not held now: 412 is what it is for.",
    "cursor_gone": "The place in the feed is of another epoch, or too old: 410.",
    "key_reused": "The same key came before with another content; generated keys repeat.",
}
#: The same by the field that is told.
BY_FIELD = {
    "cursor": "A cursor names a row of one list in one order.",
    "to": "Whether there is such a colleague is in the mirror, not in the schema.",
    "topic": "The same of a topic.",
    "url": "Which hosts may be delivered to is the operator's setting.",
    "after": "Which numbers of the feed are kept moves on.",
    "user": "`me` is nobody to somebody without a linked account.",
    "transfer_to": "The same.",
    "ordering": "With `search`, only by id.",
    "message": "A text of blanks alone says nothing.",
}


@schemathesis.check
def valid_data_is_accepted(context: Any, response: Any, case: Any) -> bool | None:
    """As `positive_data_acceptance`, except for the reasons above."""
    if response.status_code in {410, 412, 422}:
        problem = response.json()
        fields = {one["field"] for one in problem.get("errors", ())}
        if problem["code"] in BY_CODE or fields & BY_FIELD.keys():
            return None
    found: bool | None = positive_data_acceptance(context, response, case)
    return found


@schemathesis.check
def what_is_deleted_is_gone(context: Any, response: Any, case: Any) -> bool | None:
    """As `use_after_free`; but a session deleted at SuperOffice stays here with its transcript, and
    says when it went."""
    path: str = case.operation.path
    if path.startswith(SESSION) and response.status_code == 200:
        held = response.json() if path == SESSION else {}
        if held.get("gone_at", True):
            return None
    found: bool | None = use_after_free(context, response, case)
    return found
