"""A file over the wire: as long as somebody reads it, and no longer."""

import asyncio
import socket
from typing import Any

import pytest

from chatops.asgi import Gone, Reader
from tests.ops.place import Place, Site, eventually

EXPORT = "/api/v1/sessions/export/?as=jsonl"
#: More than the kernel takes in for a reader who does not read.
CHATS = 8_000
STORE = f"""
import json
from chatops.mirror.models import ChatSession
text = json.dumps({{"first_message": "x" * 4_000}})
row = dict(status="Closed", is_open=False, raw="{{}}", rendered=text, masked=text, topic_id=7)
chats = (ChatSession(pk=pk, **row) for pk in range(1, {CHATS} + 1))
ChatSession.objects.bulk_create(chats, batch_size=500)
"""
ENDED = """
from chatops.actions.models import TrailEntry
out = [one.detail for one in TrailEntry.objects.filter(what="export_ended")]
"""


def key_of_an_auditor(place: Place) -> str:
    place.command("person", "add", "audrey", "--role", "auditor")
    scopes = ("read", "export", "transcripts")
    made = place.command(
        "token", "create", "--person", "audrey", "--label", "x", "--scope", *scopes
    )
    return made.strip()


def left_after_the_beginning(site: Site, key: str) -> None:
    """Read the first bytes of the file, and go."""
    host, _, port = site.url.removeprefix("http://").partition(":")
    head = f"GET {EXPORT} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(head.encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_file_ends_when_its_reader_has_gone_and_the_trail_says_so(place: Place) -> None:
    place.do(STORE)
    site = place.serve("--no-worker")
    key = key_of_an_auditor(place)
    left_after_the_beginning(site, key)
    (left,) = eventually(lambda: place.do(ENDED))
    assert left["complete"] is False
    assert left["rows"] < CHATS
    # Who reads to the end gets everything, and that is said as well.
    whole = site.get(EXPORT, Authorization=f"Bearer {key}")
    assert whole.body.count(b"\n") == CHATS
    (_, read) = eventually(lambda: len(found := place.do(ENDED)) == 2 and found)
    assert read == {"rows": CHATS, "complete": True}
    assert "Traceback" not in place.log()


def test_who_left_before_the_first_piece_gets_none_made_for_them() -> None:
    taken: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        taken.append(message)  # as uvicorn does: without a word

    async def answer() -> None:
        reader = Reader(receive, send)
        await reader.send({"type": "http.response.start", "status": 200, "headers": []})
        with pytest.raises(Gone):
            await reader.send({"type": "http.response.body", "body": b"1", "more_body": True})

    asyncio.run(answer())
    assert len(taken) == 2
