"""The error tree, ordered by what the caller may do next.

`NotSent`: send it again, nothing happened. `OutcomeUnknown`: read, do not repeat. `Refused`:
SuperOffice said no, nothing happened, and the same request would be refused again.
`detail` is a sentence for an operator: it may quote SuperOffice's own error text, never a secret.
"""

from typing import ClassVar


class SuperOfficeError(Exception):
    """A call to SuperOffice did not end with an answer we can use."""

    def __init__(
        self, detail: str = "", *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        #: The HTTP status, where an answer came.
        self.status = status
        #: Seconds that SuperOffice (or our own gate) asks us to wait before the next request.
        self.retry_after = retry_after

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.detail!r})"


class NotSent(SuperOfficeError):
    """The request never left. Sending it again is safe."""

    #: Whether the same request may go through a moment later without anybody doing anything.
    passing: ClassVar[bool] = True


class Unreachable(NotSent):
    """No connection: the name is unknown, or connect, proxy or TLS were refused."""


class DeadlinePassed(NotSent):
    """No time was left before sending."""

    passing = False


class HostNotAllowed(NotSent):
    """The address is not https, or not a host that may be called."""

    passing = False


class CredentialsMissing(NotSent):
    """There is nothing to sign the request with: somebody has to link the account again."""

    passing = False


class OutcomeUnknown(SuperOfficeError):
    """No answer, a 5xx, or an unreadable one: perhaps applied. Read, do not repeat."""


class AnswerLost(OutcomeUnknown):
    """Sent, and then a time-out, a reset, or our deadline."""


class ServerFailed(OutcomeUnknown):
    """A 5xx. Contract J.2: some validation errors come as 500 too; nothing can be concluded."""


class UnreadableAnswer(OutcomeUnknown):
    """A 2xx that is not the JSON we asked for: a page, a cut body, one over the size cap."""

    def __init__(
        self, detail: str = "", *, status: int | None = None, too_large: bool = False
    ) -> None:
        super().__init__(detail, status=status)
        #: Over the size cap: the next answer to the same question would be too.
        self.too_large = too_large


class Refused(SuperOfficeError):
    """SuperOffice said no (3xx or 4xx): certainly not applied. `status` and `detail` say why."""

    status: int

    def __init__(
        self,
        detail: str = "",
        *,
        status: int,
        error_type: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail, status=status, retry_after=retry_after)
        #: `ErrorType` of the answer (contract J.1), e.g. `SoNotFoundException`.
        self.error_type = error_type


class Unauthorized(Refused):
    """401: sign in again."""


class Forbidden(Refused):
    """403: not allowed. One vendor page gives it for an expired token too (contract B.1)."""


class NotFound(Refused):
    """404: normal for a session we hold, because sessions disappear (contract, fact 7)."""


class Conflict(Refused):
    """409: a `test` operation of a PATCH did not match (contract F.2)."""


class Stale(Refused):
    """412: changed since the date in `If-Unmodified-Since`."""


class Misdirected(Refused):
    """421: this host no longer serves the tenant; ask for the tenant state (contract A.1)."""


class Throttled(Refused):
    """429: too many requests; `retry_after` says how long to be quiet, if SuperOffice did."""


BY_STATUS: dict[int, type[Refused]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Stale,
    421: Misdirected,
    429: Throttled,
}


def refusal(
    detail: str,
    *,
    status: int,
    error_type: str | None = None,
    retry_after: float | None = None,
) -> Refused:
    """The class of `Refused` that belongs to a 3xx or 4xx."""
    kind = BY_STATUS.get(status, Refused)
    return kind(detail, status=status, error_type=error_type, retry_after=retry_after)
