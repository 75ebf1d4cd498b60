"""Personal data of a chat, shown to one person for a while: for a reason, and noted.

Whether it is shown is `policy`'s answer; here it is asked for. The trail keeps the reason that was
chosen; words of one's own stay out of it, because operators read it, and are erased with the chat.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chatops.actions import policy, trail
from chatops.actions.callers import Caller
from chatops.actions.errors import Invalid
from chatops.actions.models import Unmasking
from chatops.actions.policy import Right

Reason = Unmasking.Reason
MOST_WORDS = 400


@transaction.atomic
def unmask(caller: Caller, session_id: int, reason: str, words: str = "") -> Unmasking:
    """Show this chat's personal data to the caller, for UNMASK_MINUTES from now.

    Raises NotFound; Forbidden to whom the matrix does not allow it; Invalid without a reason.
    """
    policy.require(caller, Right.UNMASK, session_id)
    words = " ".join(words.replace("\0", "").split())
    require_reason(reason)
    if reason == Reason.OTHER and not words:
        raise Invalid("Write down the reason.", field="words")
    if len(words) > MOST_WORDS:
        raise Invalid(f"At most {MOST_WORDS} characters.", field="words")
    mask(caller, session_id)
    now = timezone.now()
    until = now + timedelta(minutes=settings.UNMASK_MINUTES)
    made = Unmasking.objects.create(
        person=caller.user, session_id=session_id, reason=reason, words=words, at=now, until=until
    )
    trail.record(
        "unmasked",
        caller=caller,
        session_id=session_id,
        object=f"unmasking:{made.pk}",
        detail={"reason": reason, "until": until.isoformat()},
    )
    return made


def require_reason(reason: str) -> None:
    """Raises Invalid when it is none of those one can choose."""
    if reason not in Reason.values:
        raise Invalid("Choose a reason.", field="reason")


@transaction.atomic
def mask(caller: Caller, session_id: int) -> None:
    """Mask again before the time is over."""
    now = timezone.now()
    shown = Unmasking.objects.filter(person=caller.user, session_id=session_id, until__gt=now)
    if shown.update(until=now):
        trail.record("masked_again", caller=caller, session_id=session_id)
