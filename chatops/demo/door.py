"""The one way in: a request becomes an answer, with or without a socket.

In this order: the control door (ours, for tests), faults, then the service itself: sign-in pages
and tenant state, credentials, the endpoint. Every request is noted in the journal with the
credential it came with, never with the secret.
"""

import logging
import re
from contextlib import nullcontext
from datetime import UTC, datetime

from chatops.demo import carriers, control, dialects, faults, oauth, routing, tenant
from chatops.demo.carriers import View
from chatops.demo.endpoints import lists, sessions, topics, users, webhooks
from chatops.demo.errors import Answer, not_found
from chatops.demo.faults import Faults, Hidden
from chatops.demo.hooks import Hooks
from chatops.demo.identity import Caller, Identity
from chatops.demo.office import Office
from chatops.demo.records import Message
from chatops.demo.throttle import Throttle
from chatops.demo.times import Clock
from chatops.demo.wire import WireRequest, WireResponse, error_response, html_response

logger = logging.getLogger(__name__)

FAMILIES = (sessions, topics, users, lists, webhooks)  # imported so that they are registered
API = re.compile(r"^(?P<prefix>(?:/[^/]+)*?)/api(?:/v1(?P<path>/.*)?|/?)$", re.IGNORECASE)
LANGUAGE = re.compile(r"[a-z]{2}", re.IGNORECASE)


class Door:
    """An office with everything that stands before it. `handle` is safe to call from threads."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.identity = Identity(office)
        self.faults = Faults(seed=office.random.getrandbits(32))
        self.tenant = tenant.Tenant()
        self.sign_in = oauth.SignIn(self.identity)
        self.hooks = Hooks(office)
        self.throttle = Throttle()

    def handle(self, request: WireRequest) -> WireResponse:
        """The answer; how it is to be played on the wire is in it."""
        if request.path.lower().startswith(control.PREFIX):
            return control.handle(self, request)
        caller: Caller | Answer
        try:
            with self.office.lock:
                caller = self.identity.caller(request)
        except Answer as refusal:
            caller = refusal
        who = caller.person.user if isinstance(caller, Caller) else ""
        rule = self.faults.choose(request, who)

        def apply(hidden: Hidden | None) -> WireResponse:
            return self.answer(request, caller, hidden)

        def unchanged() -> WireResponse:
            return self.unchanged(request, caller)

        response = faults.play(self.faults, rule, request, apply, unchanged)
        with self.office.lock:
            self.office.note(
                {
                    "kind": "request",
                    "method": request.method,
                    "path": request.path,
                    "credential": caller.credential if isinstance(caller, Caller) else "",
                    "status": response.status,
                    "fault": rule.kind if rule else "",
                }
            )
        return response

    def answer(
        self, request: WireRequest, caller: Caller | Answer, hidden: Hidden | None
    ) -> WireResponse:
        """The service's own answer, without faults, in its dialect."""
        response = self._plain(request, caller, hidden)
        dialect = self.office.options.dialect
        return dialects.told(dialect, request, response) if dialect else response

    def _plain(
        self, request: WireRequest, caller: Caller | Answer, hidden: Hidden | None
    ) -> WireResponse:
        try:
            return self._answer(request, caller, hidden)
        except Answer as refusal:
            return refused(request, refusal)
        except Exception:  # the service, too, answers 500 to what it did not expect (J.2)
            logger.exception("uncaught in the stand-in", extra={"method": request.method})
            return error_response(Answer(500, "SoServerException", "An error has occurred"))

    def _answer(
        self, request: WireRequest, caller: Caller | Answer, hidden: Hidden | None
    ) -> WireResponse:
        with self.office.lock:
            outside = tenant.answer(self.tenant, self.office, request) or self.sign_in.answer(
                request
            )
        if outside is not None:
            return outside
        found = API.match(request.path)
        if found is None:
            raise not_found("Resource", request.path)
        self.tenant.check_host(request)
        base = self.base(request, found["prefix"])
        if found["path"] is None and not request.path.lower().rstrip("/").endswith("/v1"):
            return version(request, base)
        if isinstance(caller, Answer):
            raise caller
        self.throttle.count(self.office.options.calls_per_second)
        path = (found["path"] or "").strip("/")
        endpoint = routing.find(request.method, path)
        if endpoint is None:
            raise no_route(path)
        function, arguments = endpoint
        with nullcontext() if function in routing.UNLOCKED else self.office.lock:
            call = routing.Call(
                self.office,
                self.hooks,
                request,
                caller.person,
                self.view(request, base),
                hidden.of(self.office, path) if hidden else frozenset(),
            )
            return routing.as_response(function(call, *arguments))

    def unchanged(self, request: WireRequest, caller: Caller | Answer) -> WireResponse:
        """What a write would answer if it did nothing: the session as it is."""
        found = re.search(r"/ChatSession/(\d+)(/Messages$)?", request.path, re.IGNORECASE)
        if not found:
            return routing.as_response(None)
        if found[2]:  # of a message there is nothing yet: a carrier without an id
            nothing = Message(0, int(found[1]), "Invalid", "", "", datetime.min.replace(tzinfo=UTC))
            return routing.as_response(carriers.message(nothing, self.view(request, "")))
        read = WireRequest(
            "GET", request.path[: found.end(1)], "", request.headers, b"", request.peer
        )
        return self.answer(read, caller, None)

    def base(self, request: WireRequest, prefix: str) -> str:
        """The API's address as this caller reached it."""
        return f"http://{request.header('host') or 'localhost'}{prefix}/api/v1"

    def view(self, request: WireRequest, base: str) -> View:
        """Zone, offsets and language by the headers of C.1."""
        wanted = request.header("so-language") or request.header("accept-language")
        language = LANGUAGE.match(wanted)  # `*` and `x` switch translation off
        return View(
            Clock.of(request.header("so-timezone")), language[0].lower() if language else "", base
        )


def version(request: WireRequest, base: str) -> WireResponse:
    """The version document; an HTML page without the right Accept header (A.3)."""
    if "json" in request.header("accept").lower():
        return routing.as_response(users.version_document(base))
    return html_response("<html><body><h1>SuperOffice NetServer</h1></body></html>")


def no_route(path: str) -> Answer:
    """404, or 405 when the path exists with another method."""
    methods = routing.methods_of(path)
    if methods:
        return Answer(
            405, "HttpMethodNotAllowed", "The method is not allowed here", Allow=", ".join(methods)
        )
    return not_found("Resource", path)


def refused(request: WireRequest, refusal: Answer) -> WireResponse:
    """The error object; IIS answers some refusals of credentials itself, with a page (B.1)."""
    if refusal.status == 401:
        refusal.headers.setdefault("WWW-Authenticate", "Basic, SOTicket, Bearer")
        scheme = request.header("authorization").partition(" ")[0].lower()
        if scheme in ("negotiate", "ntlm"):
            return html_response("<html><body><h2>401 - Unauthorized</h2></body></html>", 401)
    return error_response(refusal)
