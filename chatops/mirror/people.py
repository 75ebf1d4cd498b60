"""Topics, their members, associates and presence. Part of ingest: small tables, refreshed whole."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from chatops.mirror import bulk, feed
from chatops.mirror.bodies import is_id
from chatops.mirror.jsontext import dumps
from chatops.mirror.models import Associate, Change, ChatTopic, TopicMember
from chatops.mirror.moments import stored_time
from chatops.mirror.rendering import names_somebody
from chatops.superoffice.entities.carrier import read_bool, read_int, read_text

JSONDict = Mapping[str, Any]


def in_session(raw: JSONDict) -> list[Any]:
    """The Associate carriers (contract, M.1) of whom a session names: `User` and `TransferTo`."""
    links = (raw.get(name) for name in ("User", "TransferTo"))
    return [link for link in links if link and names_somebody(link, "AssociateId")]


def store_colleagues(carriers: Iterable[JSONDict], *, read_at: datetime) -> None:
    """The same as rows, within the caller's transaction; of each the last."""
    _store_associates({int(raw["AssociateId"]): raw for raw in carriers}, read_at=read_at)


def store_associates(carriers: Iterable[JSONDict], *, read_at: datetime | None = None) -> None:
    """Associate carriers (contract, M.1) as rows; what did not change is not written."""
    found = {int(raw["AssociateId"]): raw for raw in carriers if names_somebody(raw, "AssociateId")}
    with transaction.atomic():
        _store_associates(found, read_at=read_at or timezone.now())


_KEPT = (
    "AssociateId",
    "EjUserId",
    "Name",
    "FullName",
    "UserName",
    "Type",
    "Deleted",
    "PersonId",
)


_ASSOCIATE = (
    *("id", "ej_user_id", "name", "full_name", "user_name", "type", "deleted"),
    *("raw", "read_at"),
)


def _store_associates(found: Mapping[int, JSONDict], *, read_at: datetime) -> None:
    if not found:
        return
    held = _held(found)
    news: list[feed.News] = []
    write: list[bulk.Row] = []
    for one, carrier in sorted(found.items()):
        raw = {name: carrier[name] for name in _KEPT if carrier.get(name) is not None}
        if held.get(one) == raw:
            continue
        write.append(
            (
                one,
                read_int(carrier.get("EjUserId")) or None,
                read_text(carrier.get("Name"))[:254],
                read_text(carrier.get("FullName"))[:254],
                read_text(carrier.get("UserName"))[:254],
                read_text(carrier.get("Type"))[:32],
                read_bool(carrier.get("Deleted")),
                dumps(raw),
                stored_time(read_at),
            )
        )
        news.append(feed.News(Change.Kind.AGENT, one))
    bulk.upsert(Associate, _ASSOCIATE, write)
    feed.append(news, at=read_at)


def _held(ids: Collection[int]) -> dict[int, JSONDict]:
    """What is kept of associates. Asked with each session that is stored, so in plain SQL."""
    where, parameter = bulk.among("id", ids)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, raw FROM mirror_associate WHERE {where}", [parameter])  # noqa: S608 ours
        return {one: json.loads(raw) for one, raw in cursor.fetchall()}


_TOPIC: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "name": ("Name", lambda value: read_text(value)[:255]),
    "description": ("Description", lambda value: read_text(value)[:255]),
    "bot_enabled": ("BotEnabled", read_bool),
    "opening_hours_enabled": ("OpeningHoursEnabled", read_bool),
    "warn_new_chat_minutes": ("WarnNewChatMinutes", read_int),
    "warn_manager_new_chat_minutes": ("WarnManagerNewChatMinutes", read_int),
    "warn_chat_message_minutes": ("WarnChatMessageMinutes", read_int),
    "warn_manager_chat_message_minutes": ("WarnManagerChatMessageMinutes", read_int),
}


def store_topic(raw: JSONDict, *, is_open: bool | None = None) -> bool:
    """A ChatTopicEntity carrier (contract, M.7), or the id and name of a list item; changed?

    `is_open` None: not asked, or not told; what was known stays.
    """
    one = read_int(raw.get("ChatTopicId"))
    if one <= 0:
        return False
    fields = {ours: read(raw.get(theirs)) for ours, (theirs, read) in _TOPIC.items()}
    fields["raw"] = {
        name: value for name, value in raw.items() if isinstance(value, str | int | None)
    }
    if is_open is not None:
        fields["is_open"] = is_open
    now = timezone.now()
    with transaction.atomic():
        held = ChatTopic.objects.filter(pk=one).first()
        if held and all(getattr(held, name) == value for name, value in fields.items()):
            ChatTopic.objects.filter(pk=one).update(read_at=now)
            return False
        ChatTopic.objects.update_or_create(pk=one, defaults={**fields, "read_at": now})
        feed.append([feed.News(Change.Kind.TOPIC, one)], at=now)
    return True


def store_members(topic_id: int, carriers: Sequence[JSONDict]) -> bool:
    """Replace a topic's members by these ChatTopicAgent carriers (contract, M.11); changed?"""
    roles = ("CanRespond", "CanNotify", "CanListen", "CanManage")
    wanted = {
        int(raw["User"]["AssociateId"]): tuple(read_bool(raw.get(role)) for role in roles)
        for raw in carriers
        if names_somebody(raw.get("User"), "AssociateId")
    }
    store_associates(raw["User"] for raw in carriers if raw.get("User"))
    with transaction.atomic():
        held = {
            row.associate_id: (
                row.can_respond,
                row.can_notify,
                row.can_listen,
                row.can_manage,
            )
            for row in TopicMember.objects.select_for_update().filter(topic_id=topic_id)
        }
        if held == wanted:
            return False
        TopicMember.objects.filter(topic_id=topic_id).delete()
        TopicMember.objects.bulk_create(
            TopicMember(
                topic_id=topic_id,
                associate_id=one,
                can_respond=respond,
                can_notify=notify,
                can_listen=listen,
                can_manage=manage,
            )
            for one, (respond, notify, listen, manage) in wanted.items()
        )
        feed.append([feed.News(Change.Kind.TOPIC, topic_id)])
    return True


def store_presence(carriers: Iterable[JSONDict]) -> int:
    """ChatPresence carriers (contract, M.12), matched by ejuser id; how many associates changed."""
    found = {raw["UserId"]: raw for raw in carriers if is_id(raw.get("UserId"))}
    news = []
    with transaction.atomic():
        rows = Associate.objects.filter(ej_user_id__in=list(found)).order_by("pk")
        for row in rows.select_for_update():
            raw = found[row.ej_user_id or 0]
            now = (read_bool(raw.get("Present")), read_int(raw.get("OngoingChats")))
            if (row.present, row.ongoing_chats) != now:
                row.present, row.ongoing_chats = now
                row.save(update_fields=["present", "ongoing_chats"])
                news.append(feed.News(Change.Kind.AGENT, row.pk))
        feed.append(news)
    return len(news)
