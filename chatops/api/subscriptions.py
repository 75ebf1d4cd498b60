"""Outgoing webhooks: a program names an address, and the worker follows the feed for it."""

from typing import Any

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from chatops.actions.policy import Right
from chatops.api import shapes, wishes
from chatops.api.base import View
from chatops.api.docs import ANYBODY, WITH_BODY, Schema, json_body, operation
from chatops.api.params import INT32, INT64, Query, body_of, text_in, whole, whole_in
from chatops.api.problems import Problem, invalid
from chatops.mirror.models import Change
from chatops.mirror.rendering import rfc3339
from chatops.subscriptions import addresses, delivering, keeping
from chatops.subscriptions.models import State, Subscription

LONGEST_LABEL, MOST_TOPICS = 100, 100
LONGEST_OVERLAP = 7 * 86_400
CHANGING = (*WITH_BODY, 409)
ONE = (*ANYBODY, 404)
EXAMPLE = {"url": "https://hooks.example.com/chats", "kinds": ["session", "message"]}

_FIELDS: Schema = {
    "url": shapes.GIVEN | {"minLength": 1, "maxLength": addresses.LONGEST},
    "label": shapes.GIVEN | {"maxLength": LONGEST_LABEL},
    "kinds": {
        "type": "array",
        "items": {"type": "string", "enum": Change.Kind.values},
        "maxItems": len(Change.Kind.values),
        "description": "Only these kinds; none named: every kind.",
    },
    "topics": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": INT32},
        "maxItems": MOST_TOPICS,
        "description": "Only sessions in these topics; none named: all that the token sees.",
    },
}
_STATE: Schema = {"state": {"type": "string", "enum": State.values}}
_NEW: Schema = {
    **shapes.an_object(_FIELDS, required=False, additionalProperties=False),
    "required": ["url"],
    "examples": [EXAMPLE],
}
_CHANGED: Schema = shapes.an_object(
    _FIELDS | _STATE, required=False, additionalProperties=False, minProperties=1
)
_PLACE: Schema = shapes.an_object(
    {"after": {"type": "integer", "minimum": 0, "maximum": INT64}}, additionalProperties=False
)


_OVERLAP: Schema = shapes.an_object(
    {"overlap_seconds": {"type": "integer", "minimum": 0, "maximum": LONGEST_OVERLAP}},
    required=False,
    additionalProperties=False,
)


class Subscriptions(View):
    """`subscriptions/`: the token owner's own; there are few, so they come at once."""

    @operation(
        "subscriptions_list",
        "Your subscriptions",
        scope="feed",
        answer=shapes.an_object({"results": shapes.a_list_of(shapes.ref("Subscription"))}),
    )
    def get(self, request: Request) -> Response:
        Query(request)
        self.need(Right.FEED)
        return Response({"results": [as_json(one) for one in keeping.visible(self.caller)]})

    @operation(
        "subscription_create",
        "Be told of changes at an address",
        scope="feed",
        body=json_body(_NEW),
        answer=shapes.ref("NewSubscription"),
        status=201,
        problems=CHANGING,
        headers={201: ("Location",)},
        description="From now on. The answer has the secret of the signatures, this once.",
    )
    def post(self, request: Request) -> Response:
        Query(request)
        self.need(Right.FEED)
        fields = _fields(body_of(request, *_FIELDS))
        if "url" not in fields:
            raise invalid("url", "An address is required.")
        made, secret = keeping.create(**fields, caller=self.caller)
        here = request.build_absolute_uri(f"{made.pk}/")
        return Response(as_json(made) | {"secret": secret}, status=201, headers={"Location": here})


class OneSubscription(View):
    """`subscriptions/{id}/`."""

    @operation(
        "subscription_get",
        "A subscription",
        scope="feed",
        answer=shapes.ref("Subscription"),
        problems=ONE,
    )
    def get(self, request: Request, subscription_id: int) -> Response:
        return Response(as_json(_found(self, request, subscription_id)))

    @operation(
        "subscription_change",
        "Change a subscription, or switch it off and on",
        scope="feed",
        body=json_body(_CHANGED),
        answer=shapes.ref("Subscription"),
        problems=(*CHANGING, 404),
        description="Switched on again, it goes on where it was.",
    )
    def patch(self, request: Request, subscription_id: int) -> Response:
        found = _found(self, request, subscription_id)
        fields = _fields(body_of(request, *_FIELDS, *_STATE))
        if not fields:
            raise Problem(422, "The body names nothing to change.")
        return Response(as_json(keeping.change(found, fields, caller=self.caller)))

    @operation(
        "subscription_delete",
        "End a subscription",
        scope="feed",
        problems=(*WITH_BODY, 404),
        more={204: None},
    )
    def delete(self, request: Request, subscription_id: int) -> Response:
        found = _found(self, request, subscription_id)
        wishes.no_body(request)
        keeping.end(found, caller=self.caller)
        return Response(status=204)


class Test(View):
    """`subscriptions/{id}/test/`."""

    @operation(
        "subscription_test",
        "Send an empty batch now",
        scope="feed",
        answer=shapes.ref("Delivery"),
        problems=(*CHANGING, 404),
        description="Marked with `test: true`. What becomes of it changes nothing.",
    )
    def post(self, request: Request, subscription_id: int) -> Response:
        found = _found(self, request, subscription_id)
        wishes.no_body(request)
        outcome = delivering.try_out(found)
        return Response({"delivered": not outcome.error, **outcome._asdict()})


class RotateSecret(View):
    """`subscriptions/{id}/rotate-secret/`."""

    @operation(
        "subscription_rotate_secret",
        "A new secret for the signatures",
        scope="feed",
        body=json_body(_OVERLAP),
        answer=shapes.ref("NewSubscription"),
        problems=(*CHANGING, 404),
        description="The answer has it, this once. The old one signs beside it "
        "(`X-Chatops-Signature-Previous`) for `overlap_seconds`, a day unless set otherwise; 0 "
        "ends it at once.",
    )
    def post(self, request: Request, subscription_id: int) -> Response:
        found = _found(self, request, subscription_id)
        body = body_of(request, "overlap_seconds")
        overlap = None
        if "overlap_seconds" in body:
            overlap = whole_in(body, "overlap_seconds", low=0, high=LONGEST_OVERLAP)
        rotated, secret = keeping.rotate(found, caller=self.caller, overlap=overlap)
        return Response(as_json(rotated) | {"secret": secret})


class Redeliver(View):
    """`subscriptions/{id}/redeliver/`."""

    @operation(
        "subscription_redeliver",
        "Deliver everything after a number once more",
        scope="feed",
        body=json_body(_PLACE),
        answer=shapes.ref("Subscription"),
        problems=(*CHANGING, 404),
    )
    def post(self, request: Request, subscription_id: int) -> Response:
        found = _found(self, request, subscription_id)
        after = whole_in(body_of(request, "after"), "after", low=0, high=INT64)
        return Response(as_json(keeping.redeliver(found, after, caller=self.caller)))


def _found(view: View, request: Request, subscription_id: int) -> Subscription:
    Query(request)
    view.need(Right.FEED)
    return keeping.find(subscription_id, view.caller)


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """The body's fields, each of its type."""
    found: dict[str, Any] = {}
    for name in body:
        if name in ("kinds", "topics"):
            found[name] = _list_in(body, name, str if name == "kinds" else int)
        else:
            found[name] = text_in(body, name)
    if len(found.get("label", "")) > LONGEST_LABEL:
        raise invalid("label", f"At most {LONGEST_LABEL} characters.")
    if any(not 0 < one <= INT32 for one in found.get("topics", ())):
        raise invalid("topics", "These must be ids of topics.")
    if "state" in found and found["state"] not in State.values:
        raise invalid("state", f"One of {', '.join(State.values)}.")
    return found


def _list_in(body: dict[str, Any], name: str, kind: type) -> list[Any]:
    value = body[name]
    if kind is int and isinstance(value, list):
        value = [one if (number := whole(one)) is None else number for one in value]
    good = isinstance(value, list) and all(type(one) is kind for one in value)
    if not good or len(value) > MOST_TOPICS:
        raise invalid(name, f"A list of at most {MOST_TOPICS} values.")
    return sorted(set(value))


def as_json(one: Subscription) -> dict[str, Any]:
    """A subscription as it is answered; its secret is not."""
    return {
        "id": one.pk,
        "label": one.label,
        "url": one.url,
        "kinds": one.kinds,
        "topics": one.topics,
        "state": one.state,
        "notice": one.notice,
        "last": one.number,
        "epoch": one.epoch,
        "failures": one.failures,
        "failing_since": rfc3339(one.failing_since),
        "next_at": rfc3339(one.next_at),
        "last_error": one.last_error,
        "delivered_at": rfc3339(one.delivered_at),
        "created_at": rfc3339(one.created_at),
    }


urlpatterns = [
    path("", Subscriptions.as_view(), name="subscriptions"),
    path("<int:subscription_id>/", OneSubscription.as_view(), name="subscription"),
    path("<int:subscription_id>/test/", Test.as_view(), name="subscription-test"),
    path(
        "<int:subscription_id>/rotate-secret/",
        RotateSecret.as_view(),
        name="subscription-rotate-secret",
    ),
    path("<int:subscription_id>/redeliver/", Redeliver.as_view(), name="subscription-redeliver"),
]
