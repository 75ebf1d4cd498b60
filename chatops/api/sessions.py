"""Sessions: the list, one of them, reading it again, and editing it."""

from collections.abc import Hashable
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from chatops.actions import policy, verbs
from chatops.actions.callers import Caller
from chatops.actions.errors import StateConflict
from chatops.actions.policy import Right
from chatops.api import docs, pages, responses, searching, sight, wishes
from chatops.api.base import View
from chatops.api.filters import SESSION_PARAMETERS, filtered
from chatops.api.params import Query, associate_words, body_of, id_in
from chatops.api.parsers import JSONPatchParser, MergePatchParser, StrictJSONParser
from chatops.api.problems import Problem, invalid
from chatops.api.shapes import SESSION_FIELDS
from chatops.mirror import as_of
from chatops.mirror.models import ChatSession
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.remote import wiring
from chatops.sync import refresh

ORDERS = {
    "id": pages.Order(descending=False),
    "-id": pages.Order(),
    "requested_at": pages.Order("requested_at", descending=False, nullable=True),
    "-requested_at": pages.Order("requested_at", nullable=True),
    "ended_at": pages.Order("ended_at", descending=False, nullable=True),
    "-ended_at": pages.Order("ended_at", nullable=True),
}


def shape_of(query: Query, *, expandable: tuple[str, ...]) -> dict[str, list[str]]:
    """`fields` and `expand`, checked."""
    fields, expand = query.words("fields"), query.words("expand")
    for name, known, given in (
        ("fields", SESSION_FIELDS, fields),
        ("expand", expandable, expand),
    ):
        unknown = [one for one in given if one not in known]
        if unknown:
            raise invalid(name, f"Unknown: {unknown[0]}. Known: {', '.join(known)}.")
    return {"fields": fields, "expand": expand}


class Sessions(View):
    """`sessions/`."""

    @docs.sessions_list
    def get(self, request: Request) -> HttpResponse:
        query = Query(
            request, *SESSION_PARAMETERS, "ordering", "cursor", "page_size", "fields", "expand"
        )
        order = ORDERS[query.choice("ordering", ORDERS, _newest_first(query))]
        start, size = pages.cursor_of(query, order), pages.size_of(query)
        shape = shape_of(query, expandable=(sight.CARRIER,))
        self.need(Right.READ)
        words = associate_words(self.caller, query)

        def narrowed(rows: ChatSessionQuerySet) -> ChatSessionQuerySet:
            return filtered(rows, query, words)

        search = query.text("search")
        if search and order.column != "id":
            raise invalid("ordering", "With `search`, only `id` and `-id`.")
        etag = responses.of_the_feed(request, searched=bool(search))
        if responses.has(request, etag):
            narrowed(ChatSession.objects.none())  # raises for what is wrong in the filters
            return responses.not_modified(etag)
        columns = (*sight.columns(self.caller), *({order.column} - {"id"}))
        if search:
            where = searching.allowed(self.caller, narrowed)
            page = searching.sessions(search, where, order, start, size, columns=columns)
        else:
            known_as = _known_as(self.caller, query, columns)
            page = pages.page(
                lambda: narrowed(policy.visible_sessions(self.caller)).values(
                    *columns, read_at=as_of.column()
                ),
                order,
                start,
                size,
                known_as=known_as,
            )
        texts = sight.sessions(self.caller, page.rows, **shape)
        return responses.a_list(request, texts, page, etag)

    @docs.session_create
    def post(self, request: Request) -> Response:
        topic = id_in(body_of(request, "topic"), "topic")
        self.need(Right.ACT)
        return wishes.answer(request, "create", lambda wish: verbs.create_session(topic, wish=wish))


def _newest_first(query: Query) -> str:
    """The order that is not asked for: by the time that the filters bound, where they bound one.
    Only so the database goes straight to the first rows; by id it reads all within the time, or all
    that came after it."""
    if "search" not in query:
        for column in ("requested", "ended"):
            if f"{column}_after" in query or f"{column}_before" in query:
                return f"-{column}_at"
    return "-id"


def _known_as(caller: Caller, query: Query, columns: tuple[str, ...]) -> Hashable | None:
    """All that a list depends on besides its place: what the caller sees, what is asked."""
    sight = policy.sight_of(caller)
    asked = query.key("cursor", "page_size", "fields", "expand")
    return None if sight is None else (sight, asked, columns)


class Session(View):
    """`sessions/{id}/`."""

    parser_classes = (StrictJSONParser, MergePatchParser, JSONPatchParser)

    @docs.session_get
    def get(self, request: Request, session_id: int) -> HttpResponse:
        query = Query(request, "fields", "expand")
        shape = shape_of(query, expandable=(sight.CARRIER, sight.MESSAGES))
        found = policy.require(self.caller, Right.READ, session_id)
        etag = responses.of_a_session(self.caller, found)
        if shape["expand"]:  # changes without the session: then the feed is the measure
            etag = responses.of_the_feed(request)
        if responses.has(request, etag):
            return responses.not_modified(etag)
        row = {name: getattr(found, name) for name in sight.COLUMNS}
        if shape["expand"]:
            wishes.note_view(self.caller, session_id)
        text = sight.sessions(self.caller, [row], **shape)[0]
        return responses.ready(text, etag)

    @docs.session_patch
    def patch(self, request: Request, session_id: int) -> Response:
        return wishes.answer(
            request,
            "patch",
            lambda wish: verbs.patch_session(session_id, _changes(request), wish=wish),
            session_id=session_id,
        )

    @docs.session_delete
    def delete(self, request: Request, session_id: int) -> Response:
        wishes.no_body(request)
        return wishes.answer(
            request,
            "delete",
            lambda wish: verbs.delete_session(session_id, wish=wish),
            session_id=session_id,
        )


def _changes(request: Request) -> Any:
    """A patch of the shape its content type promises; plain JSON may be of either."""
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    wanted = {MergePatchParser.media_type: dict, JSONPatchParser.media_type: list}.get(kind)
    if wanted and not isinstance(request.data, wanted):
        shape = "an object" if wanted is dict else "a list of operations"
        raise Problem(422, f"A body of {kind} is {shape}.")
    return request.data


class Refresh(View):
    """`sessions/{id}/refresh/`."""

    @docs.session_refresh
    def post(self, request: Request, session_id: int) -> HttpResponse:
        Query(request)
        wishes.no_body(request)
        policy.require(self.caller, Right.READ, session_id)
        _read_again(session_id)
        found = policy.require(self.caller, Right.READ, session_id)
        row = {name: getattr(found, name) for name in sight.COLUMNS}
        text = sight.sessions(self.caller, [row])[0]
        return responses.ready(text, responses.of_a_session(self.caller, found))


def _read_again(session_id: int) -> None:
    """Raises SuperOfficeError when there is no answer, StateConflict when it says "no such"."""
    outcome = refresh.many(wiring.service_client(person=True), [session_id], complete=True)
    if error := outcome.failed.get(session_id) or outcome.stopped:
        raise error
    if session_id in outcome.absent:
        raise StateConflict(
            "SuperOffice does not know this session (any more). It is shown as last read.",
            code="not_at_superoffice",
            session_id=session_id,
        )
