"""What all views of the API share: who may call, how often, in what form, and what is told."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.cache import patch_vary_headers
from django.views.decorators.gzip import gzip_page
from rest_framework import metadata, permissions, renderers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chatops.actions import policy
from chatops.actions.callers import Caller
from chatops.actions.errors import ActionError
from chatops.api import responses, throttling
from chatops.api.authentication import (
    ConsoleAuthentication,
    TokenAuthentication,
    caller_behind,
)
from chatops.api.parsers import StrictJSONParser


class PassThroughRenderer(renderers.JSONRenderer):
    """JSON; what is JSON text already, made when the row was stored, goes out as it is."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Any = None,
    ) -> bytes:
        if isinstance(data, bytes):
            return data
        rendered: bytes = super().render(data, accepted_media_type, renderer_context)
        return rendered


class OneKind(DefaultContentNegotiation):
    """Where JSON is the only kind that there is, whoever takes anything or JSON is not weighed."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        kinds = list(renderers)
        accepted = request.META.get("HTTP_ACCEPT", "*/*")
        if len(kinds) == 1 and accepted in ("*/*", "application/json"):
            return kinds[0], kinds[0].media_type or ""
        chosen: tuple[BaseRenderer, str]
        chosen = super().select_renderer(request, kinds, format_suffix)
        return chosen


class Allowed(metadata.BaseMetadata):
    """What OPTIONS answers: the methods, the bodies that are read, and the caller's rights here."""

    def determine_metadata(self, request: Request, view: APIView) -> dict[str, Any]:
        caller = caller_behind(request)
        held = policy.rights(caller)
        session_id = view.kwargs.get("session_id")
        if session_id is not None:
            session = policy.require(caller, policy.Right.READ, session_id)
            held = frozenset(one for one in held if policy.may(caller, one, session))
        return {
            "allow": view.allowed_methods,
            "parses": [parser.media_type for parser in view.get_parsers()],
            "rights": sorted(held),
        }


class View(APIView):
    """An endpoint for programs."""

    authentication_classes = (TokenAuthentication, ConsoleAuthentication)
    permission_classes = (permissions.IsAuthenticated,)
    throttle_classes = (throttling.CallerThrottle,)
    renderer_classes: Sequence[type[PassThroughRenderer]] = (PassThroughRenderer,)
    parser_classes: Sequence[type[BaseParser]] = (StrictJSONParser,)
    metadata_class = Allowed
    content_negotiation_class = OneKind

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return gzip_page(super().as_view(**initkwargs))

    @property
    def caller(self) -> Caller:
        return caller_behind(self.request)

    def need(self, right: policy.Right) -> None:
        """Raises Forbidden when the caller has this right on nothing at all."""
        policy.need(self.caller, right)

    def tell_more(self, request: Request, error: ActionError) -> dict[str, Any]:
        """What a problem document adds: the fresh session, the action in the way."""
        return responses.more_about(error, caller_behind(request))

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # A chunked body has no length, and REST framework takes no length for no body. It was read,
        # up to the cap, before it came here.
        chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
        if chunked and not request.META.get("CONTENT_LENGTH"):
            request.META["CONTENT_LENGTH"] = str(len(request.body))
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(request, Request):
            for name, value in throttling.headers(request).items():
                final[name] = value
        # To be asked again each time (an ETag makes that cheap), and never shared: what is answered
        # depends on who asks.
        final.headers.setdefault("Cache-Control", "private, no-cache")
        patch_vary_headers(final, ("Authorization", "Cookie"))
        return final
