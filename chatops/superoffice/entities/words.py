"""SuperOffice's enums: the words that travel in JSON, with their numbers (contract E.1, E.2).

Entities keep the text they were given, so a word that is not here is stored, not a crash. The
members are strings: `session.status == ChatSessionStatus.IN_QUEUE` compares texts.
"""

from enum import StrEnum
from typing import Any, Self


class Word(StrEnum):
    """A word and the number it has in lists and in the database."""

    number: int

    def __new__(cls, word: str, number: int) -> Self:
        member = str.__new__(cls, word)
        member._value_ = word
        member.number = number
        return member

    @classmethod
    def read(cls, value: Any) -> str:
        """The word for a JSON value: numbers become words, unknown words stay as they are."""
        if isinstance(value, str) and not value.isdecimal():
            return value
        if value is None or isinstance(value, bool | list | dict):
            return str(next(iter(cls)))  # a value type: "nothing" is the first word (contract E)
        return next((str(w) for w in cls if str(w.number) == str(value)), str(value))


class ChatSessionStatus(Word):
    """Where a session is in its life."""

    INVALID = "Invalid", 0
    PRE_CHAT_FORM = "PreChatForm", 1
    FAQ = "Faq", 2
    OFFLINE_FORM = "OfflineForm", 3
    IN_QUEUE = "InQueue", 4
    CUSTOMER_LAST = "CustomerLast", 5
    USER_LAST = "UserLast", 6
    FINISHED = "Finished", 7
    DELETED = "Deleted", 8
    CLOSED = "Closed", 9
    REQUEST_POSTED = "RequestPosted", 10
    CLOSED_FROM_QUEUE = "ClosedFromQueue", 11


#: The chat goes on, or has not begun yet.
OPEN_STATUSES = frozenset(str(s) for s in ChatSessionStatus if 1 <= s.number <= 6)
#: The chat is over; `Finished` may be reopened by the customer.
CLOSED_STATUSES = frozenset(str(s) for s in ChatSessionStatus if s.number >= 7)


class ChatMessageType(Word):
    """Which way a message went."""

    INVALID = "Invalid", 0
    TO_CUSTOMER = "ToCustomer", 1
    TO_USER = "ToUser", 2
    SPECIAL = "Special", 3


class ChatMessageSpecialType(Word):
    """What a message is besides text. 4 is not used; the spelling of 6 is theirs."""

    NONE = "None", 0
    WELCOME = "Welcome", 1
    URL = "Url", 2
    BLOCK = "Block", 3
    NEW_SESSION = "NewSession", 5
    TRANSFERED_SESSION = "TransferedSession", 6
    ERROR = "Error", 7
    SESSION_DELETED = "SessionDeleted", 8
    FAQ_SUCCESS_QUESTION = "FaqSuccessQuestion", 9
    CLOSED_BY_USER = "ClosedByUser", 10
    CLOSED_BY_CUSTOMER = "ClosedByCustomer", 11
    CLOSED_BY_IDLE = "ClosedByIdle", 12
    TRANSFER_REJECTED = "TransferRejected", 13
    REOPENED_BY_CUSTOMER = "ReopenedByCustomer", 14
    CLICKED_OPTION = "ClickedOption", 15
    BOT_MESSAGE = "BotMessage", 16
    OPTIONS = "Options", 17
    ILLEGAL_FILE_TYPE = "IllegalFileType", 18


class WebhookState(Word):
    """Whether SuperOffice calls a webhook (contract I.2)."""

    UNKNOWN = "Unknown", 0
    ACTIVE = "Active", 1
    STOPPED = "Stopped", 2
    TOO_MANY_ERRORS = "TooManyErrors", 3
