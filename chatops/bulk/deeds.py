"""What can be done to many chats at once: for whom, to which of them, and how to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from chatops.actions import conditions, patches, policy, verbs
from chatops.actions.callers import Caller, Role
from chatops.actions.errors import Invalid
from chatops.actions.fresh import Fresh
from chatops.actions.models import Action
from chatops.actions.perform import Wish
from chatops.actions.policy import Right
from chatops.bulk.models import Deed
from chatops.notebook import notes, reviews
from chatops.notebook.models import Tag
from chatops.remote import abilities
from chatops.remote.models import Agent

JSONDict = dict[str, Any]
#: What may be set to one value in many chats: a customer's own name, mail and phone never are.
FIELDS = ("CustomerCompanyName", *patches.LINK_PATHS)
LONGEST_TAG = 40


@dataclass(frozen=True, slots=True)
class Kind:
    """How one deed is done."""

    right: Right
    #: One session of the run. At SuperOffice it leads to an action; in the notebook to nothing.
    do: Callable[[int, JSONDict, Wish], Action | None]
    #: Raises StateConflict when the chat is not in a state for it; the action asks the same anew.
    fits: Callable[[Fresh, Agent], None] | None = None
    #: Done at SuperOffice, in the person's name.
    remote: bool = True


def _put_tag(session_id: int, asked: JSONDict, wish: Wish) -> None:
    notes.put_tag(wish.caller, session_id, asked["tag"])


def _take_tag(session_id: int, asked: JSONDict, wish: Wish) -> None:
    tag = Tag.objects.filter(folded=asked["tag"].casefold()).first()
    if tag is not None:  # taken off the last chat it stood on, it is no more
        notes.take_tag(wish.caller, session_id, tag.pk)


def _ask_review(session_id: int, _asked: JSONDict, wish: Wish) -> None:
    reviews.ask(wish.caller, session_id)


KINDS: dict[Deed, Kind] = {
    Deed.PICK_UP: Kind(
        Right.ACT, lambda one, _, wish: verbs.pick_up(one, wish=wish), conditions.is_waiting
    ),
    Deed.TRANSFER: Kind(
        Right.TRANSFER,
        lambda one, asked, wish: verbs.transfer(one, asked["to"], wish=wish),
        conditions.can_be_offered,
    ),
    Deed.RESET: Kind(
        Right.RESET, lambda one, _, wish: verbs.reset(one, wish=wish), conditions.can_be_reset
    ),
    Deed.END: Kind(
        Right.SEND,
        lambda one, _, wish: verbs.end_chat(one, wish=wish),
        conditions.is_mine_and_ongoing,
    ),
    Deed.PATCH_SESSION: Kind(
        Right.PATCH,
        lambda one, asked, wish: verbs.patch_session(one, [_change(asked)], wish=wish),
    ),
    Deed.TAG: Kind(Right.TRANSCRIPT, _put_tag, remote=False),
    Deed.UNTAG: Kind(Right.TRANSCRIPT, _take_tag, remote=False),
    Deed.REVIEW: Kind(Right.RESET, _ask_review, remote=False),
}


def offered(caller: Caller) -> list[Deed]:
    """What this person may do to at least some chats. Programs act on one at a time."""
    if caller.token or not caller.roles & {Role.AGENT, Role.LEAD}:
        return []
    held = policy.rights(caller)
    found = [deed for deed, kind in KINDS.items() if kind.right in held]
    return [deed for deed in found if _is_available(deed)]


def _is_available(deed: Deed) -> bool:
    """Whether it is switched on here, and the server at our address can do it."""
    if deed is Deed.END and not settings.ALLOW_END_CHAT:
        return False
    return deed not in {Deed.END, Deed.PATCH_SESSION} or abilities.can_patch()


def asked_of(deed: Deed, form: Mapping[str, str], caller: Caller) -> JSONDict:
    """What the deed needs to know, from a form, checked. Raises Invalid, naming the field."""
    if deed is Deed.TRANSFER:
        target = verbs.associate(form.get("to", ""))
        if target.pk == caller.associate_id:
            raise Invalid("A chat cannot be transferred to yourself.", field="to")
        return {"to": target.pk}
    if deed is Deed.PATCH_SESSION:
        return _field_of(form.get("path", ""), form.get("value", "").strip())
    if deed in {Deed.TAG, Deed.UNTAG}:
        return {"tag": _tag_of(deed, form.get("tag", ""))}
    return {}


def _field_of(path: str, text: str) -> JSONDict:
    if path not in FIELDS:
        raise Invalid("Choose the field that is to be changed.", field="path")
    asked: JSONDict = {"path": path, "value": text}
    if path in patches.LINK_PATHS:
        if text and not (text.isascii() and text.isdecimal() and len(text) <= 10):
            raise Invalid("An id is a whole number; empty means none.", field="value")
        asked["value"] = int(text or 0)
    try:
        patches.parse([_change(asked)])
    except Invalid as error:
        raise Invalid(error.detail, field="value") from error
    return asked


def _change(asked: JSONDict) -> JSONDict:
    return {"op": "replace", "path": asked["path"], "value": asked["value"]}


def _tag_of(deed: Deed, text: str) -> str:
    name = " ".join(text.replace("\0", "").split())
    if not name:
        raise Invalid("Write something.", field="tag")
    if len(name) > LONGEST_TAG:
        raise Invalid(f"At most {LONGEST_TAG} characters.", field="tag")
    if deed is Deed.UNTAG and not Tag.objects.filter(folded=name.casefold()).exists():
        raise Invalid("There is no such tag.", field="tag")
    return name
