"""SIGTERM and Ctrl-C as a flag: a command finishes its step, says where it is, and ends."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: What a shell shows for a command that was interrupted.
INTERRUPTED = 130


@contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """An event that is set by SIGTERM or SIGINT; the second signal acts as it always does."""
    asked = threading.Event()
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}

    def note(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.signal(number, before[signal.Signals(number)])

    for one in before:
        signal.signal(one, note)
    try:
        yield asked
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
