"""Looks at the mirror again and again while it is at work: nothing may ever go back."""

import re
import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection

from chatops.mirror.models import ChatSession, Head, SessionReading


class Seen(NamedTuple):
    """What only grows, of one session: the numbers of changes it shows, and of its readings."""

    email: int
    version: int
    reading: int
    last_message: int
    ended: int
    gone: int


@dataclass
class Sampler:
    """Samples on a thread of its own; `contradictions` are sentences."""

    contradictions: list[str] = field(default_factory=list)
    samples: int = 0
    _seen: dict[int, Seen] = field(default_factory=dict)
    _head: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, after the look that is under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(0.5):
                self._look()
        except Exception as error:  # the verdict tells it; a thread's end would be silent
            self.contradictions.append(f"the sampler broke: {error!r}")
        finally:
            connection.close()

    def _look(self) -> None:
        self.samples += 1
        head = Head.objects.get(pk=1).last
        if head < self._head:
            self.contradictions.append(f"the feed went from {self._head} back to {head}")
        self._head = head
        for pk, now in seen().items():
            before = self._seen.get(pk)
            if before is not None:
                self.contradictions += [
                    f"session {pk}: {name} went from {was} back to {is_}"
                    for name, was, is_ in zip(Seen._fields, before, now, strict=True)
                    if is_ < was
                ]
            self._seen[pk] = now


def seen() -> dict[int, Seen]:
    """Every session as it is now."""
    readings = {
        pk: (reading, last)
        for pk, reading, last in SessionReading.objects.values_list(
            "session_id", "reading", "last_message_id"
        )
    }
    columns = ("pk", "customer_email", "version", "is_open", "gone_at")
    return {
        pk: Seen(
            _number(email),
            version,
            *readings.get(pk, (0, 0)),
            ended=0 if is_open else 1,
            gone=0 if gone_at is None else 1,
        )
        for pk, email, version, is_open, gone_at in ChatSession.objects.values_list(*columns)
    }


def _number(email: str) -> int:
    found = re.match(r"(\d+)@", email)
    return int(found[1]) if found else 0
