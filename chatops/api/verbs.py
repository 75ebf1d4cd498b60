"""What can be done to a session: a route for each verb, all alike."""

from collections.abc import Callable
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chatops.actions import verbs
from chatops.actions.models import Action
from chatops.actions.policy import Right
from chatops.api import docs, wishes
from chatops.api.base import View
from chatops.api.params import body_of, id_in
from chatops.api.problems import invalid


class _Plain(View):
    """A verb that needs to know nothing but the session."""

    route: ClassVar[str]
    verb: ClassVar[Callable[..., Action]]

    def carry_out(self, request: Request, session_id: int) -> Response:
        wishes.no_body(request)
        verb = type(self).verb
        return wishes.answer(
            request,
            self.route,
            lambda wish: verb(session_id, wish=wish),
            session_id=session_id,
        )


class AcceptTransfer(_Plain):
    """`sessions/{id}/accept-transfer/`."""

    route, verb = "accept", staticmethod(verbs.accept_transfer)

    @docs.accept_transfer
    def post(self, request: Request, session_id: int) -> Response:
        return self.carry_out(request, session_id)


class RejectTransfer(_Plain):
    """`sessions/{id}/reject-transfer/`."""

    route, verb = "reject", staticmethod(verbs.reject_transfer)

    @docs.reject_transfer
    def post(self, request: Request, session_id: int) -> Response:
        return self.carry_out(request, session_id)


class PickUp(_Plain):
    """`sessions/{id}/pick-up/`."""

    route, verb = "pick_up", staticmethod(verbs.pick_up)

    @docs.pick_up
    def post(self, request: Request, session_id: int) -> Response:
        return self.carry_out(request, session_id)


class Reset(_Plain):
    """`sessions/{id}/reset/`."""

    route, verb = "reset", staticmethod(verbs.reset)

    @docs.reset
    def post(self, request: Request, session_id: int) -> Response:
        return self.carry_out(request, session_id)


class End(_Plain):
    """`sessions/{id}/end/`: only where ALLOW_END_CHAT is set."""

    route, verb = "end", staticmethod(verbs.end_chat)

    @docs.end
    def post(self, request: Request, session_id: int) -> Response:
        return self.carry_out(request, session_id)


class Transfer(View):
    """`sessions/{id}/transfer/`."""

    @docs.transfer
    def post(self, request: Request, session_id: int) -> Response:
        to = body_of(request, "to").get("to")
        if isinstance(to, bool) or not isinstance(to, int | str) or to == "":
            raise invalid("to", "An associate id or a user name is required.")
        return wishes.answer(
            request,
            "transfer",
            lambda wish: verbs.transfer(session_id, to, wish=wish),
            session_id=session_id,
        )


class PickUpNext(View):
    """`sessions/pick-up-next/`."""

    @docs.pick_up_next
    def post(self, request: Request) -> Response:
        body = body_of(request, "topic")
        topic = id_in(body, "topic") if "topic" in body else None
        self.need(Right.ACT)
        return wishes.answer(
            request, "pick_up_next", lambda wish: verbs.pick_up_next(topic, wish=wish)
        )
