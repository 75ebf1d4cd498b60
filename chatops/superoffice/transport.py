"""One request out; JSON or an error back. Deadlines, repeats of reads, one renewal, one log line.

Headers (contract C.1): Authorization or X-XSRF-TOKEN by `auth`, Accept, Accept-Language and
SO-TimeZone always; SO-Language, SO-Culture and SO-AppToken where set; Content-Type with a body.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass
from typing import Any, Self, TypedDict, TypeVar, Unpack
from urllib.parse import parse_qsl, quote, urlencode

import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase
from requests.exceptions import RequestException

from chatops.superoffice import addresses, answers, exchange, jsontext
from chatops.superoffice.auth import APP_TOKEN, AUTHORIZATION, XSRF, Renewable, sendable
from chatops.superoffice.errors import (
    CredentialsMissing,
    Forbidden,
    HostNotAllowed,
    NotSent,
    OutcomeUnknown,
    Refused,
    SuperOfficeError,
    Throttled,
    Unreachable,
    UnreadableAnswer,
)
from chatops.superoffice.exchange import Exchange, Gate, Rank
from chatops.superoffice.sending import Answer, Sender, Timeouts
from chatops.superoffice.waiting import epoch, jittered

__all__ = ["BACKOFF", "READ_TRIES", "SIZE_CAP", "Exchange", "Gate", "Timeouts", "Transport"]

logger = logging.getLogger(__name__)
T = TypeVar("T")
Read = Callable[[int, bytes | None], T]

FORM = "application/x-www-form-urlencoded"
SIZE_CAP = 64 * 1024 * 1024
READ_TRIES = 3
#: Seconds before the second, third and fourth try, before jitter (contract J.4).
BACKOFF = (1.0, 2.0, 4.0)
#: After a 403 to a token that was just renewed, a further one within so many seconds is taken for
#: missing rights.
TAKEN_FOR_RIGHTS = 60.0


class Options(TypedDict, total=False):
    """What `send` and `send_raw` take besides method and path."""

    #: Query; None values are left out, a sequence becomes a comma list.
    params: Mapping[str, Any] | None
    #: Body, any JSON value; `null` too, when given.
    json: Any
    #: Body as a form, for the sign-in host.
    form: Mapping[str, str]
    #: Instead of `application/json; charset=utf-8`.
    content_type: str
    #: On the monotonic clock, seconds; can only shorten the total of `timeouts`.
    deadline: float | None
    #: For calls that may be repeated; others have one.
    tries: int | None
    #: The call only reads, or may safely happen twice, although it is not a GET.
    idempotent: bool


@dataclass(frozen=True, slots=True)
class _Call:
    """What is asked, as it is sent on every try."""

    method: str
    url: str
    pattern: str
    body: bytes | None
    content_type: str | None
    idempotent: bool
    deadline: float
    tries: int


@dataclass(frozen=True, slots=True)
class _Begun:
    """A first try that is on the wire already, while its caller does something else."""

    request: requests.PreparedRequest
    #: The answer, and how many seconds it took.
    answer: "Future[tuple[Answer, float]]"


class Transport:
    """The way to one API, for one identity. Safe to use from several threads."""

    def __init__(
        self,
        base_url: str,
        auth: AuthBase | None,
        *,
        language: str | None = None,
        culture: str | None = None,
        timezone: str = "UTC",
        app_token: str | None = None,
        timeouts: Timeouts | None = None,
        size_cap: int = SIZE_CAP,
        user_agent: str = "chatops",
        gate: Gate | None = None,
        allowed_hosts: addresses.AllowedHosts | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        adapter: BaseAdapter | None = None,
        pool_size: int = 10,
        rank: Rank = Rank.POLL,
        backoff: Sequence[float] = BACKOFF,
        hush: Sequence[str] = (),
    ) -> None:
        """`base_url` goes up to and including `/api`; calls go below it into `/v1/`.

        `language` is sent as SO-Language and Accept-Language; without it the latter is `en`, so
        that the mirror is stable. `rank` tells the gate who goes first.
        `size_cap` is in bytes, after decompression. `backoff` is in seconds, before jitter. `hush`
        are secrets that no error's text repeats, besides those that are sent.
        """
        self.base_url = base_url.rstrip("/")
        self.auth = auth
        self.timeouts = timeouts or Timeouts()
        self.rank = rank
        self._gate = gate
        self._allowed_hosts = allowed_hosts
        self._on_exchange = on_exchange
        self._backoff = tuple(backoff) or (0.0,)
        self._app_token = app_token
        self._hush = tuple(hush)
        self._lacked_rights_at = float("-inf")
        self._dated: tuple[str | None, float] = None, 0.0
        self._headers = _fixed_headers(language, culture, timezone, user_agent)
        self._sender = Sender(
            self.base_url,
            timeouts=self.timeouts,
            size_cap=size_cap,
            adapter=adapter,
            pool_size=pool_size,
        )

    def ranked(self, rank: Rank) -> Self:
        """This transport, over the same connections, with calls of another rank."""
        other = copy(self)
        other.rank = rank
        return other

    @property
    def ahead(self) -> float | None:
        """Seconds by which the newest answer's clock (`Date`, whole seconds) was ahead of ours;
        None when it told no time."""
        told, at = self._dated
        then = epoch(told)
        return None if then is None else then - at

    def hushed(self, words: str) -> str:
        """Words out of an answer as an operator may read them: without secrets."""
        return answers.hushed(words, self._hush)

    def close(self) -> None:
        """Close the idle connections. The transport can be used again."""
        self._sender.close()

    def send(self, method: str, path: str, **options: Unpack[Options]) -> Any:
        """The JSON value of the answer; None for 204, an empty body, or `null`.

        `path` is below `/v1/`, or below the base itself when it starts with a slash.
        GET, and calls marked `idempotent`, have `tries` tries; everything else has one.
        Raises NotSent, OutcomeUnknown or Refused.
        """
        return self._repeated(self._call(method, path, options), answers.parsed)

    def send_raw(self, method: str, path: str, **options: Unpack[Options]) -> bytes | None:
        """As `send`, but the body's bytes as they came, decompressed; `jsontext.parse` reads them.

        The bytes begin as JSON does. They may hold a SessionKey: do not keep them as they are.
        """
        return self._repeated(self._call(method, path, options), lambda _, body: body)

    def read_ahead(self, path: str, **options: Unpack[Options]) -> Callable[[], bytes | None]:
        """Begin a GET, and go on with something else; what is returned waits for its bytes.

        Only the wire is left to another thread: gate, signing and log stay with the caller's.
        Raises NotSent; what is returned raises as `send_raw` does.
        """
        call = self._call("GET", path, options)
        request = self._prepared(call)
        self._pass(call)
        begun = _Begun(request, self._sender.begin(request, deadline=call.deadline))
        return lambda: self._repeated(call, lambda _, body: body, begun)

    def _call(self, method: str, path: str, options: Options) -> _Call:
        method = method.upper()
        idempotent = options.get("idempotent", False) or method == "GET"
        body, content_type = _body(options)
        total = self.timeouts.total_read if method == "GET" else self.timeouts.total_write
        latest, asked = time.monotonic() + total, options.get("deadline")
        return _Call(
            method=method,
            url=_url(self.base_url, path, options.get("params")),
            pattern=exchange.pattern(path),
            body=body,
            content_type=content_type,
            idempotent=idempotent,
            deadline=latest if asked is None else min(asked, latest),
            tries=max(1, options.get("tries") or READ_TRIES) if idempotent else 1,
        )

    def _repeated(self, call: _Call, read: Read[T], begun: _Begun | None = None) -> T:
        attempt = 1
        while True:
            try:
                return self._once(call, attempt, read, begun)
            except (NotSent, OutcomeUnknown, Throttled) as error:
                wait = self._wait_after(error, call, attempt)
                if wait is None:
                    raise
            time.sleep(wait)
            attempt, begun = attempt + 1, None

    def _wait_after(self, error: SuperOfficeError, call: _Call, attempt: int) -> float | None:
        """Seconds until the next try; None when there is none, or no time for one."""
        if attempt >= call.tries or (isinstance(error, NotSent) and not error.passing):
            return None
        if isinstance(error, UnreadableAnswer) and error.too_large:
            return None
        planned = jittered(self._backoff[min(attempt, len(self._backoff)) - 1])
        wait = max(planned, error.retry_after or 0.0)
        return wait if time.monotonic() + wait < call.deadline else None

    def _once(self, call: _Call, attempt: int, read: Read[T], begun: _Begun | None) -> T:
        """One try, and a second right after it with a renewed token where that may help.

        Allowed for writes too: what was answered with 401 or 403 was certainly not applied.
        """
        request = begun.request if begun else self._prepared(call)
        try:
            return self._sent(call, request, attempt, read, begun)
        except Refused as error:
            if not self._renewed(request, error):
                raise
        try:
            return self._sent(call, self._prepared(call), attempt, read)
        except Forbidden:  # the token is good, and may not do this
            self._lacked_rights_at = time.monotonic()
            raise

    def _renewed(self, request: requests.PreparedRequest, refusal: Refused) -> bool:
        auth: object = self.auth
        if refusal.status not in (401, 403) or not isinstance(auth, Renewable):
            return False
        lately = time.monotonic() - self._lacked_rights_at < TAKEN_FOR_RIGHTS
        if refusal.status == 403 and lately:
            return False  # renewing on each call helps nobody
        try:
            return auth.renew(request)
        except CredentialsMissing:
            raise
        except SuperOfficeError as error:
            raise refusal from error  # what became of the call is known: nothing

    def _prepared(self, call: _Call) -> requests.PreparedRequest:
        """The request, signed. Raises a NotSent when it may not go there or cannot be signed."""
        addresses.check(call.url, self._allowed_hosts)
        headers = dict(self._headers)
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
        if call.method == "GET":
            # For lists. A write's small answer comes as it is, so that an empty one means null.
            headers["Accept-Encoding"] = "gzip, deflate"
        if self._app_token:
            headers[APP_TOKEN] = sendable(self._app_token)
        try:
            # As `Request.prepare` does, less what we never have: parameters, forms, files, cookies.
            request = requests.PreparedRequest()
            request.prepare_method(call.method)
            request.prepare_url(call.url, None)
            request.prepare_headers(headers)
            request.body = call.body
            # A POST without a body gets `Content-Length: 0` here; IIS answers 411 without (C.2)
            request.prepare_content_length(call.body)
        except (RequestException, ValueError) as error:
            raise HostNotAllowed("The SuperOffice address cannot be called.") from error
        if self.auth is not None:
            _sign(request, self.auth)
        return request

    def _pass(self, call: _Call) -> None:
        if self._gate is not None:
            self._gate.before(write=not call.idempotent, rank=self.rank)

    def _sent(
        self,
        call: _Call,
        request: requests.PreparedRequest,
        attempt: int,
        read: Read[T],
        begun: _Begun | None = None,
    ) -> T:
        """One attempt: through the gate, over the wire, into the log."""
        write = not call.idempotent
        if begun is None:
            self._pass(call)
        started = time.monotonic()
        seconds: float | None = None
        status: int | None = None
        failure: SuperOfficeError | None = None
        try:
            if begun is None:
                answer = self._sender.send(request, write=write, deadline=call.deadline)
            else:
                answer, seconds = begun.answer.result()
            status, headers, body = answer
            self._dated = headers.get("Date"), time.time()
            if not 200 <= status < 300:
                hush = (*self._hush, *_secrets(request, call))
                raise answers.error_for(status, headers, body, secrets=hush)
            return read(status, answers.checked_body(status, body))
        except SuperOfficeError as error:
            failure, status = error, error.status
            raise
        finally:
            seconds = time.monotonic() - started if seconds is None else seconds
            self._tell(
                Exchange(
                    method=call.method,
                    path_pattern=call.pattern,
                    status=status,
                    ms=round(seconds * 1000, 1),
                    attempt=attempt,
                    error=type(failure).__name__ if failure else None,
                    retry_after=failure.retry_after if failure else None,
                    write=write,
                )
            )

    def _tell(self, done: Exchange) -> None:
        exchange.log(done)
        for listener in (self._gate.after if self._gate else None, self._on_exchange):
            try:
                if listener is not None:
                    listener(done)
            except Exception:  # the answer of a write must not get lost over its bookkeeping
                logger.exception("a listener failed after a request")


def _fixed_headers(
    language: str | None, culture: str | None, timezone: str, user_agent: str
) -> dict[str, str]:
    headers = {
        "User-Agent": user_agent,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Accept-Language": language or "en",
        "SO-TimeZone": f"{timezone}, includeTZOffset",
    }
    if language:
        headers["SO-Language"] = language
    if culture:
        headers["SO-Culture"] = culture
    return headers


def _body(options: Options) -> tuple[bytes | None, str | None]:
    """The body and its type, as the options ask."""
    if "form" in options:
        return urlencode(options["form"]).encode(), FORM
    if "json" in options:
        kind = options.get("content_type", "application/json; charset=utf-8")
        return jsontext.dump(options["json"]), kind
    return None, None


def _url(base: str, path: str, params: Mapping[str, Any] | None) -> str:
    below = path if path.startswith("/") else f"/v1/{path}"
    given = {key: _word(value) for key, value in (params or {}).items() if value is not None}
    # `$select` keeps its dollar and spaces become %20, as in every vendor sample (G.1)
    query = f"?{urlencode(given, safe='$', quote_via=quote)}" if given else ""
    return f"{base}{below.rstrip('/')}{query}"


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    return str(value)


def _sign(request: requests.PreparedRequest, auth: AuthBase) -> None:
    """Add the credentials. Whatever goes wrong while they are obtained: nothing has left."""
    try:
        request.prepare_auth(auth)
    except NotSent:
        raise
    except Refused as error:
        raise CredentialsMissing(f"Signing in to SuperOffice failed. {error.detail}") from error
    except SuperOfficeError as error:
        raise Unreachable(
            f"Signing in to SuperOffice failed. {error.detail}", retry_after=error.retry_after
        ) from error


def _secrets(request: requests.PreparedRequest, call: _Call) -> list[str]:
    """What must not be repeated in an error's text: what signs it, and what a form hands over."""
    values = [str(request.headers.get(name, "")) for name in (AUTHORIZATION, APP_TOKEN, XSRF)]
    if call.content_type == FORM and call.body is not None:
        values += [value for _, value in parse_qsl(call.body.decode())]
    return [word for value in values for word in value.split() if len(word) > 7]
