"""Why an action did not come about: each with a stable code, a status and a sentence to act on."""

from typing import Any, ClassVar


class ActionError(Exception):
    """An action that was not carried out. `extra` holds what helps to decide what to do next."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "The request cannot be carried out"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        status: int | None = None,
        field: str | None = None,
        retry_after: float | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problem_code = code or self.code
        self.problem_status = status or self.status
        self.field = field
        self.retry_after = retry_after
        self.extra = extra


class KeyRequired(ActionError):
    code, title = "key_required", "An Idempotency-Key is required"


class KeyReused(ActionError):
    status, code, title = 422, "key_reused", "The key was used for something else"


class Invalid(ActionError):
    status, code, title = 422, "invalid", "The content is not acceptable"


class NotFound(ActionError):
    status, code, title = 404, "not_found", "Not found"


class Forbidden(ActionError):
    status, code, title = 403, "forbidden", "Not allowed"


class IdentityRequired(ActionError):
    status, code, title = 409, "identity_required", "No SuperOffice account is linked"


class InProgress(ActionError):
    """Somebody else acts on the session; `extra["action"]` is theirs."""

    status, code, title = (
        409,
        "action_in_progress",
        "Somebody else is acting on this chat",
    )


class StateConflict(ActionError):
    """The chat is not in a state for this; `extra["session_id"]` names it, freshly read."""

    status, code, title = 409, "state_conflict", "The chat has changed"


class VersionOld(ActionError):
    status, code, title = 412, "version_old", "The chat has changed since you saw it"


class Refused(ActionError):
    """SuperOffice said no: certainly not applied."""

    status, code, title = 422, "refused", "SuperOffice refused"


class Unavailable(ActionError):
    status, code, title = 503, "remote_unavailable", "SuperOffice cannot be reached"
