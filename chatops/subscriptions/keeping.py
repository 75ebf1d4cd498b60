"""Making, changing and ending subscriptions; whose they are, and whether they still may be."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from chatops.actions import trail
from chatops.actions.callers import Caller
from chatops.actions.errors import Invalid, NotFound, StateConflict
from chatops.actions.models import ApiToken
from chatops.mirror import feed
from chatops.mirror.models import Change
from chatops.subscriptions import addresses
from chatops.subscriptions.models import State, Subscription

PREFIX = "whs_"


def visible(caller: Caller) -> list[Subscription]:
    """The owner's own; for a token limited to topics, those that stay within them."""
    # The secret is read where it is used: one that cannot be decrypted must not hide the rest.
    mine = Subscription.objects.filter(owner=caller.user).defer("secret").order_by("id")
    return [one for one in mine if _covers(caller.topics, one.topics)]


def find(subscription_id: int, caller: Caller) -> Subscription:
    """One of them. Raises NotFound, also for somebody else's."""
    for one in visible(caller):
        if one.pk == subscription_id:
            return one
    raise NotFound(f"There is no subscription {subscription_id}.")


def _covers(limit: frozenset[int] | None, topics: Sequence[int]) -> bool:
    return limit is None or (bool(topics) and limit.issuperset(topics))


def is_still_allowed(subscription: Subscription) -> bool:
    """Whether its owner holds a living token that may follow the feed, for these topics.

    By owner and not by the token it was made with: a token is rotated, a subscription goes on.
    """
    held = ApiToken.objects.filter(
        owner_id=subscription.owner_id,
        owner__is_active=True,
        revoked_at=None,
        expires_at__gt=timezone.now(),
    )
    return any(
        "feed" in token.scopes
        and _covers(frozenset(token.topics) if token.topics else None, subscription.topics)
        for token in held
    )


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
    if not topics and caller.topics is not None:
        topics = sorted(caller.topics)
    secret = PREFIX + secrets.token_urlsafe(32)
    _check(caller, url=url, kinds=kinds, topics=topics)
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


def change(subscription: Subscription, fields: dict[str, Any], *, caller: Caller) -> Subscription:
    """Set `label`, `url`, `kinds`, `topics`, `state`. Switched on again, it is tried at once."""
    _check(caller, **{name: fields[name] for name in ("url", "kinds", "topics") if name in fields})
    if fields.get("topics") == [] and caller.topics is not None:
        raise Invalid("This token is limited to topics, so its subscriptions are.", field="topics")
    if "state" in fields:
        fields = {**fields, **_AFRESH, "notice": ""}
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


def stop(subscription: Subscription, notice: str) -> None:
    """Switch it off, with a notice for its owner."""
    with transaction.atomic():
        Subscription.objects.filter(pk=subscription.pk).update(
            state=State.STOPPED, notice=notice[:255], leased_by="", leased_until=None
        )
        _record("subscription_stopped", subscription, None)


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
    if topics and not _covers(caller.topics, topics):
        raise Invalid("This token does not see all of these topics.", field="topics")


def _record(what: str, one: Subscription, caller: Caller | None, *, after: str = "") -> None:
    trail.record(what, caller=caller, object=f"subscription:{one.pk}", after=after)
