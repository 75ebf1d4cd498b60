"""What an answer holds that the contract does not know: schemas move, somebody should see."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from chatops.superoffice.entities.carrier import (
    NEVER_STORED,
    ON_EVERY_CARRIER,
    Carrier,
    plan_of,
)
from chatops.superoffice.entities.chat import ChatMessage, ChatSessionEntity
from chatops.superoffice.entities.words import (
    ChatMessageSpecialType,
    ChatMessageType,
    ChatSessionStatus,
    Word,
)


def unknown_fields(raw: Mapping[str, Any], carrier: type[Carrier] = ChatSessionEntity) -> set[str]:
    """Names of properties that `carrier` does not have; nested ones as `User/NewThing`."""
    known = NEVER_STORED | ON_EVERY_CARRIER | carrier.OLDER
    known |= {name for plan in plan_of(carrier) for name in (plan.carried, plan.older) if name}
    found = {name for name in raw if name not in known}
    for field in fields(carrier):
        inner, below = field.metadata.get("nested"), raw.get(field.metadata.get("carried", ""))
        for item in below if isinstance(below, list) else [below]:
            if inner is not None and isinstance(item, Mapping):
                names = unknown_fields(item, inner)
                found |= {f"{field.metadata['carried']}/{name}" for name in names}
    return found


def unknown_words(entity: ChatSessionEntity | ChatMessage) -> set[str]:
    """Enum values that the contract does not list, as `Status=Snoozed`."""
    pairs: list[tuple[str, str, type[Word]]]
    if isinstance(entity, ChatSessionEntity):
        pairs = [("Status", entity.status, ChatSessionStatus)]
    else:
        pairs = [
            ("Type", entity.type, ChatMessageType),
            ("SpecialType", entity.special_type, ChatMessageSpecialType),
        ]
    return {f"{name}={word}" for name, word, known in pairs if word not in set(known)}
