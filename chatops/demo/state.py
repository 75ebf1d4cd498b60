"""The office in a file, so that a demo goes on where it was: one JSON document.

Besides chats it keeps what callers hold on to over a restart: webhooks, refresh tokens, the app's
key. So the file is readable by its owner only.
"""

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from chatops.demo.cast import hire
from chatops.demo.door import Door
from chatops.demo.hooks import Hook
from chatops.demo.office import Office
from chatops.demo.records import Message, Session

FORMAT = 1
JUMP = 1000  # ids that may have been given out after the last save are never given out again
DATES = {
    "requested",
    "started",
    "ended",
    "idle",
    "fetched",
    "modified",
    "posted",
    "registered",
    "updated",
}


def save(door: Door, path: Path) -> None:
    """Write it atomically: beside the file, then in its place."""
    office = door.office
    with office.lock:
        document = {
            "format": FORMAT,
            "session_ids": office.session_ids,
            "message_ids": office.message_ids,
            "hook_ids": door.hooks.ids,
            "sessions": [office.raw(session) for session in office.sessions.values()],
            "people": [[p.id, p.present, p.deleted] for p in office.people.values()],
            "hooks": [asdict(hook) for hook in door.hooks.rows.values()],
            "refresh_tokens": door.identity.refresh_tokens,
            "app_key": door.sign_in.keys.app_pem() if door.sign_in.keys.app_made else None,
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(path.suffix + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
        json.dump(document, file, ensure_ascii=False, default=datetime.isoformat)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def load(path: Path, *, seed: int) -> Door | None:
    """The office of the file behind its door; None when there is none or of another format."""
    try:
        document = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return None
    office = Office(seed=seed)
    hire(office)
    door = Door(office)
    for row in document["sessions"]:
        messages = row.pop("messages")
        session = Session(**revived(row))
        office.add(session)
        for message in messages:
            office.add_message(session, Message(**revived(message)))
    for number, present, deleted in document["people"]:
        if number in office.people:
            office.people[number].present, office.people[number].deleted = present, deleted
    office.session_ids = document["session_ids"] + JUMP
    office.message_ids = document["message_ids"] + JUMP
    door.hooks.ids = document["hook_ids"]
    door.hooks.rows = {row["id"]: Hook(**revived(row)) for row in document["hooks"]}
    door.identity.refresh_tokens = document["refresh_tokens"]
    if document["app_key"]:
        door.sign_in.keys.load_app(document["app_key"])
    return door


def revived(row: dict[str, Any]) -> dict[str, Any]:
    """Dates back from ISO texts."""
    return {
        name: datetime.fromisoformat(value) if name in DATES and value else value
        for name, value in row.items()
    }
