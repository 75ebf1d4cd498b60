"""SuperOffice's words as people read them: label, tone and icon of every status and special type.

A word that is not here is shown as it came: the mirror stores what it never saw before.
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chatops.actions.models import State
from chatops.bulk.models import Deed, RowState, Stage
from chatops.superoffice.entities import ChatMessageSpecialType as Special
from chatops.superoffice.entities import ChatSessionStatus as Status

Text = str | Promise


class Word(NamedTuple):
    """How something is shown; `tone` is a class of the style sheet."""

    label: Text
    tone: str = ""
    icon: str = ""


#: Labels are those of SuperOffice's own client (contract, E.1).
STATUS: dict[str, Word] = {
    Status.INVALID: Word(_("Invalid")),
    Status.PRE_CHAT_FORM: Word(_("Pre-chat form"), "odd"),
    Status.FAQ: Word(_("FAQ link"), "odd"),
    Status.OFFLINE_FORM: Word(_("Offline form"), "odd"),
    Status.IN_QUEUE: Word(_("Waiting"), "warn"),
    Status.CUSTOMER_LAST: Word(_("Waiting for agent"), "calm"),
    Status.USER_LAST: Word(_("Waiting for customer"), "good"),
    Status.FINISHED: Word(_("Finished")),
    Status.DELETED: Word(_("Deleted")),
    Status.CLOSED: Word(_("Closed")),
    Status.REQUEST_POSTED: Word(_("Request posted")),
    Status.CLOSED_FROM_QUEUE: Word(_("Closed in queue")),
}

STATE: dict[str, Word] = {
    State.QUEUED: Word(_("Queued"), "calm", "clock"),
    State.SENDING: Word(_("Sending"), "calm", "clock"),
    State.DONE: Word(_("Done"), "good", "check"),
    State.NO_EFFECT: Word(_("No effect"), "", "info"),
    State.REFUSED: Word(_("Refused"), "bad", "cross"),
    State.UNKNOWN: Word(_("Not confirmed"), "warn", "clock"),
    State.NEEDS_PERSON: Word(_("Needs you"), "bad", "alert"),
    State.EXPIRED: Word(_("Never sent"), "", "clock"),
    State.CANCELLED: Word(_("Cancelled"), "", "cross"),
    State.CLOSED: Word(_("Closed by a person"), "", "check"),
}

#: What is done to many chats at once.
DEED: dict[str, Word] = {
    Deed.PICK_UP: Word(_("Pick up"), "", "pickup"),
    Deed.TRANSFER: Word(_("Transfer to a colleague"), "", "transfer"),
    Deed.RESET: Word(_("Back to queue"), "", "reset"),
    Deed.END: Word(_("End chat"), "", "logout"),
    Deed.PATCH_SESSION: Word(_("Edit a field"), "", "pencil"),
    Deed.TAG: Word(_("Put on a tag"), "", "tag"),
    Deed.UNTAG: Word(_("Take off a tag"), "", "tag"),
    Deed.REVIEW: Word(_("To the review queue"), "", "star"),
}

STAGE: dict[str, Word] = {
    Stage.DRAFT: Word(_("Not started"), "warn", "clock"),
    Stage.RUNNING: Word(_("Under way"), "calm", "clock"),
    Stage.CANCELLED: Word(_("Cancelled"), "", "cross"),
    Stage.ENDED: Word(_("Ended"), "good", "check"),
}

#: A row of a run; one that is acted is told by its action.
ROW: dict[str, Word] = {
    RowState.WAITING: Word(_("To come"), "calm", "clock"),
    RowState.BEGUN: Word(_("Under way"), "calm", "clock"),
    RowState.DONE: Word(_("Done"), "good", "check"),
    RowState.REFUSED: Word(_("Not done"), "bad", "cross"),
    RowState.EXPIRED: Word(_("Too late"), "", "clock"),
    RowState.CANCELLED: Word(_("Cancelled"), "", "cross"),
    RowState.LEFT_OUT: Word(_("Left out"), "", "info"),
}

#: What became of rows, as `bulk.runs` groups them.
OUTCOME: dict[str, Text] = {
    "coming": _("To come"),
    "done": _("Done"),
    "open": _("Not confirmed"),
    "needs": _("Needs you"),
    "not_done": _("Not done"),
    "left_out": _("Left out"),
}

#: Special messages that are events and no speech; the text of the message is shown with them.
EVENTS: dict[str, Word] = {
    Special.URL: Word(_("Link sent"), "", "link"),
    Special.BLOCK: Word(_("Blocked"), "bad", "cross"),
    Special.NEW_SESSION: Word(_("Chat began"), "", "chats"),
    Special.TRANSFERED_SESSION: Word(_("Transferred"), "", "transfer"),
    Special.ERROR: Word(_("Error"), "bad", "alert"),
    Special.SESSION_DELETED: Word(_("Chat deleted"), "", "trash"),
    Special.FAQ_SUCCESS_QUESTION: Word(_("Asked whether the FAQ helped"), "", "info"),
    Special.CLOSED_BY_USER: Word(_("Ended by the agent"), "", "check"),
    Special.CLOSED_BY_CUSTOMER: Word(_("Ended by the customer"), "", "logout"),
    Special.CLOSED_BY_IDLE: Word(_("Ended: nobody wrote any more"), "", "clock"),
    Special.TRANSFER_REJECTED: Word(_("Transfer rejected"), "warn", "cross"),
    Special.REOPENED_BY_CUSTOMER: Word(_("Reopened by the customer"), "", "reset"),
    Special.CLICKED_OPTION: Word(_("Customer chose"), "", "check"),
    Special.ILLEGAL_FILE_TYPE: Word(_("File refused: its type is not allowed"), "warn", "alert"),
}


def status(word: str) -> Word:
    """How a session's status is shown."""
    return STATUS.get(word) or Word(word, "odd")


def state(word: str) -> Word:
    """How the state of an action is shown."""
    return STATE.get(word) or Word(word)
