"""What ends a round besides SuperOffice's own errors."""


class OddAnswer(Exception):
    """SuperOffice answered, but not with what can be true; nothing was concluded from it."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        #: A sentence for an operator.
        self.detail = detail


class Stopped(Exception):
    """The caller wanted it to end; the next run goes on from here."""
