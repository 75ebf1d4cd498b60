"""What somebody writes who has a table and REST framework: the yardstick of the lists."""

import json
from typing import Any, ClassVar

from django.urls import include, path
from rest_framework import pagination, permissions, routers, serializers, viewsets

from chatops.mirror.models import ChatSession


class Plain(serializers.ModelSerializer[ChatSession]):
    """The columns, and what has none (links, host, flags) from the carrier: as much as ours."""

    carrier = serializers.SerializerMethodField()

    class Meta:
        model = ChatSession
        exclude: ClassVar = ["rendered", "masked", "raw"]

    def get_carrier(self, row: ChatSession) -> dict[str, Any]:
        carrier: dict[str, Any] = json.loads(row.raw)
        return {name: value for name, value in carrier.items() if name in LINKED}


LINKED = frozenset(
    {
        *("User", "TransferTo", "Person", "Contact", "Project", "Sale", "Ticket"),
        *("CustomerAlias", "CustomerHost", "CustomerConsented", "Flags", "Rank", "WhenFetched"),
    }
)


class Numbered(pagination.PageNumberPagination):
    page_size = 50


class PlainSessions(viewsets.ModelViewSet[ChatSession]):
    queryset = ChatSession.objects.order_by("-id")
    serializer_class = Plain
    pagination_class = Numbered
    # The same caller with the same token; rights per row are ours alone.
    permission_classes = (permissions.IsAuthenticated,)


router = routers.SimpleRouter()
router.register("plain", PlainSessions)

urlpatterns = [path("", include("chatops.urls")), path("", include(router.urls))]
