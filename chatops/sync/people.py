"""Topics, their members, associates and presence: small, and all of it optional.

Another server of the contract may know none of these calls; then what the sessions themselves
carry has to do: ingest keeps the associates that it meets.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from chatops.mirror import people
from chatops.mirror.models import ChatSession, ChatTopic
from chatops.remote import abilities
from chatops.superoffice.client import Client
from chatops.superoffice.errors import Forbidden, NotFound, OutcomeUnknown, Refused, Throttled

logger = logging.getLogger(__name__)
T = TypeVar("T")


def refresh(client: Client) -> int:
    """Read them all again; how many topics there are. Raises SuperOfficeError when it is down."""
    names = _topics(client)
    for topic_id, name in sorted(names.items()):
        _topic(client, topic_id, name)
    presence = None
    if abilities.known().presence is not False:
        presence = _optional(client.presence.all)
    if presence:
        people.store_presence([one.raw for one in presence])
    return len(names)


def _optional(call: Callable[[], T]) -> T | None:
    """What the call answers; None when this server does not have it or does not allow it."""
    try:
        return call()
    except Throttled:
        raise
    except (NotFound, Forbidden, OutcomeUnknown, Refused) as error:
        logger.info("optional call", extra={"error": type(error).__name__, "status": error.status})
        return None


def _topics(client: Client) -> dict[int, str]:
    """Every topic that anything names: id and name, the name empty where only the id is known."""
    names: dict[int, str] = dict.fromkeys(_topic_ids_here(), "")
    for item in _optional(client.lists.channels) or ():
        names[item.id] = item.name
    for topic in _optional(client.topics.for_current_user) or ():
        names[topic.id] = topic.name
    return {one: name for one, name in names.items() if one > 0}


def _topic_ids_here() -> Iterator[int]:
    """Ids of topics that sessions name, one jump in the index per topic."""
    yield from ChatTopic.objects.values_list("pk", flat=True)
    last = 0
    while True:
        above = ChatSession.objects.filter(topic_id__gt=last).order_by("topic_id")
        topic_id = above.values_list("topic_id", flat=True).first()
        if topic_id is None:
            return
        yield topic_id
        last = topic_id


def _topic(client: Client, topic_id: int, name: str) -> None:
    topic = _optional(lambda: client.topics.get(topic_id))
    if topic is not None:
        is_open = _optional(lambda: client.topics.is_open(topic_id))
        people.store_topic(topic.raw, is_open=is_open)
    elif name or not ChatTopic.objects.filter(pk=topic_id).exists():
        _store_name(topic_id, name)
    members = _optional(lambda: client.topics.members(topic_id))
    if members:
        # Nobody at all is not believed: it would take everybody's rights away over an odd answer.
        people.store_members(topic_id, [one.raw for one in members])


def _store_name(topic_id: int, name: str) -> None:
    """A topic of which only the name is told; what was known of it before is kept."""
    held = ChatTopic.objects.filter(pk=topic_id).first()
    known: dict[str, Any] = dict(held.raw) if held else {}
    people.store_topic({**known, "ChatTopicId": topic_id, "Name": name or known.get("Name", "")})
