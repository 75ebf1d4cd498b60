"""Topics and agents, as the mirror has them."""

from collections import defaultdict
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from chatops.actions.policy import Right
from chatops.api import docs, pages, responses
from chatops.api.base import View
from chatops.api.params import Query
from chatops.mirror.models import Associate, ChatTopic, TopicMember
from chatops.mirror.rendering import rfc3339

JSONDict = dict[str, Any]
BY_ID = pages.Order(descending=False)
ROLES = ("can_respond", "can_notify", "can_listen", "can_manage")


class _Listed(View):
    """A list by id of a small table."""

    def listed(self, request: Request, rows: Any, render: Any) -> Response:
        query = Query(request, "cursor", "page_size")
        start, size = pages.cursor_of(query, BY_ID), pages.size_of(query, default=pages.MOST)
        self.need(Right.READ)
        etag = responses.of_the_feed(request)
        if responses.has(request, etag):
            return responses.not_modified(etag)
        page = pages.page(rows, BY_ID, start, size)
        body = {
            "next": pages.address(request, page.next),
            "previous": pages.address(request, page.previous),
            "results": render(page.rows),
        }
        return Response(body, headers={"ETag": etag})


class Topics(_Listed):
    """`topics/`: those of a token that is limited to some, else all."""

    @docs.topics_list
    def get(self, request: Request) -> Response:
        rows = ChatTopic.objects.all()
        if self.caller.topics is not None:
            rows = rows.filter(pk__in=self.caller.topics)
        return self.listed(request, rows.values(), _topics)


def _topics(rows: list[pages.Row]) -> list[JSONDict]:
    left_out = {"raw", "read_at"}
    return [
        {name: value for name, value in row.items() if name not in left_out}
        | {"as_of": rfc3339(row["read_at"])}
        for row in rows
    ]


class Agents(_Listed):
    """`agents/`: SuperOffice's users, with their roles in topics."""

    @docs.agents_list
    def get(self, request: Request) -> Response:
        return self.listed(request, Associate.objects.values(), self._agents)

    def _agents(self, rows: list[pages.Row]) -> list[JSONDict]:
        members = TopicMember.objects.filter(associate_id__in=[row["id"] for row in rows])
        if self.caller.topics is not None:
            members = members.filter(topic_id__in=self.caller.topics)
        roles: dict[int, list[JSONDict]] = defaultdict(list)
        for one in members.order_by("topic_id"):
            roles[one.associate_id].append(
                {"topic_id": one.topic_id, **{role: getattr(one, role) for role in ROLES}}
            )
        left_out = {"raw", "read_at"}
        return [
            {name: value for name, value in row.items() if name not in left_out}
            | {"topics": roles[row["id"]], "as_of": rfc3339(row["read_at"])}
            for row in rows
        ]
