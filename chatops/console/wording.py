"""SuperOffice's words as people read them: label, tone and icon of every status and special type.

A word that is not here is shown as it came: the mirror stores what it never saw before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chatops.actions.models import State, Verb
from chatops.bulk.models import Deed, RowState, Stage
from chatops.console import sentences
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

#: What came back of a call, by the name under which an action keeps it: for people.
ANSWERS: dict[str, Text] = {
    "": _("SuperOffice answered."),
    "Unreachable": _("SuperOffice could not be reached. Nothing was sent."),
    "DeadlinePassed": _("No time was left to send it. Nothing was sent."),
    "HostNotAllowed": _("The address of SuperOffice is not one that may be called."),
    "CredentialsMissing": _("There was no account to send it with. Nothing was sent."),
    "GateClosed": _("SuperOffice was not called: it is given a pause. Nothing was sent."),
    "AnswerLost": _("It was sent, and no answer came back."),
    "ServerFailed": _("SuperOffice had trouble of its own and did not say whether it took it."),
    "UnreadableAnswer": _("SuperOffice answered, but not in a way that can be read."),
    "Unauthorized": _("SuperOffice did not accept the account."),
    "Forbidden": _("SuperOffice does not allow this to the account."),
    "NotFound": _("SuperOffice does not have this chat."),
    "Conflict": _("The chat had changed at SuperOffice meanwhile."),
    "Stale": _("The chat had changed at SuperOffice meanwhile."),
    "Misdirected": _("SuperOffice has moved to another address."),
    "Throttled": _("SuperOffice asked us to call less often."),
    "Refused": _("SuperOffice said no."),
}

#: What a line of the trail says.
TRAIL: dict[str, Text] = {
    "account_linked": _("SuperOffice account linked"),
    "account_unlinked": _("SuperOffice account unlinked"),
    "action_moved": _("Under way"),
    "action_settled": _("Settled"),
    "appeared_twice": _("Appeared twice at SuperOffice"),
    "bulk_started": _("Many chats at once begun"),
    "bulk_cancelled": _("Many chats at once cancelled"),
    "bulk_ended": _("Many chats at once ended"),
    "criterion_defined": _("Criterion added"),
    "criterion_retired": _("Criterion taken off"),
    "erased": _("Customer erased"),
    "export_started": _("Export begun"),
    "export_ended": _("Export ended"),
    "hints_again": _("Hints looked at again"),
    "masked_again": _("Personal data masked again"),
    "messages_searched": _("Searched in what was said"),
    "note_written": _("Note written"),
    "note_removed": _("Note removed"),
    "person_added": _("Person added"),
    "person_changed": _("Person changed"),
    "retention": _("Forgotten by age"),
    "review_asked": _("Review asked for"),
    "review_done": _("Review done"),
    "review_dropped": _("Review dropped"),
    "signed_in": _("Signed in"),
    "subscription_created": _("Subscription made"),
    "subscription_changed": _("Subscription changed"),
    "subscription_deleted": _("Subscription deleted"),
    "subscription_redelivered": _("Subscription delivered again"),
    "subscription_rotated": _("Subscription has a new secret"),
    "subscription_stopped": _("Subscription switched off"),
    "tag_put": _("Tagged"),
    "tag_taken": _("Tag taken off"),
    "token_created": _("Token made"),
    "token_revoked": _("Token revoked"),
    "trail_cut": _("Old lines of the trail dropped"),
    "transcript_viewed": _("Conversation read"),
    "unmasked": _("Personal data shown"),
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


def answer(kept: Mapping[str, Any]) -> Text:
    """What came back of a call, as an action keeps it."""
    return ANSWERS.get(kept.get("error") or "") or _("Something else went wrong.")


def trail(what: str, after: str = "") -> Text:
    """What a line of the trail says: an action begins under the name of its verb."""
    if after == State.NEEDS_PERSON:
        return _("Handed to a person")
    return TRAIL.get(what) or sentences.told(Verb(what).label if what in Verb.values else what)
