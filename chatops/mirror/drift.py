"""Fields and enum values that the contract does not know: kept, counted, listed; never a crash."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F
from django.utils import timezone

from chatops.mirror.models import Drift
from chatops.superoffice import entities
from chatops.superoffice.entities.carrier import ON_EVERY_CARRIER, plan_of

JSONDict = Mapping[str, Any]
Seen = Counter[tuple[str, str]]


def _fields(carrier: type[entities.Carrier]) -> frozenset[str]:
    return frozenset(plan.carried for plan in plan_of(carrier)) | ON_EVERY_CARRIER


SESSION_FIELDS = _fields(entities.ChatSessionEntity)
MESSAGE_FIELDS = _fields(entities.ChatMessage)
SESSION_STATUSES = frozenset(map(str, entities.ChatSessionStatus))
MESSAGE_TYPES = frozenset(map(str, entities.ChatMessageType))
SPECIAL_TYPES = frozenset(map(str, entities.ChatMessageSpecialType))


def note_sessions(carriers: Iterable[JSONDict]) -> None:
    """Count what is unknown in ChatSessionEntity carriers."""
    seen: Seen = Counter()
    for raw in carriers:
        if unknown := raw.keys() - SESSION_FIELDS:
            seen.update(("session field", name) for name in unknown)
        _enum(seen, "session status", raw.get("Status"), SESSION_STATUSES)
    _count(seen)


def note_messages(carriers: Iterable[JSONDict]) -> None:
    """Count what is unknown in ChatMessage carriers."""
    seen: Seen = Counter()
    for raw in carriers:
        if unknown := raw.keys() - MESSAGE_FIELDS:
            seen.update(("message field", name) for name in unknown)
        _enum(seen, "message type", raw.get("Type"), MESSAGE_TYPES)
        _enum(seen, "special type", raw.get("SpecialType"), SPECIAL_TYPES)
    _count(seen)


def _enum(seen: Seen, kind: str, value: object, known: frozenset[str]) -> None:
    if isinstance(value, str):
        if value not in known:
            seen[kind, value] += 1
    elif value is not None and not isinstance(value, int):  # a word's number is known
        seen[kind, f"({type(value).__name__})"] += 1


#: Different names that are kept of one kind; an answer can make up as many as it likes.
MOST_NAMES = 200
OTHERS = "(others)"


def _count(seen: Seen) -> None:
    if not seen:
        return
    now = timezone.now()
    known = set(Drift.objects.values_list("kind", "name"))
    room = {kind: MOST_NAMES - sum(one == kind for one, _ in known) for kind, _ in seen}
    counts: Seen = Counter()
    for (kind, full), count in seen.items():
        name = full[:255]
        if (kind, name) not in known and (kind, name) not in counts:
            if room[kind] <= 0:
                name = OTHERS
            room[kind] -= 1
        counts[kind, name] += count
    # In one order, so that two writers cannot wait for each other.
    for (kind, name), count in sorted(counts.items()):
        row, created = Drift.objects.get_or_create(kind=kind, name=name, defaults={"count": count})
        if not created:
            Drift.objects.filter(pk=row.pk).update(count=F("count") + count, last_seen_at=now)
