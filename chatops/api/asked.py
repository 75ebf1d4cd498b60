"""What was asked for and what became of it; closing what needs a person; a second attempt."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from chatops.actions import needs, policy
from chatops.actions.models import Action, State, Verb
from chatops.actions.policy import Right
from chatops.api import docs, pages, responses, wishes
from chatops.api.base import View
from chatops.api.params import INT64, Query, body_of, text_in
from chatops.api.problems import invalid


class Actions(View):
    """`actions/`: newest first."""

    @docs.actions_list
    def get(self, request: Request) -> Response:
        query = Query(request, "state", "verb", "session", "cursor", "page_size")
        order = pages.Order()
        start, size = pages.cursor_of(query, order), pages.size_of(query)
        rows = policy.visible_actions(self.caller)
        for name, known in (("state", State.values), ("verb", Verb.values)):
            if words := query.words(name):
                if unknown := set(words) - set(known):
                    raise invalid(name, f"Unknown: {min(unknown)}. Known: {', '.join(known)}.")
                rows = rows.filter(**{f"{name}__in": words})
        if (session := query.number("session")) is not None:
            rows = rows.filter(session_id=session)
        self.need(Right.READ)
        page = pages.page(rows.values("id"), order, start, size)
        found = _whole(rows, page.rows)
        return Response(
            {
                "next": pages.address(request, page.next),
                "previous": pages.address(request, page.previous),
                "results": responses.actions_as_json(found, self.caller),
            }
        )


def _whole(actions: Any, rows: list[pages.Row]) -> list[Action]:
    ids = [row["id"] for row in rows]
    held = actions.select_related("requested_by").in_bulk(ids)
    return [held[one] for one in ids if one in held]


class OneAction(View):
    """`actions/{id}/`: 200 as long as it exists, whatever became of it."""

    @docs.action_get
    def get(self, request: Request, action_id: int) -> Response:
        Query(request)
        action = needs.visible(min(action_id, INT64), self.caller)
        return Response(responses.whole_action(action, self.caller))


class Close(View):
    """`actions/{id}/close/`."""

    @docs.action_close
    def post(self, request: Request, action_id: int) -> Response:
        Query(request)
        body = body_of(request, "verdict", "note")
        verdict = text_in(body, "verdict")
        note = text_in(body, "note") if "note" in body else ""
        closed = needs.close(min(action_id, INT64), caller=self.caller, verdict=verdict, note=note)
        return Response(responses.whole_action(closed, self.caller))


class SecondAttempt(View):
    """`actions/{id}/second-attempt/`."""

    @docs.action_second_attempt
    def post(self, request: Request, action_id: int) -> Response:
        body = body_of(request, "may_happen_twice")
        if body.get("may_happen_twice") is not True:
            raise invalid(
                "may_happen_twice", "Say `true`: the first attempt may still take effect."
            )
        return wishes.answer(
            request,
            "second_attempt",
            lambda wish: needs.second_attempt(min(action_id, INT64), wish=wish),
        )
