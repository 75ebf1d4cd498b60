"""Between the server and Django's threads: whole answers whole, streamed ones piece by piece."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from chatops.bridge import Bridge

Told = list[dict[str, Any]]
SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/api/v1/æ/",
    "query_string": b"a=1",
    "headers": [(b"content-length", b"4"), (b"x-request-id", b"one")],
}


def answered(make: Callable[[dict[str, Any]], HttpResponseBase], body: bytes = b"") -> Told:
    """What the server is told when an application answers so."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
        answer = make(environ)
        status = f"{answer.status_code} {answer.reason_phrase}"
        start_response(status, list(answer.items()))
        return answer

    told: Told = []

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    asyncio.run(Bridge(app, 1)(SCOPE, body, send))
    return told


def test_a_request_comes_as_it_was_sent_and_its_answer_goes_out_whole() -> None:
    seen: dict[str, Any] = {}

    def make(environ: dict[str, Any]) -> HttpResponse:
        seen.update(environ, body=environ["wsgi.input"].read())
        return HttpResponse([b"as ", b"one"], status=201, headers={"X-Answer": "yes"})

    start, end = answered(make, b"body")
    assert (seen["REQUEST_METHOD"], seen["QUERY_STRING"], seen["body"]) == ("POST", "a=1", b"body")
    assert seen["PATH_INFO"].encode("latin1").decode() == "/api/v1/æ/"
    assert (seen["CONTENT_LENGTH"], seen["HTTP_X_REQUEST_ID"]) == ("4", "one")
    assert (start["status"], (b"x-answer", b"yes") in start["headers"]) == (201, True)
    assert (end["body"], "more_body" in end) == (b"as one", False)


def test_a_streamed_answer_goes_out_piece_by_piece_from_one_thread() -> None:
    at_work: set[int] = set()

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            at_work.add(threading.get_ident())
            yield b"%d" % number

    start, *rest = answered(lambda _: StreamingHttpResponse(pieces()))
    assert start["status"] == 200
    assert [one["body"] for one in rest] == [b"0", b"1", b"2", b""]
    assert [one.get("more_body", False) for one in rest] == [True, True, True, False]
    assert len(at_work) == 1  # a database connection belongs to its thread


def test_an_answer_that_fails_half_way_is_closed_and_not_ended_as_if_it_were_whole() -> None:
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the other half is missing")

    class Closing(StreamingHttpResponse):
        def close(self) -> None:
            closed.append(True)

    with pytest.raises(RuntimeError, match="the other half"):
        answered(lambda _: Closing(pieces()))
    assert closed == [True]
