"""Carriers as SuperOffice answers them, and what is held of them."""

import json
from typing import Any

from chatops.mirror import ingest
from chatops.mirror.ingest import Answer, Counts

JSONDict = dict[str, Any]


def session(session_id: int = 844, **fields: Any) -> JSONDict:
    """A ChatSessionEntity carrier (contract, E.1)."""
    carrier: JSONDict = {
        "ChatSessionId": session_id,
        "TopicId": 7,
        "User": None,
        "Person": None,
        "CustomerHost": "192.0.2.7",
        "CustomerName": "Greta Moen",
        "CustomerEmail": "greta@moen.example",
        "CustomerPhone": "+47 555 01 234",
        "CustomerCompanyName": "Moen AS",
        "Status": "InQueue",
        "FirstMessage": "Hello",
        "LastMessage": "Hello",
        "WhenRequested": "2026-03-02T09:15:00Z",
        "WhenStarted": None,
        "WhenEnded": None,
        "WhenIdle": "2026-03-02T09:15:00Z",
        "WhenFetched": "2026-03-02T09:15:01Z",
        "SessionKey": "the-customers-secret",
        "InitialQueuePos": 1,
        "AlertLevel": 0,
        "Flags": "None",
        "TransferTo": None,
        "ChatbotIsActive": False,
        "Rating": 0,
        "TableRight": None,
        "FieldProperties": {},
    }
    return {**carrier, **fields}


def associate(associate_id: int, name: str = "Mia Berg", **fields: Any) -> JSONDict:
    """An Associate carrier (contract, M.1)."""
    return {"AssociateId": associate_id, "EjUserId": associate_id + 40, "FullName": name, **fields}


def message(message_id: int, text: str = "Hello", session_id: int = 844, **fields: Any) -> JSONDict:
    """A ChatMessage carrier (contract, E.2)."""
    carrier: JSONDict = {
        "ChatMessageId": message_id,
        "ChatSessionId": session_id,
        "Type": "ToUser",
        "Message": text,
        "Author": "Greta Moen",
        "ReadByCustomer": 1,
        "SpecialType": "None",
        "SpecialParam": "",
        "WhenPosted": "2026-03-02T09:16:00Z",
    }
    return {**carrier, **fields}


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def read_session(carrier: JSONDict, *, reading: int | None = None) -> Counts:
    """What `GET ChatSession/{id}` answered, stored."""
    answer = Answer(carrier["ChatSessionId"], body(carrier))
    return ingest.store_sessions([answer], reading=reading or ingest.next_reading())


def read_messages(
    *carriers: JSONDict,
    session_id: int = 844,
    complete: bool = True,
    reading: int | None = None,
) -> Counts:
    """What `GET …/Messages` answered, stored."""
    return ingest.store_messages(
        [Answer(session_id, body(list(carriers)))],
        reading=reading or ingest.next_reading(),
        complete=complete,
    )
