"""What was read from SuperOffice, to look at: topics, associates, memberships, linked accounts."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from chatops.console.admin.operators import ReadOnly
from chatops.console.admin.times import when
from chatops.mirror.models import Associate, ChatTopic, TopicMember
from chatops.remote.models import Agent


@admin.register(ChatTopic)
class ChatTopicAdmin(ReadOnly):
    heading = _("Topics")
    empty = _(
        "Topics are read from SuperOffice. See on the page of the mirror whether it can be reached."
    )
    list_display = ("name", "id", "description", "bot_enabled", "is_open", when("read_at", "read"))
    search_fields = ("name",)
    ordering = ("name",)
    exclude = ("raw",)


@admin.register(Associate)
class AssociateAdmin(ReadOnly):
    heading = _("Associates")
    empty = _(
        "Users are read from SuperOffice. See on the page of the mirror whether it can be reached."
    )
    list_display = ("full_name", "id", "name", "type", "present", "ongoing_chats", "deleted")
    search_fields = ("full_name", "name", "user_name")
    ordering = ("full_name",)
    exclude = ("raw",)


@admin.register(TopicMember)
class TopicMemberAdmin(ReadOnly):
    heading = _("Memberships")
    empty = _("Memberships are read from SuperOffice with its topics.")
    list_display = (
        "associate_id",
        "topic_id",
        "can_respond",
        "can_notify",
        "can_listen",
        "can_manage",
    )
    ordering = ("topic_id", "associate_id")


@admin.register(Agent)
class AgentAdmin(ReadOnly):
    """Who acts as whom. The credentials themselves are shown to nobody."""

    heading = _("Linked accounts")
    empty = _("Nobody has linked a SuperOffice account yet. People do so under My account.")
    list_display = (
        "user",
        "full_name",
        "associate_id",
        "login",
        "scheme",
        when("linked_at", "linked"),
    )
    fields: ClassVar = (
        "user",
        "full_name",
        "associate_id",
        "ej_user_id",
        "login",
        "scheme",
        "linked_at",
    )
    readonly_fields = ("scheme",)
    list_select_related = ("user", "credential")
    ordering = ("full_name",)

    @admin.display(description="by")
    def scheme(self, agent: Agent) -> str:
        return agent.credential.get_scheme_display()
