"""Bodies made to hurt: each is refused with a problem document, none is a 5xx, nothing is kept."""

import gc
import json
import tracemalloc
from io import BytesIO
from typing import Any

import pytest

from chatops.actions.models import Action
from chatops.api import parsers
from tests.api.conftest import Answer, Program

PATH = "sessions/1/messages/"
BODIES: dict[str, tuple[bytes, int]] = {
    "not JSON": (b"message=hello", 400),
    "cut": (b'{"message": "hel', 400),
    "two values": (b'{"message": "a"} {"message": "b"}', 400),
    "NaN": (b'{"message": NaN}', 400),
    "Infinity": (b'{"message": -Infinity}', 400),
    "beyond a double": (b'{"message": 1e999}', 400),
    "a number of 5,000 digits": (b'{"message": ' + b"9" * 5000 + b"}", 400),
    "U+0000 escaped": (b'{"message": "a\\u0000b"}', 400),
    "U+0000 raw": (b'{"message": "a\x00b"}', 400),
    "U+0000 in a name": (b'{"mess\\u0000age": "a"}', 400),
    "a lone surrogate": (b'{"message": "\\ud83d"}', 400),
    "a surrogate the wrong way round": (b'{"message": "\\udc4d\\ud83d"}', 400),
    "a name twice": (b'{"message": "a", "message": "b"}', 400),
    "a name twice inside": (b'{"message": {"a": 1, "a": 2}}', 400),
    "broken UTF-8": (b'{"message": "\xff\xfe"}', 400),
    "UTF-16": ('{"message": "a"}'.encode("utf-16"), 400),
    "a byte order mark": (b'\xef\xbb\xbf{"message": "a"}', 400),
    "100,000 deep arrays": (b"[" * 100_000 + b"]" * 100_000, 400),
    "100,000 deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    "33 deep": (b"[" * 33 + b"]" * 33, 400),
    "unclosed arrays": (b"[" * 500_000, 400),
    "many quotes": (b'"' + b'\\"' * 400_000, 400),
    "20 MB": (b'{"message": "' + b"x" * 20_000_000 + b'"}', 413),
    "a list": (b"[1]", 422),
    "null": (b"null", 422),
    "a text": (b'"hello"', 422),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_refused_as_a_problem(api: Program, name: str) -> None:
    body, status = BODIES[name]
    answer = api.post(PATH, body)
    assert (answer.status, answer.json["status"]) == (status, status)
    assert answer.code in {"malformed", "too_large", "invalid"}
    assert len(answer.response.content) < 2000
    assert not Action.objects.exists()


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=bz2_codec",
        "application/json; charset=utf-16",
        "application/json; charset=utf-7",
        "application/json; charset=nonsense",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/merge-patch+json",
    ],
)
def test_another_content_type_is_415(api: Program, kind: str) -> None:
    answer = api.post(PATH, b'{"message": "a"}', content_type=kind)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


def test_a_packed_body_is_415(api: Program) -> None:
    answer = api.post(PATH, b"\x1f\x8b", Content_Encoding="gzip")
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert "gzip" in answer.json["detail"]


def test_a_chunked_body_is_read_to_its_end(api: Program) -> None:
    answer = chunked(api, json.dumps({"message": "a", "x": 1}).encode())
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "x")


def test_a_chunked_body_without_end_is_413(api: Program) -> None:
    answer = chunked(api, b'{"message": "' + b"x" * 20_000_000)
    assert (answer.status, answer.code) == (413, "too_large")


def chunked(api: Program, body: bytes) -> Answer:
    """Post without a length, as a server hands on a chunked body."""
    given: Any = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": ""}
    api.client.defaults.update(given | {"CONTENT_TYPE": "application/json"})
    return api.post(PATH, Transfer_Encoding="chunked")


@pytest.mark.parametrize("kind", ["application/json", "application/json-patch+json"])
def test_ten_thousand_operations_are_too_many(api: Program, kind: str) -> None:
    body = [{"op": "replace", "path": "/customer_name", "value": "x"}] * 10_001
    answer = api.patch("sessions/1/", body, content_type=kind)
    assert (answer.status, answer.code) == (422, "invalid")


def test_hostile_bodies_leave_no_memory_behind(api: Program) -> None:
    def all_of_them() -> None:
        for body, _ in BODIES.values():
            api.post(PATH, body)

    all_of_them()
    tracemalloc.start()
    all_of_them()
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < 3_000_000


def test_the_place_of_what_is_wrong_is_told() -> None:
    for body, place in {
        b'{"a": [1, {"b": "x\\u0000"}]}': "/a/1/b",
        b'{"a": 1,\n "b": }': "line 2, column 7",
        b'{"a": "\x01"}': "character at line 1, column 8",
        b'{"a": 1, "a": 2}': '"a"',
        b'{"a": "\xff"}': "byte 7",
    }.items():
        with pytest.raises(parsers.NotStrict, match=place):
            parsers.parse(body)


def test_what_is_strict_is_read_as_it_is() -> None:
    text = '{"a": [1, 2.5, true, null, "👍 \\ud83d\\udc4d ø"], "b": {}}'
    assert parsers.parse(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "header",
    [
        {"If_Match": '"' + "9" * 5000 + '"'},
        {"If_Match": '"99999999999999999999"'},
        {"If_Match": ", ,,"},
        {"Idempotency_Key": "é" * 10},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Bearer \udcff"},
        {"Accept": "*/*;q=x, text/html"},
        {"Content_Type": "a/b/c; charset="},
        {"Host": "evil.example"},
    ],
)
def test_odd_headers_are_never_our_failure(api: Program, header: dict[str, str]) -> None:
    answer = api.call("POST", PATH, {"message": "a"}, **({"Idempotency_Key": "k"} | header))
    assert 400 <= answer.status < 500


def test_what_django_does_not_look_at_is_the_callers_mistake(api: Program) -> None:
    many = "&".join(f"a{one}=1" for one in range(5_000))
    for answer in (api.get(f"sessions/?{many}"), api.get("sessions/", Host="elsewhere.example")):
        assert (answer.status, answer.code) == (400, "malformed")
    api.headers.clear()  # as somebody at the console comes
    refused = api.get("sessions/", Host="elsewhere.example")
    assert (refused.status, refused.code) == (400, "malformed")


@pytest.mark.parametrize(
    "path",
    [
        "sessions/99999999999999999999999999/",
        "sessions/2147483648/",
        "sessions/2147483648/messages/",
        "sessions/-1/",
        "actions/99999999999999999999999999/",
        "actions/9223372036854775807/",
        "nothing/",
        "sessions/1/nothing/",
    ],
)
def test_ids_beyond_what_a_column_holds_are_not_found(api: Program, path: str) -> None:
    answer = api.get(path)
    assert (answer.status, answer.code) == (404, "not_found")
