"""Sessions and messages as SuperOffice would answer them: the same bytes in every run."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

JSONDict = dict[str, Any]
MESSAGES = 10
TOPICS = tuple(range(1, 13))
ASSOCIATES = tuple(range(1, 41))
START = datetime(2024, 1, 1, 8, tzinfo=UTC)
_SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "da",
    "de",
    "di",
    "do",
    "ka",
    "ke",
    "ki",
    "ko",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ni",
    "no",
    "ra",
    "re",
]


def _vocabulary(size: int) -> list[str]:
    dice = random.Random(7)
    words: dict[str, None] = {}
    while len(words) < size:
        words["".join(dice.choices(_SYLLABLES, k=dice.randint(2, 5)))] = None
    return list(words)


#: Words by how often they are said: like those of a language, few are said most of the time.
WORDS = _vocabulary(20_000)
_WEIGHTS = [1 / rank for rank in range(1, len(WORDS) + 1)]
_TOTALS = [sum(_WEIGHTS[:1])]
for _weight in _WEIGHTS[1:]:
    _TOTALS.append(_TOTALS[-1] + _weight)


class Visit(NamedTuple):
    """A session and its messages, as two answers."""

    session_id: int
    session: bytes
    messages: bytes


def sentence(dice: random.Random) -> str:
    """Four to twenty words."""
    return " ".join(dice.choices(WORDS, cum_weights=_TOTALS, k=dice.randint(4, 20)))


def associate(one: int) -> JSONDict:
    """An Associate carrier (contract, M.1)."""
    return {
        "AssociateId": one,
        "Name": f"A{one}",
        "PersonId": 100 + one,
        "Rank": 0,
        "Tooltip": "",
        "Type": "InternalAssociate",
        "GroupIdx": 2,
        "FullName": f"Associate {one}",
        "FormalName": f"Associate {one}",
        "Deleted": False,
        "EjUserId": 40 + one,
        "UserName": f"associate{one}",
        "ExtraFields": None,
        "CustomFields": None,
    }


def session(one: int, *, changed: bool = False) -> JSONDict:
    """A ChatSessionEntity carrier (contract, E.1)."""
    dice = random.Random(one)
    requested = START + timedelta(minutes=one)
    name = f"{dice.choice(WORDS).title()} {dice.choice(WORDS).title()}"
    return {
        "ChatSessionId": one,
        "TopicId": dice.choice(TOPICS),
        "User": associate(dice.choice(ASSOCIATES)),
        "Person": None,
        "CustomerAlias": name,
        "CustomerHost": f"192.0.2.{one % 256}",
        "CustomerName": name,
        "CustomerEmail": f"customer{one % 9973}@example.net",
        "CustomerPhone": f"+47 555 {one % 100_000:05}",
        "CustomerConsented": True,
        "CustomerCompanyName": f"{dice.choice(WORDS).title()} AS",
        "Status": "Closed" if dice.random() < 0.98 else "UserLast",
        "FirstMessage": sentence(dice),
        "LastMessage": sentence(dice),
        "WhenRequested": requested.isoformat(),
        "WhenStarted": (requested + timedelta(seconds=40)).isoformat(),
        "WhenEnded": (requested + timedelta(minutes=12)).isoformat(),
        "WhenIdle": (requested + timedelta(minutes=11)).isoformat(),
        "WhenFetched": (requested + timedelta(minutes=10)).isoformat(),
        "SessionKey": f"key-{one}",
        "InitialQueuePos": dice.randint(1, 5),
        "AlertLevel": 0,
        "Rank": 0,
        "Flags": "None",
        "Contact": None,
        "Project": None,
        "Sale": None,
        "Ticket": None,
        "TransferTo": None,
        "ChatbotIsActive": False,
        "Rating": dice.randint(1, 5) if changed else dice.randint(0, 5),
        "TableRight": None,
        "FieldProperties": {},
    } | ({"CustomerConsented": False} if changed else {})


def messages(one: int, *, changed: bool = False) -> list[JSONDict]:
    """The ChatMessage carriers of a session (contract, E.2)."""
    dice = random.Random(-one)
    at = START + timedelta(minutes=one)
    return [
        {
            "ChatMessageId": one * MESSAGES + number,
            "ChatSessionId": one,
            "Type": ("ToUser", "ToCustomer")[number % 2],
            "Message": sentence(dice),
            "Author": "Customer" if number % 2 == 0 else "Associate",
            "ReadByCustomer": 2 if changed and number == MESSAGES - 1 else number % 2,
            "SpecialType": "None",
            "SpecialParam": "",
            "WhenPosted": (at + timedelta(seconds=30 * number)).isoformat(),
        }
        for number in range(MESSAGES)
    ]


def visits(count: int, *, first: int = 1, changed_every: int = 0) -> Iterator[Visit]:
    """That many sessions, each `changed_every`-th of them changed since."""
    for one in range(first, first + count):
        changed = bool(changed_every) and one % changed_every == 0
        yield Visit(
            one,
            json.dumps(session(one, changed=changed)).encode(),
            json.dumps(messages(one, changed=changed)).encode(),
        )
