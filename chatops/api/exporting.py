"""The list of sessions as a file: streamed, masked where the right is missing, and logged."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.http import StreamingHttpResponse
from rest_framework.request import Request

from chatops.actions import policy
from chatops.actions.policy import Right
from chatops.api import docs, searching
from chatops.api.base import PassThroughRenderer, View
from chatops.api.filters import SESSION_PARAMETERS, filtered
from chatops.api.params import Query, associate_words
from chatops.mirror import search
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.reports import export as exports


class _Csv(PassThroughRenderer):
    media_type, format = "text/csv", "csv"


class _JsonLines(PassThroughRenderer):
    media_type, format = "application/jsonl", "jsonl"


class _Asked(NamedTuple):
    """What is to be exported."""

    form: str
    rows: ChatSessionQuerySet
    #: The ids that a search finds, in chunks; None without a search.
    among: Iterator[list[int]] | None
    #: What the trail keeps of the filters: never a searched text.
    told: dict[str, str]


class Export(View):
    """`sessions/export/`: every session that the filters leave, newest first."""

    # A client may ask for what it gets; refusals are problem documents all the same.
    renderer_classes = (PassThroughRenderer, _Csv, _JsonLines)

    @docs.sessions_export
    def get(self, request: Request) -> StreamingHttpResponse:
        asked = self._asked(request)
        parts = exports.export(
            self.caller, asked.rows, asked.form, told=asked.told, among=asked.among
        )
        return _file(asked.form, parts)

    def head(self, request: Request) -> StreamingHttpResponse:
        """As GET answers, but nothing is exported and nothing is logged."""
        return _file(self._asked(request).form, ())

    def _asked(self, request: Request) -> _Asked:
        query = Query(request, *SESSION_PARAMETERS, "as")
        form = query.choice("as", exports.CONTENT_TYPES, "csv")
        self.need(Right.EXPORT)
        words = associate_words(self.caller, query)
        text = query.text("search")

        def narrowed(right: Right) -> ChatSessionQuerySet:
            return filtered(policy.sessions_with(self.caller, right), query, words)

        rows = narrowed(Right.EXPORT)
        among = None
        if text:
            among = search.every_session(text, searching.within(rows, narrowed))
        return _Asked(form, rows, among, _told(query))


def _told(query: Query) -> dict[str, Any]:
    given = query.given(*SESSION_PARAMETERS)
    return given | ({"search": "…"} if "search" in given else {})


def _file(form: str, parts: Iterable[bytes]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(parts, content_type=exports.CONTENT_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="sessions.{form}"'
    response["Cache-Control"] = "no-store"
    return response
