"""Making, changing and ending subscriptions; whose they are, and whether they still may be."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from chatops.actions import policy, trail
from chatops.actions.callers import Caller, caller_of
from chatops.actions.errors import Invalid, NotFound, StateConflict
from chatops.actions.models import ApiToken
from chatops.mirror import feed
from chatops.mirror.models import Change
from chatops.mirror.querysets import ChatSessionQuerySet
from chatops.remote.fields import SecretUnreadable
from chatops.subscriptions import addresses
from chatops.subscriptions.models import State, Subscription

PREFIX = "whs_"
#: Read where something is signed: one that cannot be decrypted must not hide the rest.
SECRETS = ("secret", "previous_secret")


class SecretLost(StateConflict):
    """What it signs with cannot be read any more; `rotate` makes another."""

    code, title = "secret_unreadable", "The secret cannot be read"

    def __init__(self) -> None:
        super().__init__(
            "The secret of this subscription cannot be read any more: the key it was encrypted "
            "with is lost. A new one is the way out: rotate it, and switch the subscription on "
            "again if it is off."
        )


def visible(caller: Caller) -> list[Subscription]:
    """The owner's own; for a token limited to topics, those that stay within them."""
    mine = Subscription.objects.filter(owner=caller.user).defer(*SECRETS).order_by("id")
    return [one for one in mine if _covers(caller.topics, one.topics)]


def silent(owner: User) -> list[Subscription]:
    """Those of a person that somebody else than their owner switched off: `notice` says why."""
    mine = Subscription.objects.filter(owner=owner, state=State.STOPPED).exclude(notice="")
    return list(mine.defer(*SECRETS).order_by("id"))


def find(subscription_id: int, caller: Caller) -> Subscription:
    """One of them. Raises NotFound, also for somebody else's."""
    for one in visible(caller):
        if one.pk == subscription_id:
            return one
    raise NotFound(f"There is no subscription {subscription_id}.")


def _covers(limit: frozenset[int] | None, topics: Sequence[int]) -> bool:
    return limit is None or (bool(topics) and limit.issuperset(topics))


def reach(subscription: Subscription) -> ChatSessionQuerySet | None:
    """The sessions of which it may be told now; None when its owner holds no living token that may
    follow the feed for its topics.

    By owner and not by the token it was made with: a token is rotated, a subscription goes on.
    """
    held = ApiToken.objects.filter(
        owner_id=subscription.owner_id,
        owner__is_active=True,
        revoked_at=None,
        expires_at__gt=timezone.now(),
    )
    for token in held.select_related("owner__agent"):
        caller = caller_of(token.owner, token=token, source="ops")
        if "feed" in caller.scopes and _covers(caller.topics, subscription.topics):
            within = policy.reach(caller)
            return within.about(subscription.topics) if subscription.topics else within
    return None


def create(
    url: str,
    *,
    caller: Caller,
    label: str = "",
    kinds: Sequence[str] = (),
    topics: Sequence[int] = (),
) -> tuple[Subscription, str]:
    """A new one, from the feed's present end on; with its secret, which is never shown again.

    Raises Invalid with the field, and StateConflict when the owner has SUBSCRIPTIONS_MAX already.
    """
    _check(caller, url=url, kinds=kinds, topics=topics)
    if not topics and caller.topics is not None:
        topics = sorted(caller.topics)
    secret = _fresh_secret()
    with transaction.atomic():
        if Subscription.objects.filter(owner=caller.user).count() >= settings.SUBSCRIPTIONS_MAX:
            raise StateConflict(
                f"There are {settings.SUBSCRIPTIONS_MAX} subscriptions already.",
                code="too_many_subscriptions",
            )
        now = feed.position()
        made = Subscription.objects.create(
            owner=caller.user,
            label=label,
            url=url,
            secret=secret,
            kinds=sorted(set(kinds)),
            topics=sorted(set(topics)),
            number=now.last,
            epoch=now.epoch,
        )
        _record("subscription_created", made, caller)
    return made, secret


def _fresh_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def rotate(
    subscription: Subscription, *, caller: Caller, overlap: float | None = None
) -> tuple[Subscription, str]:
    """A new secret, which is never shown again. The old one signs beside it for `overlap` seconds
    (default: SUBSCRIPTION_OVERLAP_SECONDS), so that a receiver can change over at its leisure; an
    even older one ends at once.
    """
    seconds = settings.SUBSCRIPTION_OVERLAP_SECONDS if overlap is None else overlap
    secret = _fresh_secret()
    with transaction.atomic():
        rows = Subscription.objects.select_for_update().defer(*SECRETS)
        held = rows.get(pk=subscription.pk)
        old = _old_secret(held) if seconds else ""
        held.previous_secret = old
        held.previous_until = timezone.now() + timedelta(seconds=seconds) if old else None
        held.secret = secret
        held.save(update_fields=["secret", "previous_secret", "previous_until"])
        _record("subscription_rotated", held, caller)
    return held, secret


def _old_secret(subscription: Subscription) -> str:
    try:
        return subscription.secret
    except SecretUnreadable:
        return ""  # nobody signs with it any more: a new one is the way out


def secrets_of(subscription: Subscription) -> list[str]:
    """What signs a delivery now, the newest first. Raises SecretUnreadable."""
    until = subscription.previous_until
    both = until is not None and until > timezone.now() and subscription.previous_secret
    return [subscription.secret, *([subscription.previous_secret] if both else [])]


def switch(subscription: Subscription, *, on: bool, caller: Caller) -> Subscription:
    """For operators: off, with a notice for its owner, or on again, from where it was."""
    state = State.ACTIVE if on else State.STOPPED
    notice = "" if on else "An operator switched it off."
    return change(subscription, {"state": state}, caller=caller, notice=notice)


def change(
    subscription: Subscription, fields: dict[str, Any], *, caller: Caller, notice: str = ""
) -> Subscription:
    """Set `label`, `url`, `kinds`, `topics`, `state`. Switched on again, or at another address, it
    is tried at once."""
    _check(caller, **{name: fields[name] for name in ("url", "kinds", "topics") if name in fields})
    if fields.get("topics") == [] and caller.topics is not None:
        raise Invalid("This token is limited to topics, so its subscriptions are.", field="topics")
    moved = fields.get("url", subscription.url) != subscription.url
    if "state" in fields:
        fields = {**fields, "notice": notice}
    if "state" in fields or moved:
        fields = {**fields, **_AFRESH}
    with transaction.atomic():
        Subscription.objects.filter(pk=subscription.pk).update(**fields)
        _record("subscription_changed", subscription, caller)
    subscription.refresh_from_db()
    return subscription


#: As if nothing had failed. Without a lease: whoever delivers now finds that it lost it.
_AFRESH: dict[str, Any] = {
    "failures": 0,
    "failing_since": None,
    "next_at": None,
    "last_error": "",
    "leased_by": "",
    "leased_until": None,
}


def redeliver(subscription: Subscription, after: int, *, caller: Caller) -> Subscription:
    """Everything after this feed number once more. Raises Invalid when that is not kept."""
    now = feed.position()
    if not now.first - 1 <= after <= now.last:
        raise Invalid(
            f"Changes are kept from {now.first} on, and {now.last} is the last one.", field="after"
        )
    with transaction.atomic():
        Subscription.objects.filter(pk=subscription.pk).update(
            number=after, epoch=now.epoch, **_AFRESH
        )
        _record("subscription_redelivered", subscription, caller, after=str(after))
    subscription.refresh_from_db()
    return subscription


def end(subscription: Subscription, *, caller: Caller) -> None:
    """Delete it. A delivery that is under way may still arrive."""
    with transaction.atomic():
        _record("subscription_deleted", subscription, caller)
        subscription.delete()


def stop(subscription: Subscription, notice: str) -> bool:
    """Switch it off, with a notice for its owner; whether it was. Not when another holds it now, or
    nobody: then its owner has mended it meanwhile.
    """
    held = Subscription.objects.filter(pk=subscription.pk, leased_by=subscription.leased_by)
    with transaction.atomic():
        stopped = held.update(
            state=State.STOPPED, notice=notice[:255], leased_by="", leased_until=None
        )
        if stopped:
            _record("subscription_stopped", subscription, None)
    return bool(stopped)


def _check(
    caller: Caller,
    *,
    url: str | None = None,
    kinds: Sequence[str] = (),
    topics: Sequence[int] = (),
) -> None:
    if url is not None:
        try:
            addresses.check(url)
        except addresses.NotAllowed as error:
            raise Invalid(str(error), field="url") from error
    if unknown := [one for one in kinds if one not in Change.Kind.values]:
        known = ", ".join(Change.Kind.values)
        raise Invalid(f"Unknown kind {unknown[0][:40]!r}. Known: {known}.", field="kinds")
    if topics and not policy.reaches_topics(caller, topics):
        raise Invalid("This token does not see all of these topics.", field="topics")


def _record(what: str, one: Subscription, caller: Caller | None, *, after: str = "") -> None:
    trail.record(what, caller=caller, object=f"subscription:{one.pk}", after=after)
