"""Chat channels, their members, and list items (contract E.4, M.7 to M.11)."""

# ruff: noqa: RUF009 - these calls are field specifiers, made once per field on purpose

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from chatops.superoffice.entities.carrier import (
    Carrier,
    dicts,
    flag,
    mapping,
    moment,
    nested,
    number,
    text,
)
from chatops.superoffice.entities.people import Associate, TableRight
from chatops.superoffice.jsontext import JSONDict


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChatTopicEntity(Carrier):
    """A chat channel (M.7). Settings objects inside it are kept as they come (M.8 to M.10)."""

    chat_topic_id: int = number("ChatTopicId")
    name: str = text("Name")
    description: str = text("Description")
    welcome_message: str = text("WelcomeMessage")
    language: JSONDict = mapping("Language")
    last_accept: datetime | None = moment("LastAccept")
    seconds_pr_accept: int = number("SecondsPrAccept")
    alert_recipient: str = text("AlertRecipient")
    alert_template: JSONDict = mapping("AlertTemplate")
    collect_consent: bool = flag("CollectConsent")
    badge_header: str = text("BadgeHeader")
    custom_queue_text_enabled: bool = flag("CustomQueueTextEnabled")
    custom_queue_text: str = text("CustomQueueText")
    warn_new_chat_minutes: int = number("WarnNewChatMinutes")
    warn_manager_new_chat_minutes: int = number("WarnManagerNewChatMinutes")
    ticket_enabled: bool = flag("TicketEnabled")
    ticket_category: JSONDict = mapping("TicketCategory")
    ticket_priority: JSONDict = mapping("TicketPriority")
    opening_hours_enabled: bool = flag("OpeningHoursEnabled")
    opening_hours: JSONDict = mapping("OpeningHours")
    widget: JSONDict = mapping("Widget")
    bot_enabled: bool = flag("BotEnabled")
    bot_settings: JSONDict = mapping("BotSettings")
    offline_collect_consent: bool = flag("OfflineCollectConsent")
    warn_chat_message_minutes: int = number("WarnChatMessageMinutes")
    warn_manager_chat_message_minutes: int = number("WarnManagerChatMessageMinutes")
    use_queue_offline_form: bool = flag("UseQueueOfflineForm")
    offline_form_time_limit: int = number("OfflineFormTimeLimit")
    offline_form_queue_length: int = number("OfflineFormQueueLength")
    widget_enable_rating: bool = flag("WidgetEnableRating")
    widget_rating_text: str = text("WidgetRatingText")
    table_right: TableRight | None = nested("TableRight", TableRight)
    field_properties: JSONDict = mapping("FieldProperties")

    KEY: ClassVar[str] = "ChatTopicId"
    OLDER: ClassVar[frozenset[str]] = frozenset(
        {"Flags", "WarnNewChatSeconds", "WarnManagerNewChatSeconds"}
    )

    @property
    def id(self) -> int:
        """The object's own id."""
        return self.chat_topic_id


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChatTopicAgent(Carrier):
    """An agent's four roles in a channel (M.11); a manager is what we call a team lead."""

    topic_id: int = number("TopicId")
    user: Associate | None = nested("User", Associate)
    can_listen: bool = flag("CanListen")
    can_respond: bool = flag("CanRespond")
    can_manage: bool = flag("CanManage")
    can_notify: bool = flag("CanNotify")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ListItem(Carrier):
    """One item of a list (E.4). What `id` numbers depends on the list."""

    id: int = number("Id")
    name: str = text("Name")
    tool_tip: str = text("ToolTip")
    deleted: bool = flag("Deleted")
    rank: int = number("Rank")
    type: str = text("Type")
    child_items: tuple[JSONDict, ...] = dicts("ChildItems")
    icon_hint: str = text("IconHint")
    color_block: int = number("ColorBlock")
    extra_info: str = text("ExtraInfo")
    style_hint: str = text("StyleHint")
    full_name: str = text("FullName")
    table_right: TableRight | None = nested("TableRight", TableRight)
    field_properties: JSONDict = mapping("FieldProperties")

    KEY: ClassVar[str] = "Id"

    @property
    def children(self) -> tuple["ListItem", ...]:
        """The items below this one, where the list is grouped."""
        return tuple(ListItem.from_clean(item) for item in self.child_items)
