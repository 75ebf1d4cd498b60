"""Messages: those of a session, sending one, searching all of them, and the transcript."""

import json
from collections.abc import Sequence

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from chatops.actions import policy, trail, verbs
from chatops.actions.policy import Right
from chatops.api import docs, pages, responses, searching, transcripts, wishes
from chatops.api.base import View
from chatops.api.params import Query, body_of, text_in
from chatops.mirror.models import ChatMessage
from chatops.mirror.querysets import ChatMessageQuerySet, ChatSessionQuerySet
from chatops.mirror.search import Hit
from chatops.superoffice.text import plain

OLDEST_FIRST = pages.Order(descending=False)
FOUND = ("id", "session_id", "rendered", "message")
#: Characters shown of a message that was not searched for.
BEGINNING = 160
#: Sessions whose messages are sorted for a page.
FEW = 500


class Messages(View):
    """`sessions/{id}/messages/`."""

    @docs.messages_list
    def get(self, request: Request, session_id: int) -> HttpResponse:
        query = Query(request, "after", "cursor", "page_size")
        start = pages.cursor_of(query, OLDEST_FIRST)
        after = query.number("after") or 0
        size = pages.size_of(query, default=pages.MOST)
        policy.require(self.caller, Right.TRANSCRIPT, session_id)
        etag = responses.of_the_feed(request)
        if responses.has(request, etag):
            return responses.not_modified(etag)
        wishes.note_view(self.caller, session_id)
        rows = ChatMessage.objects.of(session_id).filter(id__gt=after).values("id", "rendered")
        page = pages.page(rows, OLDEST_FIRST, start, size)
        return responses.a_list(request, [row["rendered"] for row in page.rows], page, etag)

    @docs.message_send
    def post(self, request: Request, session_id: int) -> Response:
        text = text_in(body_of(request, "message"), "message")
        return wishes.answer(
            request,
            "send",
            lambda wish: verbs.send_message(session_id, text, wish=wish),
            session_id=session_id,
        )


class Search(View):
    """`messages/`: what was ever said, newest first."""

    @docs.messages_search
    def get(self, request: Request) -> HttpResponse:
        query = Query(request, "search", "session", "after", "before", "cursor", "page_size")
        words = query.text("search")
        order = pages.Order()
        start, size = pages.cursor_of(query, order), pages.size_of(query)
        self.need(Right.READ)
        self.need(Right.TRANSCRIPT)
        told = policy.sessions_with(self.caller, Right.TRANSCRIPT)
        session = query.number("session")
        if session is not None:
            told = told.filter(pk=session)
        rows = _in_time(ChatMessage.objects.filter(gone_at=None), query)
        etag = responses.of_the_feed(request, searched=bool(words))
        if responses.has(request, etag):
            return responses.not_modified(etag)
        if words:
            if "after" in query or "before" in query:
                told = told.filter(Exists(rows.filter(session_id=OuterRef("pk"))))
            hits, around = searching.messages(words, told, start, size, session=session)
            page = pages.Page([], *around)
            texts = _found(rows, hits)
        else:
            rows = _within(rows, told)
            page = pages.page(rows.values(*FOUND), order, start, size)
            texts = [_shown(row, _beginning(row["message"]), []) for row in page.rows]
        trail.record("messages_searched", caller=self.caller, session_id=session)
        return responses.a_list(request, texts, page, etag)


def _within(rows: ChatMessageQuerySet, told: ChatSessionQuerySet) -> ChatMessageQuerySet:
    """The messages of these sessions. Of few sessions they are found by their ids; otherwise the
    newest messages are gone through, of which most are theirs. Left to the database, it sorted all
    ten million for a page."""
    if told.is_everything:
        return rows
    few = list(told.order_by().values_list("pk", flat=True)[: FEW + 1])
    if len(few) <= FEW:
        return rows.filter(session_id__in=few)
    return rows.filter(told.hold())


def _in_time(rows: ChatMessageQuerySet, query: Query) -> ChatMessageQuerySet:
    if (after := query.when("after")) is not None:
        rows = rows.filter(posted_at__gte=after)
    if (before := query.when("before")) is not None:
        rows = rows.filter(posted_at__lt=before)
    return rows


def _found(rows: ChatMessageQuerySet, hits: Sequence[Hit]) -> list[str]:
    """Those of the rows that were found, with their excerpts, in the order of the hits."""
    held = {
        row["id"]: row
        for row in rows.filter(pk__in=[one.message_id for one in hits]).values(*FOUND)
    }
    return [
        _shown(held[hit.message_id], *searching.excerpt(hit.excerpt))
        for hit in hits
        if hit.message_id in held
    ]


def _beginning(message: str) -> str:
    return " ".join(plain(message).split())[:BEGINNING]


def _shown(row: pages.Row, excerpt: str, places: Sequence[tuple[int, int]]) -> str:
    """A message with its session and an excerpt, as JSON text."""
    more = {"session_id": row["session_id"], "excerpt": excerpt, "highlights": places}
    rendered: str = row["rendered"]
    return json.dumps(json.loads(rendered) | more, ensure_ascii=False, separators=(",", ":"))


class Transcript(View):
    """`sessions/{id}/transcript/`."""

    @docs.session_transcript
    def get(self, request: Request, session_id: int) -> HttpResponse:
        form = Query(request, "as").choice("as", ("text", "html"), "text")
        policy.require(self.caller, Right.TRANSCRIPT, session_id)
        wishes.note_view(self.caller, session_id)
        rows = list(ChatMessage.objects.of(session_id))
        if form == "html":
            return HttpResponse(transcripts.as_html(session_id, rows), content_type="text/html")
        return HttpResponse(transcripts.as_text(rows), content_type="text/plain; charset=utf-8")
