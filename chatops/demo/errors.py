"""Answers that are not a success, raised where the rule is broken (contract J)."""


class Answer(Exception):
    """An HTTP answer with the error object of J.1 as its body."""

    def __init__(self, status: int, kind: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.headers = status, kind, message, headers


def not_found(what: str, key: object) -> Answer:
    """404 in the words of J.1's example."""
    return Answer(404, "SoNotFoundException", f"{what} id {key} not found")


def malformed(message: str) -> Answer:
    """400: the caller's bug."""
    return Answer(400, "ArgumentException", message)


def forbidden(message: str) -> Answer:
    """403: signed in, but not allowed."""
    return Answer(403, "SoSecurityException", message)
